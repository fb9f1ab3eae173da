/**
 * The product's own processes on loopback: a private Redis, aggregators, the example controller,
 * agents and simulated fleets. Used by integration tests, benches and `npm start`. Everything lives
 * in one folder and ends with `stop`.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateToken } from "@herdbeat/aggregator/adapters/http/tokens";
import type { ManagedRedis } from "@herdbeat/aggregator/adapters/managed-redis/managed-redis";
import {
  createThrowAwayCa,
  type ThrowAwayCa,
  writeIdentity,
} from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import type { AggregatorId, NodeId } from "@herdbeat/shared/ids";
import { systemClock } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { eventually } from "./eventually.ts";
import { freePort } from "./free-port.ts";
import { startPrivateRedis } from "./private-redis.ts";
import { startProcess, type TrackedProcess } from "./processes.ts";
import { replayDisagreement } from "./replay-check.ts";

const LOOPBACK = "127.0.0.1";
const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Where the product runs from: its sources through tsx, or what `tsc -b` built. */
export type RunFrom = "source" | "build";

export interface StackOptions {
  readonly dir: string;
  readonly aggregators: number;
  readonly runFrom?: RunFrom;
  /** More keys for every aggregator's file, as YAML text. */
  readonly extraConfig?: string;
  /** TLS with a throw-away authority, as in production; otherwise insecure. */
  readonly secure?: boolean;
  /** Where the aggregators listen and are found. @default 127.0.0.1 */
  readonly host?: string;
  /** Fixed port of the first aggregator's HTTP; any free one by default. */
  readonly httpPort?: number;
  /** Command that every aggregator is started through, e.g. `["taskset", "-c", "0"]`. */
  readonly prefix?: readonly string[];
  /** `store:` of every aggregator, as one line of YAML. @default a private server of the stack's own */
  readonly store?: string;
  /** Null: no receiver. */
  readonly controller?: readonly string[] | null;
  readonly progress?: (what: string) => void;
}

export interface AggregatorProcess {
  readonly id: string;
  readonly process: TrackedProcess;
  readonly http: string;
  readonly stream: string;
}

export class Stack {
  readonly dir: string;
  readonly token: string;
  readonly aggregators: AggregatorProcess[] = [];
  readonly others: TrackedProcess[] = [];
  redis: ManagedRedis | null = null;
  controllerUrl = "";
  controller: TrackedProcess | null = null;
  readonly #options: StackOptions;
  #httpPort = 0;
  #ca: ThrowAwayCa | null = null;
  readonly #secret = `whsec_${Buffer.from(systemRandom.hex(24), "hex").toString("base64")}`;

  constructor(options: StackOptions) {
    this.#options = options;
    this.dir = options.dir;
    mkdirSync(this.dir, { recursive: true, mode: 0o700 });
    const { token, line } = generateToken("stack", "admin");
    this.token = token;
    writeFileSync(join(this.dir, "tokens"), `${line}\n`, { mode: 0o600 });
    writeFileSync(join(this.dir, "token"), `${token}\n`, { mode: 0o600 });
    writeFileSync(join(this.dir, "secret"), `${this.#secret}\n`, { mode: 0o600 });
  }

  /** Arguments that run one of the product's entries. */
  command(entry: "aggregator" | "agent" | "herdctl" | "fleet" | "controller"): readonly string[] {
    const built = this.#options.runFrom === "build";
    const source = (path: string): readonly string[] => {
      return [process.execPath, "--import", "tsx", "--conditions=source", join(ROOT, path)];
    };
    const run = (path: string, dist: string): readonly string[] =>
      built ? [process.execPath, join(ROOT, dist)] : source(path);
    switch (entry) {
      case "aggregator":
        return run("aggregator/src/main.ts", "aggregator/dist/main.js");
      case "agent":
        return built
          ? ["env", `HERDBEAT_NODE=${process.execPath}`, join(ROOT, "agent/bin/herdbeat-agent")]
          : run("agent/src/main.ts", "agent/dist/main.js");
      case "herdctl":
        return run("aggregator/src/cli/main.ts", "aggregator/dist/cli/main.js");
      case "fleet":
        return source("test/fleet/main.ts");
      case "controller":
        return source("test/controller/main.ts");
    }
  }

