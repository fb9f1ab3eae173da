import { highest, judgeGeneration } from "@herdbeat/aggregator/core/generation-guard";
import { isGone, look, NOTHING_WATCHED } from "@herdbeat/aggregator/core/liveness-watch";
import { type OwnershipView, planOwnership } from "@herdbeat/aggregator/core/ownership";
import { preferredOwner, ShardMap } from "@herdbeat/aggregator/core/shard-map";
import {
  type AggregatorId,
  allShards,
  type FencingToken,
  type ShardId,
} from "@herdbeat/shared/ids";
import { durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("ownership");
const A = "agg-a" as AggregatorId;
const B = "agg-b" as AggregatorId;
const C = "agg-c" as AggregatorId;
const both = [
  { id: A, weight: 1 },
  { id: B, weight: 1 },
];

function counts(candidates: Parameters<typeof preferredOwner>[1]): Record<string, number> {
  const found: Record<string, number> = {};
  for (const shard of allShards()) {
    const owner = preferredOwner(shard, candidates) ?? "none";
    found[owner] = (found[owner] ?? 0) + 1;
  }
  return found;
}

test("shares the shards about evenly", () => {
  const found = counts([...both, { id: C, weight: 1 }]);
  for (const id of [A, B, C])
    assert.ok((found[id] ?? 0) >= 12 && (found[id] ?? 0) <= 32, JSON.stringify(found));
});

test("a leaver moves only its own shards", () => {
  for (const shard of allShards()) {
    const before = preferredOwner(shard, [...both, { id: C, weight: 1 }]);
    if (before !== C) assert.is(preferredOwner(shard, both), before);
  }
});

test("twice the weight gets more", () => {
  const found = counts([
    { id: A, weight: 3 },
    { id: B, weight: 1 },
  ]);
  assert.ok((found[A] ?? 0) > (found[B] ?? 0) * 1.7, JSON.stringify(found));
});

function view(change: Partial<OwnershipView>): OwnershipView {
  return {
    self: A,
    candidates: both,
    living: new Set([A, B]),
    owners: new Map(),
    held: new Set(),
    settled: true,
    ...change,
  };
}

function owned(by: AggregatorId): OwnershipView["owners"] {
  return new Map(
    [...allShards()].map((shard) => [shard, { aggregator: by, token: 7 as FencingToken }]),
  );
}

test("claims only what it should own and nobody living holds", () => {
  const moves = planOwnership(view({ owners: owned(B) }));
  assert.equal(moves, []);
  const after = planOwnership(
    view({ owners: owned(B), living: new Set([A]), candidates: [{ id: A, weight: 1 }] }),
  );
  assert.is(after.length, 64);
  assert.ok(after.every((move) => move.kind === "claim" && move.expected?.aggregator === B));
});

test("claims what an earlier life of its own name held", () => {
  const moves = planOwnership(
    view({ owners: owned(A), candidates: [{ id: A, weight: 1 }], living: new Set([A]) }),
  );
  assert.is(moves.length, 64);
});

test("claims what an earlier life held although another one should own it: nobody else may", () => {
  const moves = planOwnership(view({ owners: owned(A) }));
  assert.is(moves.length, 64);
  assert.ok(moves.every((move) => move.kind === "claim" && move.expected?.aggregator === A));
});

test("gives away only when membership has settled", () => {
  const held = new Set([...allShards()]);
  assert.equal(planOwnership(view({ owners: owned(A), held, settled: false })), []);
  const moves = planOwnership(view({ owners: owned(A), held }));
  assert.ok(moves.length > 10 && moves.every((move) => move.kind === "give" && move.to === B));
});

test("a counter that stands still is gone only after enough answered looking", () => {
  let watch = NOTHING_WATCHED;
  const gapMax = durationMs(1_200);
  const see = (counter: number, at: number): void => {
    watch = look(watch, [{ id: B, counter, startedAt: 1 }], monotonicMs(at), gapMax);
  };
  see(1, 0);
  for (let at = 400; at <= 4_800; at += 400) see(1, at);
  assert.not(isGone(watch, B, durationMs(5_000)));
  see(1, 5_200);
  assert.ok(isGone(watch, B, durationMs(5_000)));
  see(2, 5_600);
  assert.not(isGone(watch, B, durationMs(5_000)));
});

test("a minute without an answered look is no minute of watching", () => {
  let watch = look(
    NOTHING_WATCHED,
    [{ id: B, counter: 1, startedAt: 1 }],
    monotonicMs(0),
    durationMs(1_200),
  );
  watch = look(
    watch,
    [{ id: B, counter: 1, startedAt: 1 }],
    monotonicMs(60_000),
    durationMs(1_200),
  );
  assert.not(isGone(watch, B, durationMs(5_000)));
});

for (const [name, found, verdict] of [
  ["a wiped shard", null, "held"],
  ["another database", { id: "other", version: 99 }, "held"],
  ["an older version", { id: "one", version: 4 }, "held"],
  ["the same version", { id: "one", version: 5 }, "fine"],
  ["a newer version", { id: "one", version: 6 }, "fine"],
] as const) {
  test(`${name} is ${verdict}`, () => {
    assert.is(judgeGeneration({ id: "one", version: 5 }, found).kind, verdict);
  });
}

test("a shard that is new to us is fine, and the highest version is remembered", () => {
  assert.is(judgeGeneration(null, null).kind, "fine");
  assert.equal(highest({ id: "one", version: 5 }, { id: "one", version: 7 }), {
    id: "one",
    version: 7,
  });
  assert.equal(highest({ id: "one", version: 5 }, { id: "two", version: 7 }), {
    id: "one",
    version: 5,
  });
});

test("a shard id is the same on every machine for ever", async () => {
  const { fnv1a32, shardOf } = await import("@herdbeat/shared/ids");
  assert.is(fnv1a32(""), 0x811c9dc5);
  assert.is(fnv1a32("a"), 0xe40c292c);
  assert.is(fnv1a32("foobar"), 0xbf9cf968);
  assert.is(shardOf("node-1" as never), (fnv1a32("node-1") % 64) as ShardId);
});

test("what is remembered of a map is what would be computed, also after others joined", () => {
  const map = new ShardMap();
  const alone = [{ id: A, weight: 1 }];
  const both = [...alone, { id: B, weight: 1 }];
  const heavier = [...alone, { id: B, weight: 5 }];
  for (const candidates of [alone, both, both, heavier, alone, []])
    for (const shard of allShards())
      assert.is(map.preferred(shard, candidates), preferredOwner(shard, candidates));
});

test.run();
