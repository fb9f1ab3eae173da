// deadline: 120s

import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { HttpWebhook } from "@herdbeat/aggregator/adapters/webhook/http-webhook";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import { nativeBody, withNotAfter } from "@herdbeat/aggregator/core/webhook-body";
import type { SendOutcome } from "@herdbeat/aggregator/ports/webhook";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import {
  incidentIdOf,
  incidentOf,
  RECOVERY,
  rowOf,
  START,
  transitionOf,
} from "../../support/delivery-builders.ts";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";
import { nodeArguments } from "../../tools/run-tests.mjs";

const test = suite("example-controller");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const MAIN = new URL("../../controller/main.ts", import.meta.url).pathname;

interface Controller {
  readonly process: TrackedProcess;
  readonly url: string;
  effects(): Promise<{
    readonly effects: {
      readonly id: string;
      readonly kind: string;
      readonly repeats: number;
      readonly done: boolean;
    }[];
    readonly repeats: number;
    readonly refused: number;
  }>;
  send(row: OutboxRow, at?: number): Promise<SendOutcome>;
}

async function startController(data: string, ...more: string[]): Promise<Controller> {
  const args = [...nodeArguments(), MAIN, "--data", data, "--work-ms", "20", ...more];
  const env = { ...process.env, HERDBEAT_WEBHOOK_SECRET: SECRET, HERDBEAT_API_TOKEN: "token-1" };
  const running = startProcess(process.execPath, args, { env });
  const url = await eventually(() => /listening on (\S+)\/webhook/.exec(running.output())?.[1], {
    withinMs: 15_000,
    what: "the controller's address",
  });
  const webhook = new HttpWebhook(
    [
      {
        name: RECOVERY,
        url: `${url}/webhook`,
        secrets: [SECRET],
        deadline: durationMs(3_000),
        connectionsMax: 16,
        allowLoopback: true,
      },
    ],
    "0.1.0",
  );
  return {
    process: running,
    url,
    effects: async () => (await (await fetch(`${url}/effects`)).json()) as never,
    send: (row, at = Date.now()) => webhook.send(row, { number: 1, at: unixMs(at) }),
  };
}

async function withController(
  use: (controller: Controller, data: string) => Promise<void>,
  ...more: string[]
): Promise<void> {
  await withTempDir("controller", async (data) => {
    const controller = await startController(data, ...more);
    try {
      await use(controller, data);
    } finally {
      await controller.process.stop();
    }
  });
}

function messageOf(number: number, kind: "fact" | "request" = "fact"): OutboxRow {
  const incident = incidentOf({ id: incidentIdOf(number) });
  const body = nativeBody({
    incident,
    transition: transitionOf(),
    kind,
    cluster: "example",
    aggregator: "aggregator-1",
    node: null,
    httpEndpoint: "http://192.0.2.1:7340",
  });
  return rowOf({ incident: incident.id, kind, body });
}

function statusOf(outcome: SendOutcome): number | string {
  return outcome.kind === "answered" ? outcome.status : outcome.kind;
}

test("accepts a message once and knows its repeats", () =>
  withController(async (controller) => {
    const row = messageOf(1);
    const statuses: (number | string)[] = [];
    for (let time = 0; time < 3; time++) statuses.push(statusOf(await controller.send(row)));
    assert.equal(statuses, [202, 208, 208]);
    const { effects, repeats } = await controller.effects();
    assert.equal([effects.length, repeats], [1, 2]);
    const lines = controller.process.output().split("\n");
    assert.is(lines.filter((line) => line.startsWith(`fact ${row.webhookId}`)).length, 1);
  }));

test("accepts a message once although its repeats arrive at the same moment", () =>
  withController(async (controller) => {
    const rows = Array.from({ length: 32 }, () => messageOf(1));
    const statuses = (await Promise.all(rows.map((row) => controller.send(row)))).map(statusOf);
    assert.equal(statuses.filter((status) => status === 202).length, 1);
    assert.equal(statuses.filter((status) => status === 208).length, 31);
  }));

test("refuses what is not signed, old, not valid or expired", () =>
  withController(async (controller) => {
    const plain = await fetch(`${controller.url}/webhook`, { method: "POST", body: "{}" });
    assert.is(plain.status, 401);
    const row = messageOf(1);
    assert.is(statusOf(await controller.send(row, Date.now() - 400_000)), 401);
    assert.is(statusOf(await controller.send({ ...row, body: '{"schema":"other"}' })), 422);
    assert.is(statusOf(await controller.send({ ...row, webhookId: messageOf(2).webhookId })), 422);
    const request = messageOf(3, "request");
    const expired = withNotAfter(request.body, START, durationMs(1_000));
    assert.is(statusOf(await controller.send({ ...request, body: expired })), 412);
    const { effects, refused } = await controller.effects();
    assert.equal([effects.length, refused], [0, 5]);
  }));

