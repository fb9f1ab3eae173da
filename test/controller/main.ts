// The example recovery controller; see README.md beside this file.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";
import { Ajv } from "ajv";
import { type Effect, Journal, JournalError } from "./journal.ts";
import { Progress } from "./progress.ts";
import { checkSignature } from "./signature.ts";

/** The schema's own bound. */
const BODY_BYTES_MAX = 1_048_576;
const SLOW_MS = 2_000;

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    host: { type: "string", default: "127.0.0.1" },
    "secret-file": { type: "string" },
    data: { type: "string", default: "." },
    api: { type: "string" },
    "token-file": { type: "string" },
    "work-ms": { type: "string", default: "200" },
    answer: { type: "string", default: "ok" },
  },
});

interface Body {
  readonly id: string;
  readonly kind: "fact" | "request";
  readonly incident: {
    readonly id: string;
    readonly class: string;
    readonly shadow: boolean;
    readonly node: { readonly id: string };
  };
  readonly transition: { readonly kind: string };
  readonly requestedAction: { readonly kind: string; readonly notAfter?: string };
}

const ajv = new Ajv({ strict: true });
// The pattern beside each "date-time" is stricter than the format.
ajv.addFormat("date-time", true);
const schemaFile = new URL("../../docs/schema/webhook-native-v1.json", import.meta.url);
const isBody = ajv.compile<Body>(JSON.parse(readFileSync(schemaFile, "utf8")) as object);

const secrets = readWord(options["secret-file"], "HERDBEAT_WEBHOOK_SECRET").split(/\s+/);
const journal = await Journal.open(options.data);
const progress =
  options.api === undefined
    ? null
    : new Progress(
        {
          api: options.api.replace(/\/+$/, ""),
          token: readWord(options["token-file"], "HERDBEAT_API_TOKEN"),
          workMs: Number(options["work-ms"]),
        },
        journal,
      );
let misbehaviour = options.answer;
let refused = 0;

const server = createServer((request, response) => {
  route(request, response).catch((error: unknown) => {
    console.log(`failed: ${String(error)}`);
    if (error instanceof JournalError) process.exit(1);
    answer(response, 500, { error: "internal" });
  });
});
server.listen(Number(options.port), options.host, () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listening on http://${options.host}:${port}/webhook`);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    progress?.stop();
    server.closeAllConnections();
    server.close(() => void journal.close());
  });
}

async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? "/", "http://controller").pathname;
  if (request.method === "GET" && path === "/health")
    return answer(response, 200, { status: "ok" });
  if (request.method === "GET" && path === "/effects") {
    const effects = [...journal.effects.values()];
    const repeats = effects.reduce((sum, effect) => sum + effect.repeats, 0);
    return answer(response, 200, { effects, repeats, refused });
  }
  const body = await readBody(request);
  if (body === null) return answer(response, 413, { error: "too large" });
  if (request.method === "PUT" && path === "/answer") {
    misbehaviour = body.trim();
    return answer(response, 200, { answer: misbehaviour });
  }
  if (request.method === "POST" && path === "/webhook") {
    if (misbehaviour === "slow") await new Promise((done) => setTimeout(done, SLOW_MS));
    else if (misbehaviour !== "ok" && misbehaviour !== "mute") return misbehave(response);
    return receive(request, response, body);
  }
  return answer(response, 404, { error: "not found" });
}

async function receive(
  request: IncomingMessage,
  response: ServerResponse,
  text: string,
): Promise<void> {
  const wrong = checkSignature(secrets, request.headers, text, Date.now() / 1_000);
  if (wrong !== null) return refuse(response, 401, wrong);
  const notice = parseNotice(text);
  if (notice !== null) {
    console.log(`notice: ${JSON.stringify(notice)}`);
    return answer(response, 202, {});
  }
  const body = parse(text);
  if (body === null) return refuse(response, 422, ajv.errorsText(isBody.errors));
  if (body.id !== request.headers["webhook-id"])
    return refuse(response, 422, "id is not webhook-id");
  const known = journal.effects.get(body.id);
  const { notAfter } = body.requestedAction;
  if (known === undefined && notAfter !== undefined && Date.parse(notAfter) < Date.now())
    return refuse(response, 412, "expired");
  const effect: Omit<Effect, "done" | "repeats"> = {
    id: body.id,
    incident: body.incident.id,
    class: body.incident.class,
    kind: body.incident.shadow ? "fact" : body.kind,
    transition: body.transition.kind,
    action: body.requestedAction.kind,
    node: body.incident.node.id,
    acceptedAt: new Date().toISOString(),
  };
  const isNew = await journal.accept(effect);
  if (isNew) {
    const asked = effect.kind === "request" ? `, asked to ${effect.action}` : "";
    console.log(
      `${effect.kind} ${effect.id}: ${effect.class} of ${effect.node} ${effect.transition}${asked}`,
    );
    const accepted = journal.effects.get(body.id);
    if (accepted !== undefined) progress?.add(accepted);
  } else {
    const repeats = journal.effects.get(body.id)?.repeats ?? 0;
    console.log(`repeat ${repeats} of ${body.id}: nothing to do`);
  }
  // The answer is lost on its way.
  if (misbehaviour === "mute") return;
  answer(response, isNew ? 202 : 208, { id: body.id });
}

function misbehave(response: ServerResponse): void {
  if (misbehaviour === "hang") return;
  if (misbehaviour === "redirect") {
    response.writeHead(307, { location: "/elsewhere" }).end();
    return;
  }
  if (misbehaviour === "endless") {
    response.writeHead(200);
    const timer = setInterval(() => response.write("x"), 10);
    response.on("close", () => clearInterval(timer));
    return;
  }
  const status = Number(misbehaviour);
  answer(response, Number.isInteger(status) && status >= 200 ? status : 500, { error: "as told" });
}

function refuse(response: ServerResponse, status: number, why: string): void {
  refused += 1;
  console.log(`refused with ${status}: ${why}`);
  answer(response, status, { error: why });
}

function answer(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_BYTES_MAX) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** What is wrong with Herdbeat itself: for people to read, nothing to recover. */
function parseNotice(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value = JSON.parse(text) as { readonly schema?: unknown; readonly notice?: unknown };
    const { schema, notice } = value;
    if (schema !== "herdbeat.notice/1" || typeof notice !== "object") return null;
    return notice as Readonly<Record<string, unknown>> | null;
  } catch {
    return null;
  }
}

function parse(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text);
    return isBody(value) ? value : null;
  } catch {
    return null;
  }
}

function readWord(file: string | undefined, variable: string): string {
  const text = file === undefined ? process.env[variable] : readFileSync(file, "utf8");
  if (text === undefined || text.trim() === "") {
    console.error(`no secret: give a file or set ${variable}`);
    process.exit(2);
  }
  return text.trim();
}
