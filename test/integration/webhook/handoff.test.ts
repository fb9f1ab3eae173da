// deadline: 120s
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HttpWebhook } from "@herdbeat/aggregator/adapters/webhook/http-webhook";
import { DELIVERY_DEFAULTS } from "@herdbeat/aggregator/core/delivery";
import type { OutboxRow } from "@herdbeat/aggregator/core/outbox";
import { nativeBody } from "@herdbeat/aggregator/core/webhook-body";
import type { Ownership } from "@herdbeat/aggregator/ports/shard-store";
import { DeliveryReconciler } from "@herdbeat/aggregator/runtime/delivery-reconciler";
import type { OutboxSource } from "@herdbeat/aggregator/runtime/outbox-source";
import { type AggregatorId, type FencingToken, shardOf } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { seededRandom } from "@herdbeat/shared/random";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import {
  incidentIdOf,
  incidentOf,
  NODE,
  RECOVERY,
  rowOf,
  transitionOf,
} from "../../support/delivery-builders.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { MemoryDatabase } from "../../support/memory-database.ts";
import { MemoryShardStore } from "../../support/memory-shard-store.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";
import { answerWith, startReceiver } from "../../support/webhook-receiver.ts";
import { nodeArguments } from "../../tools/run-tests.mjs";

const test = suite("handoff");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

interface Handoff {
  readonly rows: Map<string, OutboxRow>;
  add(row: OutboxRow): void;
  stop(): Promise<void>;
}

/** The real sender and the real clock over a store in memory. */
async function startHandoff(url: string): Promise<Handoff> {
  const database = new MemoryDatabase();
  const shard = shardOf(NODE);
  const owner = { aggregator: "a1" as AggregatorId, token: 7 as FencingToken };
  const ownership: Ownership = { shard, ...owner, generationId: "g1" };
  database.shard(shard).owner = owner;
  database.shard(shard).generation = { id: "g1", version: 0 };
  const rows = new Map<string, OutboxRow>();
  const source: OutboxSource = {
    owned: () => [ownership],
    rows: () => rows.values(),
    rowChanged: (_ownership, rowId, row) => {
      if (row === null) rows.delete(rowId);
      else rows.set(rowId, row);
    },
    rowLost: (_ownership, rowId) => void rows.delete(rowId),
    refused: () => {},
    recheck: () => ({ kind: "send", validFor: durationMs(30_000) }),
  };
  const sender = new HttpWebhook(
    [
      {
        name: RECOVERY,
        url,
        secrets: [SECRET],
        deadline: durationMs(2_000),
        connectionsMax: DELIVERY_DEFAULTS.concurrencyMax,
        allowLoopback: true,
      },
    ],
    "0.1.0",
  );
  const reconciler = new DeliveryReconciler({
    source,
    store: new MemoryShardStore(database),
    sender,
    clock: systemClock,
    timers: systemTimers,
    random: seededRandom(1),
    logger: silentLogger,
    metrics: silentMetrics,
    config: DELIVERY_DEFAULTS,
    alert: () => {},
  });
  await reconciler.start();
  return {
    rows,
    add: (row) => {
      database.shard(shard).outbox.set(row.rowId, row);
      rows.set(row.rowId, row);
      reconciler.kick();
    },
    stop: async () => {
      await reconciler.stop();
      await sender.close();
    },
  };
}

function factOf(number: number, transition = 1): OutboxRow {
  const incident = incidentOf({ id: incidentIdOf(number) });
  const body = nativeBody({
    incident,
    transition: transitionOf({ number: transition }),
    kind: "fact",
    cluster: "example",
    aggregator: "a1",
    node: null,
    httpEndpoint: "http://192.0.2.1:7340",
  });
  return rowOf({ incident: incident.id, transition, body });
}

test("brings a durable transition to the receiver within milliseconds", async () => {
  const receiver = await startReceiver();
  const handoff = await startHandoff(receiver.url);
  const latencies: number[] = [];
  for (let number = 0; number < 300; number++) {
    const started = performance.now();
    const arrived = new Promise<void>((resolve) => {
      receiver.answer((received, socket) => {
        latencies.push(performance.now() - started);
        answerWith(204)(received, socket);
        resolve();
      });
    });
    handoff.add(factOf(number));
    await arrived;
  }
  await eventually(() => handoff.rows.size === 0);
  await handoff.stop();
  await receiver.stop();
  latencies.sort((a, b) => a - b);
  const [p50 = 0, p99 = 0] = [latencies[149], latencies[296]];
  console.log(`durable to receiver: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
  assert.ok(p99 < 100, `p99 ${p99} ms`);
});

test("drains what piled up while the receiver was down, in order", async () => {
  const port = await freePort();
  const handoff = await startHandoff(`http://127.0.0.1:${port}/webhook`);
  const COUNT = 1_000;
  for (let number = 0; number < COUNT; number++)
    for (const transition of [2, 1]) handoff.add(factOf(number, transition));
  await new Promise((done) => setTimeout(done, 1_500));
  await withTempDir("handoff", async (data) => {
    const controller = await startController(port, data);
    const started = performance.now();
    await eventually(() => handoff.rows.size === 0, { withinMs: 60_000, what: "an empty outbox" });
    const seconds = (performance.now() - started) / 1_000;
    console.log(`drained ${2 * COUNT} rows in ${seconds.toFixed(1)} s after the receiver's return`);
    await handoff.stop();
    await controller.stop();
    const ids = effectsIn(data);
    assert.is(ids.length, 2 * COUNT);
    assert.is(new Set(ids).size, 2 * COUNT);
    const seen = new Map<string, number>();
    for (const id of ids) {
      const [incident = "", transition = ""] = id.split(".");
      assert.ok(Number(transition) > (seen.get(incident) ?? 0), `${id} came out of order`);
      seen.set(incident, Number(transition));
    }
  });
}, 90_000);

test("has every effect once although the receiver is killed again and again", async () => {
  const port = await freePort();
  const handoff = await startHandoff(`http://127.0.0.1:${port}/webhook`);
  const COUNT = 400;
  await withTempDir("handoff", async (data) => {
    for (let number = 0; number < COUNT; number++) handoff.add(factOf(number));
    for (let life = 1; life <= 3; life++) {
      const controller = await startController(port, data);
      const wanted = Math.max(1, handoff.rows.size - 60);
      await eventually(() => handoff.rows.size <= wanted, { withinMs: 40_000 });
      process.kill(controller.pid, "SIGKILL");
      await controller.ended;
    }
    const controller = await startController(port, data);
    await eventually(() => handoff.rows.size === 0, { withinMs: 45_000 });
    await handoff.stop();
    await controller.stop();
    const ids = effectsIn(data);
    assert.equal([ids.length, new Set(ids).size], [COUNT, COUNT]);
  });
}, 100_000);

async function startController(port: number, data: string): Promise<TrackedProcess> {
  const main = new URL("../../controller/main.ts", import.meta.url).pathname;
  const args = [...nodeArguments(), main, "--data", data, "--port", String(port)];
  const env = { ...process.env, HERDBEAT_WEBHOOK_SECRET: SECRET };
  const controller = startProcess(process.execPath, args, { env });
  await eventually(() => controller.output().includes("listening on"), { withinMs: 15_000 });
  return controller;
}

function effectsIn(data: string): string[] {
  return readFileSync(join(data, "effects.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.endsWith("}"))
    .map((line) => JSON.parse(line) as { event: string; id: string })
    .filter((line) => line.event === "accepted")
    .map((line) => line.id);
}

test.run();