test(
  "knows after kill -9 everything that it answered with 2xx",
  () =>
    withTempDir("controller", async (data) => {
      const acknowledged = new Set<string>();
      let next = 1;
      for (let life = 1; life <= 3; life++) {
        const controller = await startController(data);
        const known = new Set((await controller.effects()).effects.map((effect) => effect.id));
        for (const id of acknowledged) assert.ok(known.has(id), `${id} was forgotten`);
        let dead = false;
        const send = async (): Promise<void> => {
          while (!dead) {
            const row = messageOf(next++);
            const outcome = await controller.send(row);
            if (statusOf(outcome) === 202) acknowledged.add(row.webhookId);
            else if (outcome.kind !== "answered") return;
          }
        };
        const senders = Array.from({ length: 8 }, send);
        const enough = acknowledged.size + 40;
        await eventually(() => acknowledged.size >= enough, { withinMs: 10_000 });
        process.kill(controller.process.pid, "SIGKILL");
        await controller.process.ended;
        dead = true;
        await Promise.all(senders);
        // A crash of the machine can also leave half a line.
        appendFileSync(join(data, "effects.jsonl"), '{"event":"accep');
      }
      const controller = await startController(data);
      const { effects } = await controller.effects();
      const ids = effects.map((effect) => effect.id);
      assert.is(new Set(ids).size, ids.length);
      for (const id of acknowledged) assert.ok(ids.includes(id));
      assert.is(statusOf(await controller.send(messageOf(1))), 208);
      await controller.process.stop();
      const lines = readFileSync(join(data, "effects.jsonl"), "utf8").trimEnd().split("\n");
      for (const line of lines) JSON.parse(line);
    }),
  60_000,
);

interface Call {
  readonly method: string;
  readonly url: string;
  readonly key: string;
  readonly token: string;
  readonly body: Record<string, unknown>;
}

async function startApi(
  status: () => number,
): Promise<{ server: Server; url: string; calls: Call[] }> {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => {
      text += chunk.toString();
    });
    request.on("end", () => {
      const code = status();
      if (code < 300)
        calls.push({
          method: request.method ?? "",
          url: request.url ?? "",
          key: String(request.headers["idempotency-key"]),
          token: String(request.headers.authorization),
          body: JSON.parse(text) as Record<string, unknown>,
        });
      response.writeHead(code, { "content-type": "application/json" }).end('{"id":"action-7"}');
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

test("reports a note for a fact and progress for a request, and repeats what was not taken", async () => {
  let failures = 3;
  const api = await startApi(() => (failures-- > 0 ? 503 : 201));
  try {
    await withController(
      async (controller) => {
        const fact = messageOf(1);
        const request = messageOf(2, "request");
        const body = withNotAfter(request.body, unixMs(Date.now()), durationMs(30_000));
        assert.is(statusOf(await controller.send(fact)), 202);
        assert.is(statusOf(await controller.send({ ...request, body })), 202);
        await eventually(async () =>
          (await controller.effects()).effects.every((effect) => effect.done),
        );
        const of = (row: OutboxRow): unknown[] =>
          api.calls
            .filter((call) => call.url.includes(row.incident))
            .map((call) => [
              call.method,
              call.body["kind"],
              call.body["state"],
              call.body["progress"],
            ]);
        assert.equal(of(fact), [["POST", "note", "succeeded", null]]);
        assert.equal(of(request), [
          ["POST", "example-recovery", "running", 0],
          ["PATCH", undefined, "running", 50],
          ["PATCH", undefined, "succeeded", 100],
        ]);
        assert.ok(api.calls.every((call) => call.token === "Bearer token-1"));
        assert.ok(
          api.calls.some((call) => call.url.endsWith(`${request.incident}/actions/action-7`)),
        );
        assert.is(api.calls.find((call) => call.url.includes(fact.incident))?.key, fact.webhookId);
      },
      "--api",
      api.url,
    );
  } finally {
    api.server.closeAllConnections();
    api.server.close();
  }
});

for (const [mode, expected] of [
  ["500", 500],
  ["410", 410],
  ["redirect", 307],
  ["endless", 200],
  ["hang", "timed-out"],
  ["slow", 202],
] as const) {
  test(`misbehaves as told: ${mode}`, () =>
    withController(
      async (controller) => {
        assert.is(statusOf(await controller.send(messageOf(1))), expected);
        await fetch(`${controller.url}/answer`, { method: "PUT", body: "ok" });
        assert.is(statusOf(await controller.send(messageOf(2))), 202);
      },
      "--answer",
      mode,
    ));
}

test("does not start without a secret", async () => {
  const env = { ...process.env };
  delete env["HERDBEAT_WEBHOOK_SECRET"];
  const running = startProcess(
    process.execPath,
    [...nodeArguments(), MAIN, "--data", "/nonexistent"],
    { env },
  );
  assert.is((await running.ended).code, 2);
});

test("takes several secrets from a file", () =>
  withTempDir("secrets", async (path) => {
    const file = join(path, "secret");
    writeFileSync(file, `whsec_${"B".repeat(32)}\n${SECRET}\n`);
    await withController(
      async (controller) => {
        assert.is(statusOf(await controller.send(messageOf(1))), 202);
      },
      "--secret-file",
      file,
    );
  }));

test.run();
