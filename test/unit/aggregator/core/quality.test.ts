import type { NodeState } from "@herdbeat/aggregator/core/node-state";
import {
  emptyTally,
  endingOf,
  figuresOf,
  inPeriod,
  outputOf,
  predictDetection,
  QUALITY_PERIOD_MS,
  SAMPLES_KEPT_MAX,
  silenceDeclaredAfter,
  storedQuality,
  sumOfTallies,
  withDeath,
  withMistake,
} from "@herdbeat/aggregator/core/quality";
import { parseRecord } from "@herdbeat/aggregator/core/record-shapes";
import { durationMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode, LIMITS, type NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("quality of the detector");
const NOW = unixMs(1_800_000_000_000);

/** What changed a node in one go. */
function change(node: NodeDriver, act: () => void): readonly [NodeState, NodeState] {
  const before = node.state;
  act();
  return [before, node.state];
}

test("a suspicion that a heartbeat refutes is a mistake", () => {
  const node = aliveNode();
  node.kernel = "stalls";
  node.run(1_700);
  assert.is(outputOf(node.state), "suspected");
  assert.is(endingOf(...change(node, () => node.heartbeat())), "mistake");
  assert.is(outputOf(node.state), "trusted");
});

test("so is one that the kernel refutes: the host lives", () => {
  const node = aliveNode();
  node.kernel = "stalls";
  node.run(1_700);
  const answer = { kind: "probed", outcome: "answered", detail: "reset" } as const;
  const both = change(node, () => node.send({ ...answer, askedAt: listeningMs(node.at) }));
  assert.is(node.state.health.state, "agent-stalled");
  assert.is(endingOf(...both), "mistake");
});

test("a declaration that the same boot refutes is a mistake, another boot proves a death", () => {
  for (const [bootId, ending] of [
    ["boot-1", "mistake"],
    ["boot-2", "death"],
  ] as const) {
    const node = aliveNode();
    node.kernel = "silent";
    node.run(5_000);
    assert.is(outputOf(node.state), "declared");
    assert.is(silenceDeclaredAfter(node.state), LIMITS.declareAfter);
    assert.is(endingOf(...change(node, () => node.hello({ bootId }))), ending);
  }
});

test("another boot of a node that was only suspected decides nothing", () => {
  const node = aliveNode();
  node.kernel = "stalls";
  node.run(1_700);
  assert.is(endingOf(...change(node, () => node.hello({ bootId: "boot-2" }))), "undecided");
});

test("a stream that the peer's kernel closed is no mistake", () => {
  const node = aliveNode();
  node.kernel = "stalls";
  assert.is(endingOf(...change(node, () => node.close("peer-closed"))), null);
  assert.is(outputOf(node.state), "excused");
});

test("figures with their bounds, of nothing too", () => {
  const nothing = figuresOf(emptyTally(NOW));
  assert.equal(nothing.suspicion.perNodeHour, { value: null, low: null, high: null });
  assert.is(nothing.deaths.maxMs, null);
  const tally = {
    ...emptyTally(NOW),
    observedMs: 1_000 * 3_600_000,
    suspicions: withMistake(withMistake(emptyTally(NOW).suspicions, 1_000), 2_600),
  };
  const { suspicion, declaration } = figuresOf(tally);
  assert.is(suspicion.mistakes, 2);
  assert.is(suspicion.perNodeHour.value, 0.002);
  assert.is(suspicion.meanMs.value, 1_800);
  assert.is(suspicion.maxMs, 2_600);
  assert.ok(Math.abs((suspicion.accuracy.value ?? 0) - (1 - 3_600 / 3_600_000_000)) < 1e-12);
  assert.ok((declaration.perNodeHour.high ?? 1) < 0.0037);
  assert.is(declaration.accuracy.value, 1);
});

test("no more samples are kept than said, and sums take all of them", () => {
  let tally = emptyTally(NOW);
  for (let i = 0; i < SAMPLES_KEPT_MAX + 5; i++) tally = withDeath(tally, 2_000 + i);
  assert.is(tally.deaths.length, SAMPLES_KEPT_MAX);
  assert.is(tally.deaths[0], 2_005);
  assert.is(tally.deathsTotal, SAMPLES_KEPT_MAX + 5);
  assert.is(withDeath(tally, null).deathsTotal, SAMPLES_KEPT_MAX + 6);
  const sum = sumOfTallies([tally, tally], unixMs(NOW + 5));
  assert.is(sum.since, NOW);
  assert.is(sum.deaths.length, 2 * SAMPLES_KEPT_MAX);
});

test("a period ends after a week, and what is older than two is dropped", () => {
  const stored = { shard: 1, current: { ...emptyTally(NOW), observedMs: 5 }, former: null };
  const at = (ms: number): ReturnType<typeof inPeriod> => inPeriod(stored, unixMs(NOW + ms));
  assert.is(at(QUALITY_PERIOD_MS - 1), stored);
  assert.is(at(QUALITY_PERIOD_MS).former, stored.current);
  assert.is(at(QUALITY_PERIOD_MS).current.observedMs, 0);
  assert.is(at(2 * QUALITY_PERIOD_MS).former, null);
});

test("the predicted bounds follow from the limits, the interval and the jitter seen", () => {
  const silent = { total: 0, p999Ms: 0 };
  const turn = durationMs(100);
  const interval = durationMs(1_000);
  assert.equal(predictDetection(LIMITS, interval, turn, silent), {
    jitterMs: null,
    witnessed: { fromMs: 1_000, toMs: 2_100 },
    alone: { fromMs: 2_000, toMs: 3_100 },
  });
  const late = predictDetection(LIMITS, interval, turn, { total: 10, p999Ms: 1_250 });
  assert.is(late.jitterMs, 250);
  assert.is(late.alone.toMs, 3_350);
  const slow = { ...LIMITS, probeTimeout: durationMs(1_400) };
  assert.is(predictDetection(slow, interval, turn, silent).witnessed.toMs, 3_100);
});

test("what the store gives back is looked at", () => {
  const good = { writtenAt: 1, shards: [{ shard: 1, current: emptyTally(NOW), former: null }] };
  assert.is(parseRecord(JSON.stringify(good), storedQuality).kind, "ok");
  for (const hostile of [
    '{"writtenAt":1}',
    '{"writtenAt":1,"shards":[{"shard":1}]}',
    "[]",
    "",
    '{"writtenAt":1,"shards":[{"shard":1,"current":{"since":"x"},"former":null}]}',
  ]) {
    assert.is(parseRecord(hostile, storedQuality).kind, "damaged", hostile);
  }
});

test.run();
