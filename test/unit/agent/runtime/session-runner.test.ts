// What goes through the runner to the witness and back.
import { ConditionTable } from "@herdbeat/agent/core/condition-table";
import type {
  AgentMessage,
  HelloMessage,
  WitnessReportMessage,
} from "@herdbeat/agent/core/messages";
import { OwnLag } from "@herdbeat/agent/core/own-lag";
import { Session } from "@herdbeat/agent/core/session";
import type { TransportListener } from "@herdbeat/agent/ports/transport";
import { SessionRunner } from "@herdbeat/agent/runtime/session-runner";
import type { Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { seededRandom } from "@herdbeat/shared/random";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("session-runner");

const REPORT: WitnessReportMessage = {
  kind: "witness-report",
  requestId: 5,
  nodeId: "n2",
  observations: [],
};

function setup(isWitness = true) {
  const time = new VirtualTime(unixMs(0));
  const sent: AgentMessage["kind"][] = [];
  const looks: number[] = [];
  let finish = (_report: WitnessReportMessage | null): void => {};
  let listener: TransportListener | null = null;
  const session = new Session(
    {
      endpoints: ["ws://a:1"],
      backoff: { initial: durationMs(500), factor: 1.6, max: durationMs(30_000) },
      quickRetry: { min: durationMs(100), max: durationMs(300) },
      versionMin: 1,
      versionMax: 1,
      heartbeatInterval: durationMs(1_000),
      connectTimeout: durationMs(5_000),
      greetingTimeout: durationMs(5_000),
      persistTimeout: durationMs(1_000),
      ackSilence: durationMs(15_000),
      wholeListInterval: durationMs(60_000),
      stableAfter: durationMs(60_000),
      drainTimeout: durationMs(700),
      spoolEventsMax: 8,
      resendAfter: durationMs(30_000),
      canSendWholeList: () => true,
    },
    seededRandom(1),
    time.clock.now(),
  );
  const runner = new SessionRunner({
    session,
    transport: {
      connect: (_endpoint, given) => {
        listener = given;
      },
      send: ({ kind }) => sent.push(kind) > 0,
      close: () => {},
    },
    table: new ConditionTable({ nextTransition: () => 1, expected: [] }),
    ownLag: new OwnLag(),
    clock: time.clock,
    timers: time.timers,
    logger: silentLogger,
    metrics: silentMetrics,
    hello: () => ({ kind: "hello" }) as HelloMessage,
    persist: () => Promise.resolve(),
    lastTransition: () => 0,
    raiseTransitions: () => {},
    onEstablished: () => {},
    evaluatedAt: () => time.clock.now(),
    witness: isWitness
      ? {
          look: ({ requestId }) => {
            looks.push(requestId);
            return new Promise((resolve) => {
              finish = resolve;
            });
          },
        }
      : null,
  });
  const world = {
    time,
    looks,
    reports: () => sent.filter((kind) => kind === "witness-report").length,
    finish: (report: WitnessReportMessage | null) => finish(report),
    listener: () => listener,
    async establish() {
      listener = null;
      await time.advance(1_000);
      assert.is(session.phase, "connecting");
      world.listener()?.onOpen();
      world.listener()?.onMessage({
        kind: "welcome",
        version: 1,
        aggregatorId: "a",
        aggregatorVersion: "0",
        clusterId: "c",
        nodeId: "n1" as NodeId,
        incarnation: 1 as Incarnation,
        sessionEpoch: 1 as SessionEpoch,
        heartbeatInterval: durationMs(1_000),
        frameBytesMax: 65_536,
        framesPerSecondMax: 20,
        acknowledgedTransition: 0,
      });
      await time.advance(1);
      assert.is(session.phase, "established");
    },
    ask: () =>
      world.listener()?.onMessage({
        kind: "witness-request",
        requestId: 5,
        nodeId: "n2",
        probes: [],
        timeout: durationMs(400),
      }),
  };
  void runner.start();
  return world;
}

test("hands a request to the witness and its report to the aggregator", async () => {
  const world = setup();
  await world.establish();
  world.ask();
  assert.equal([world.looks, world.reports()], [[5], 0]);
  world.finish(REPORT);
  await world.time.advance(0);
  assert.is(world.reports(), 1);
});

test("sends nothing when the witness says nothing", async () => {
  const world = setup();
  await world.establish();
  world.ask();
  world.finish(null);
  await world.time.advance(0);
  assert.is(world.reports(), 0);
});

test("sends no report when the stream is gone, nor over the next one", async () => {
  const world = setup();
  await world.establish();
  world.ask();
  const finishFirst = world.finish;
  world.listener()?.onClosed("cut");
  finishFirst(REPORT);
  await world.time.advance(0);
  assert.is(world.reports(), 0);

  await world.establish();
  world.ask();
  world.listener()?.onClosed("cut");
  await world.establish();
  world.finish(REPORT);
  await world.time.advance(0);
  assert.is(world.reports(), 0);
});

test("looks at nobody before the welcome, or where it is no witness", async () => {
  const early = setup();
  await early.time.advance(1_000);
  early.listener()?.onOpen();
  early.ask();
  assert.equal(early.looks, []);

  const none = setup(false);
  await none.establish();
  none.ask();
  assert.equal([none.looks, none.reports()], [[], 0]);
});

test.run();