  async start(): Promise<void> {
    const progress = this.#options.progress ?? (() => {});
    if (this.#options.store === undefined) {
      progress("starting a private Redis");
      this.redis = await startPrivateRedis(join(this.dir, "redis"));
    }
    this.#httpPort = this.#options.httpPort ?? (await freePort());
    if (this.#options.secure === true) {
      progress("making a throw-away certificate authority");
      this.#ca = await createThrowAwayCa(this.tlsDir, systemClock);
    }
    if (this.#options.controller !== null) await this.startController();
    for (let i = 1; i <= this.#options.aggregators; i++) {
      progress(`starting aggregator ${i} of ${this.#options.aggregators}`);
      // The controller reports to the first one, so its port is chosen before either starts.
      await this.startAggregator(`agg-${i}`, { stream: 0, http: i === 1 ? this.#httpPort : 0 });
    }
  }

  async startController(): Promise<void> {
    const port = this.controllerUrl === "" ? "0" : new URL(this.controllerUrl).port;
    mkdirSync(join(this.dir, "controller"), { recursive: true });
    const [command = "", ...args] = [
      ...this.command("controller"),
      "--port",
      port,
      "--secret-file",
      join(this.dir, "secret"),
      "--token-file",
      join(this.dir, "token"),
      "--api",
      `http://${this.#host}:${this.#httpPort}`,
      "--data",
      join(this.dir, "controller"),
      ...(this.#options.controller ?? []),
    ];
    const child = startProcess(command, args, { cwd: ROOT });
    this.controller = child;
    this.controllerUrl = await eventually(
      () => /(?<url>http:\/\/127\.0\.0\.1:\d+)/.exec(child.output())?.groups?.["url"] ?? null,
      { withinMs: 20_000, what: `the controller's address in: ${child.output()}` },
    );
  }

  async startAggregator(
    id: string,
    ports?: { readonly stream: number; readonly http: number },
  ): Promise<AggregatorProcess> {
    const file = join(this.dir, `${id}.yaml`);
    if (this.#ca !== null) {
      const names = new Set(["localhost", LOOPBACK, this.#host]);
      const identity = await this.#ca.issueAggregator(id as AggregatorId, [...names]);
      writeIdentity(this.tlsDir, id, identity);
    }
    writeFileSync(file, this.#config(id, ports ?? { stream: 0, http: 0 }));
    const [command, ...args] = [
      ...(this.#options.prefix ?? []),
      ...this.command("aggregator"),
      "--config",
      file,
    ];
    const child = startProcess(command, args, { cwd: ROOT });
    const ready = await eventually(() => readyLine(child), {
      withinMs: 60_000,
      what: `aggregator ${id} to be ready`,
    }).catch(async (error: unknown) => {
      await child.stop();
      throw new Error(`${id} did not start:\n${child.output()}`, { cause: error });
    });
    const one = { id, process: child, http: ready.http, stream: ready.stream };
    const former = this.aggregators.findIndex((known) => known.id === id);
    if (former >= 0) this.aggregators[former] = one;
    else this.aggregators.push(one);
    return one;
  }

  /** The same name and ports again, as an init system would. */
  async restartAggregator(id: string): Promise<AggregatorProcess> {
    const former = this.aggregator(id);
    return this.startAggregator(id, {
      stream: Number(new URL(former.stream).port),
      http: Number(new URL(former.http).port),
    });
  }

  aggregator(id: string): AggregatorProcess {
    const found = this.aggregators.find((one) => one.id === id);
    if (found === undefined) throw new Error(`no aggregator ${id}`);
    return found;
  }

  #config(id: string, ports: { readonly stream: number; readonly http: number }): string {
    const { socketPath = "", password = "" } = this.redis ?? {};
    const store =
      this.#options.store ?? `{ mode: external, socket: "${socketPath}", password: "${password}" }`;
    const destination =
      this.controllerUrl === ""
        ? "destinations: {}"
        : `destinations:
  controller:
    url: ${this.controllerUrl}/webhook
    secrets: [ "${this.#secret}" ]
    allowLoopback: true`;
    return `aggregator: { id: ${id}, dataDir: ${join(this.dir, id)} }
${this.#tls(id)}
listen:
  stream: { host: ${this.#host}, port: ${ports.stream} }
  http: { host: ${this.#host}, port: ${ports.http} }
  advertise: ${this.#host}
store: ${store}
api: { tokens: ${join(this.dir, "tokens")} }
${destination}
${this.#options.extraConfig ?? ""}
`;
  }

  get #host(): string {
    return this.#options.host ?? LOOPBACK;
  }

  get tlsDir(): string {
    return join(this.dir, "tls");
  }

  #tls(name: string): string {
    if (this.#ca === null) return "insecure: true";
    const file = (suffix: string): string => join(this.tlsDir, suffix);
    return `tls: { ca: ${file("ca.crt")}, cert: ${file(`${name}.crt`)}, key: ${file(`${name}.key`)} }`;
  }

  get streams(): readonly string[] {
    return this.aggregators.map((one) => one.stream);
  }

  startFleet(options: readonly string[], prefix: readonly string[] = []): TrackedProcess {
    const [command = "", ...args] = [
      ...prefix,
      ...this.command("fleet"),
      "--endpoint",
      this.streams.join(","),
      ...(this.#ca === null ? [] : ["--tls-dir", this.tlsDir]),
      ...options,
    ];
    const child = startProcess(command, args, { cwd: ROOT, withInput: true });
    this.others.push(child);
    return child;
  }

  async startAgent(
    id: string,
    extraConfig = "",
    prefix: readonly string[] = [],
  ): Promise<TrackedProcess> {
    if (this.#ca !== null) {
      writeIdentity(this.tlsDir, `node-${id}`, await this.#ca.issueNode(id as NodeId));
    }
    const file = join(this.dir, `agent-${id}.yaml`);
    writeFileSync(
      file,
      `node: { id: ${id} }
aggregators: [ ${this.streams.map((one) => `"${one}"`).join(", ")} ]
${this.#tls(`node-${id}`)}
stateDir: ${join(this.dir, `agent-${id}`)}
${/^witness:/m.test(extraConfig) ? "" : "witness: { port: 0 }"}
${extraConfig}
`,
    );
    const [command, ...args] = [...prefix, ...this.command("agent"), "--config", file];
    const child = startProcess(command, args, { cwd: ROOT });
    this.others.push(child);
    return child;
  }

  /** GET of any living aggregator; throws on anything but 2xx. */
  async get<T>(path: string, from?: AggregatorProcess): Promise<T> {
    const one = from ?? this.#living();
    const response = await fetch(`${one.http}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
      signal: AbortSignal.timeout(5_000),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }

  #living(): AggregatorProcess {
    const living = this.aggregators.find(
      (one) => one.process.child.exitCode === null && one.process.child.signalCode === null,
    );
    if (living === undefined) throw new Error("no aggregator runs");
    return living;
  }

  async node(id: string): Promise<NodeFacts> {
    return this.get<NodeFacts>(`/api/v1/nodes/${id}`);
  }

  async nodes(): Promise<readonly NodeFacts[]> {
    return (await this.get<{ readonly items: readonly NodeFacts[] }>("/api/v1/nodes?limit=1000"))
      .items;
  }

  async incidents(): Promise<readonly IncidentFacts[]> {
    type Incidents = { readonly items: readonly IncidentFacts[] };
    return (await this.get<Incidents>("/api/v1/incidents?limit=1000")).items;
  }

  /** What the controller took effect on, once per webhook-id. */
  async effects(): Promise<Effects> {
    const response = await fetch(`${this.controllerUrl}/effects`, {
      signal: AbortSignal.timeout(5_000),
    });
    return (await response.json()) as Effects;
  }

  /** The last lines of every process, for the message of a failure. */
  logs(): string {
    return this.aggregators
      .map((one) => `--- ${one.id}\n${one.process.output().split("\n").slice(-30).join("\n")}`)
      .join("\n");
  }

  /** Also proves that every decision of the run can be run again; what differs is thrown at the end. */
  async stop(): Promise<void> {
    const disagreement = await replayDisagreement((path) => this.get(path));
    await Promise.all(this.others.map((one) => one.stop()));
    await Promise.all(this.aggregators.map((one) => one.process.stop(10_000)));
    await this.controller?.stop();
    await this.redis?.stop();
    if (disagreement !== null) throw disagreement;
  }
}

export interface NodeFacts {
  readonly id: string;
  readonly state: string;
  readonly stateReason: string;
  readonly connected: boolean | null;
  readonly owner: string | null;
  readonly openIncidents: readonly string[];
  readonly conditions?: readonly {
    readonly class: string;
    readonly status: string;
    readonly subject: string;
  }[];
}

export interface IncidentFacts {
  readonly id: string;
  readonly node: string | { readonly id: string };
  readonly class: string;
  readonly phase: string;
}

export interface Effects {
  readonly effects: readonly {
    readonly id: string;
    readonly [key: string]: unknown;
  }[];
  readonly repeats?: number;
  readonly refused?: number;
}

function readyLine(
  child: TrackedProcess,
): { readonly http: string; readonly stream: string } | null {
  if (child.child.exitCode !== null) throw new Error("it ended");
  for (const line of child.output().split("\n")) {
    if (!line.includes('"msg":"ready"')) continue;
    return JSON.parse(line.replace(/^<\d>/, "")) as { http: string; stream: string };
  }
  return null;
}

export async function startStack(options: StackOptions): Promise<Stack> {
  const stack = new Stack(options);
  try {
    await stack.start();
  } catch (error) {
    await stack.stop();
    throw error;
  }
  return stack;
}

/** Text of a file under the stack's folder. */
export function readFrom(stack: Stack, name: string): string {
  return readFileSync(join(stack.dir, name), "utf8");
}
