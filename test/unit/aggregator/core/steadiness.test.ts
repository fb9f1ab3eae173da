import { LATE_WITHIN_MS, STEADY_AFTER_MS } from "@herdbeat/aggregator/core/steadiness";
import { LATE_BEYOND_MS, LateWatch } from "@herdbeat/aggregator/runtime/late-watch";
import { type Random, seededRandom } from "@herdbeat/shared/random";
import { durationMs, listeningMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, LIMITS, type NodeDriver, witnessedNode } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("steadiness");

const MINUTE = 60_000;

/** A cut of the path to us; our own questions go the same way, witnesses still reach it. */
function cut(node: NodeDriver, duration: number): void {
  node.kernel = "silent";
  node.run(duration);
  node.kernel = "answers";
  node.heartbeat();
}

function named(node: NodeDriver): readonly string[] {
  return node.lines.filter((line) => line.includes("host-degraded"));
}

/** A node that witnesses reach whatever happens to the path to us. */
function reachedNode(): NodeDriver {
  const node = witnessedNode(3);
  for (const one of node.witnesses) one.sees = "answers";
  node.lines.length = 0;
  node.shown.length = 0;
  return node;
}

test("a doubt that is over before anything could be decided is not shown", () => {
  const node = reachedNode();
  cut(node, 2_500);
  node.run(20 * MINUTE, true);
  assert.ok(node.lines.some((line) => line.endsWith("alive -> suspect")));
  assert.equal([node.shown, named(node)], [[], []]);
});

test("a doubt that was shown stays shown until the node was steady for ten minutes", () => {
  const node = reachedNode();
  const start = node.at;
  cut(node, 10_000);
  assert.equal(node.shown, [`${start + 3_000} alive -> agent-stalled`]);
  assert.is(node.state.health.state, "alive");
  const back = node.at;
  node.run(STEADY_AFTER_MS - 100, true);
  assert.is(node.shown.length, 1);
  assert.match(node.state.record.stateReason, /^heard again/);
  node.run(100, true);
  assert.equal(node.shown.slice(1), [`${back + STEADY_AFTER_MS} agent-stalled -> alive`]);
  assert.match(node.state.record.stateReason, /^steady again/);
  assert.is(node.state.steadiness, null);
});

test("an agent that says that it was stopped itself is shown alive at once", () => {
  const node = reachedNode();
  node.run(10_000);
  node.send({ kind: "heard", at: listeningMs(node.at), ownLagMs: 9_000 });
  assert.is(node.state.record.state, "alive");
  assert.is(node.state.steadiness, null);
});

test("the same, when it has to come back by a hello first", () => {
  const node = reachedNode();
  node.run(20_000);
  node.hello();
  assert.is(node.state.record.state, "agent-stalled");
  node.send({ kind: "heard", at: listeningMs(node.at), ownLagMs: 19_000 });
  assert.is(node.state.record.state, "alive");
});

test("a restarted agent is shown alive at once", () => {
  const node = reachedNode();
  node.kernel = "answers";
  node.close("peer-closed");
  node.run(5_000);
  assert.is(node.state.record.state, "agent-down");
  node.hello({ processId: "process-2" });
  assert.is(node.state.record.state, "alive");
});

test("two doubts within ten minutes are named, quietly and once, until it is steady", () => {
  const node = reachedNode();
  for (let i = 0; i < 5; i++) {
    cut(node, 2_500);
    node.run(60_000, true);
  }
  assert.equal(
    named(node).map((line) => line.replace(/^\d+ /, "")),
    ["host-degraded declared (quiet)"],
  );
  node.run(STEADY_AFTER_MS, true);
  assert.equal(
    named(node).map((line) => line.replace(/^\d+ /, "")),
    ["host-degraded declared (quiet)", "host-degraded cleared (quiet)"],
  );
  assert.equal(node.shown, []);
});

test("a node that wobbles writes nothing with each doubt", () => {
  const node = reachedNode();
  cut(node, 2_500);
  node.run(10_000, true);
  cut(node, 2_500);
  node.run(10_000, true);
  const { record, incidents } = node.state;
  for (let i = 0; i < 10; i++) {
    cut(node, 10_000);
    node.run(10_000, true);
  }
  const { lastSeenAt } = node.state.record;
  assert.equal(node.state.record, { ...record, lastSeenAt });
  assert.equal(node.state.incidents, incidents);
});

test("trouble of a wobbling node's agent that lasts is told, and so is that it is over", () => {
  const node = reachedNode();
  for (let i = 0; i < 2; i++) {
    cut(node, 2_500);
    node.run(10_000, true);
  }
  node.lines.length = 0;
  node.run(40_000);
  node.heartbeat();
  assert.equal(
    node.lines.map((line) => line.replace(/^\d+ /, "")).filter((line) => !line.includes("->")),
    ["agent-stalled declared", "agent-stalled cleared"],
  );
});

test("a wobbling node that really dies is declared when every other is", () => {
  const times = [0, 2].map((doubts) => {
    const node = reachedNode();
    for (let i = 0; i < doubts; i++) {
      cut(node, 2_500);
      node.run(10_000, true);
    }
    // Every heartbeat of `run` falls on a whole second.
    node.run(10_000 - (node.at % 10_000), true);
    for (const one of node.witnesses) one.sees = "silent";
    node.kernel = "silent";
    const died = node.at;
    node.run(10_000);
    assert.is(node.state.record.state, "declared");
    const open = node.state.incidents.map(({ failureClass }) => failureClass);
    assert.equal(open, ["host-down"]);
    return Number(node.shown.at(-1)?.split(" ")[0]) - died;
  });
  assert.equal(times, [2_000, 2_000]);
});

test("two late heartbeats within ten seconds are named, one is not", () => {
  const node = reachedNode();
  node.send({ kind: "late" });
  node.run(LATE_WITHIN_MS + 1_000, true);
  assert.is(node.state.steadiness, null);
  node.send({ kind: "late" });
  node.run(5_000, true);
  node.send({ kind: "late" });
  assert.match(named(node).join(), /^\d+ host-degraded declared \(quiet\)$/);
});

/** When each heartbeat arrives over TCP: repeated after 200 ms and then twice as long, in order. */
function arrivals(count: number, loss: number, random: Random): readonly number[] {
  let last = 0;
  return Array.from({ length: count }, (_, i) => {
    let at = (i + 1) * 1_000;
    for (let wait = 200; random.next() < loss && wait < 20_000; wait *= 2) at += wait;
    last = Math.max(last, at);
    return last;
  });
}

interface LossyLife {
  readonly changesPerTenMinutes: number;
  readonly namedAfter: number | null;
  readonly declared: number;
}

/** Half an hour on a path that loses that share of packets, each way. */
function lossyLife(loss: number, seed: number): LossyLife {
  const random = seededRandom(seed);
  const node = reachedNode();
  const start = node.at;
  const watch = new LateWatch();
  const due = arrivals(1_800, loss, random).map((at) => start + Math.ceil(at / 100) * 100);
  let heardAt = start;
  for (const at of due) {
    for (; node.at < at; ) {
      node.kernel = random.next() < (1 - loss) ** 2 ? "answers" : "silent";
      node.run(100);
    }
    const isLate = watch.isLate(listeningMs(at), at - heardAt, durationMs(1_000), 0);
    heardAt = at;
    node.send({ kind: "heard", at: listeningMs(at), ownLagMs: 0 });
    if (isLate) node.send({ kind: "late" });
  }
  const changes = node.shown.map((line) => Number(line.split(" ")[0]));
  const within = changes.map(
    (from) => changes.filter((at) => at >= from && at < from + STEADY_AFTER_MS).length,
  );
  const [first] = named(node);
  return {
    changesPerTenMinutes: Math.max(0, ...within),
    namedAfter: first === undefined ? null : Number(first.split(" ")[0]) - start,
    declared: node.lines.filter((line) => line.includes("host-down")).length,
  };
}

for (const loss of [0.01, 0.05, 0.1, 0.2, 0.4]) {
  test(`at ${100 * loss} % loss nobody is declared, and a state changes once in ten minutes at most`, () => {
    const lives = Array.from({ length: 6 }, (_, seed) => lossyLife(loss, seed + 1));
    assert.is(Math.max(...lives.map(({ declared }) => declared)), 0);
    assert.ok(
      Math.max(...lives.map(({ changesPerTenMinutes }) => changesPerTenMinutes)) <= 1,
      JSON.stringify(lives),
    );
  });
}

test("a path that loses two packets of five is named within ten seconds, mostly", () => {
  const times = Array.from({ length: 25 }, (_, seed) => lossyLife(0.4, seed + 100).namedAfter);
  const soon = times.filter((one) => one !== null && one <= 10_000);
  assert.ok(soon.length >= 20, times.join());
  assert.not.ok(times.includes(null));
});

test("breaks of twenty seconds every twenty seconds change the state once", () => {
  const node = reachedNode();
  for (let i = 0; i < 45; i++) {
    cut(node, 20_000);
    node.run(20_000, true);
  }
  assert.is(node.shown.length, 1);
  assert.not.ok(node.lines.some((line) => line.includes("host-down")));
});

test("a heartbeat is late beyond its interval and its agent's own lateness", () => {
  const late = (gap: number, ownLag: number): boolean =>
    new LateWatch().isLate(listeningMs(5_000), gap, durationMs(1_000), ownLag);
  assert.equal(
    [
      late(1_000 + LATE_BEYOND_MS, 0),
      late(1_000 + LATE_BEYOND_MS - 1, 0),
      late(1_400, 300),
      late(1_500, 300),
    ],
    [true, false, false, true],
  );
});

test("when most heartbeats are late it is we who are", () => {
  const watch = new LateWatch();
  const round = (at: number, late: number): number =>
    Array.from({ length: 20 }, (_, i) =>
      watch.isLate(listeningMs(at + i), i < late ? 1_300 : 1_000, durationMs(1_000), 0),
    ).filter(Boolean).length;
  assert.equal(
    [round(1_000, 4), round(2_000, 15), round(3_000, 15), round(4_000, 4), round(5_000, 4)],
    [4, 15, 0, 0, 4],
  );
});

test("what is named does not outlive a reboot", () => {
  const node = aliveNode();
  for (let i = 0; i < 2; i++) node.send({ kind: "late" });
  assert.is(node.state.steadiness?.isUnsteady, true);
  node.hello({ bootId: "boot-2", processId: "process-2" });
  assert.is(node.state.steadiness, null);
  assert.not.ok(node.state.incidents.some(({ origin }) => origin === "path"));
});

test("limits of this page hold against the detector's", () => {
  assert.ok(LIMITS.agentPageAfter < STEADY_AFTER_MS && LATE_WITHIN_MS < STEADY_AFTER_MS);
});

test.run();
