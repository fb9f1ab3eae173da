/** What every shard store must do; run against the one in memory and the real one. */
import type { ClaimOutcome } from "@herdbeat/aggregator/ports/shard-store";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { GENERATION, NOW, own, SHARD } from "../support/store-records.ts";
import type { Suite } from "../support/suite.ts";
import { applyContract, phaseContract } from "./shard-apply.contract.ts";
import type { Given } from "./shard-backend.ts";
import { claim } from "./shard-backend.ts";
import { fencingContract } from "./shard-fencing.contract.ts";
import { outboxContract, restContract } from "./shard-outbox.contract.ts";

export function shardStoreContract(test: Suite, given: Given): void {
  ownershipContract(test, given);
  fencingContract(test, given);
  applyContract(test, given);
  phaseContract(test, given);
  outboxContract(test, given);
  restContract(test, given);
}

const token = (value: number): FencingToken => value as FencingToken;

function ownershipContract(test: Suite, given: Given): void {
  test("knows nothing of a shard that was never created", async () => {
    const { first } = await given();
    assert.equal(await first.load(SHARD), {
      owner: null,
      generation: null,
      nodes: [],
      incidents: [],
      outbox: [],
      proofs: new Map(),
      damaged: [],
    });
  });

  test("creates a shard only when told to", async () => {
    const { first } = await given();
    assert.equal(await first.claim(claim({ create: null })), { kind: "not-created" });
    assert.equal(await first.claim(claim()), {
      kind: "claimed",
      owner: { aggregator: "agg-1", token: NOW + 1 },
      generation: { id: GENERATION, version: 0 },
    });
  });

  test("keeps the generation of a shard that exists", async () => {
    const { first } = await given();
    const { owner } = (await first.claim(claim())) as Extract<ClaimOutcome, { kind: "claimed" }>;
    const again = await first.claim(claim({ expected: owner, create: { generationId: "other" } }));
    assert.is(again.kind === "claimed" && again.generation.id, GENERATION);
  });

  for (const [what, tokenSeen, now, expected] of [
    ["the stored token", 0, 0, NOW + 2],
    ["the highest token the caller saw", NOW + 500, 0, NOW + 501],
    ["the wall clock", 0, NOW + 900, NOW + 901],
  ] as const) {
    test(`makes a new owner's token higher than ${what}`, async () => {
      const { first } = await given();
      const { owner } = (await first.claim(claim())) as Extract<ClaimOutcome, { kind: "claimed" }>;
      const next = await first.claim(
        claim({ expected: owner, tokenSeen: token(tokenSeen), now: unixMs(now) }),
      );
      assert.is(next.kind === "claimed" && next.owner.token, expected);
    });
  }

  test("refuses a claim whose expected owner is not the present one", async () => {
    const { first, second } = await given();
    const { owner } = (await first.claim(claim())) as Extract<ClaimOutcome, { kind: "claimed" }>;
    const other = { self: "agg-2" as AggregatorId };
    const stale = { aggregator: owner.aggregator, token: token(owner.token - 1) };
    assert.equal(await second.claim(claim(other)), { kind: "taken", owner });
    assert.equal(await second.claim(claim({ ...other, expected: stale })), {
      kind: "taken",
      owner,
    });
  });

  test("gives a shard to exactly one of two that claim it at once", async () => {
    const { first, second, wipe } = await given();
    for (let round = 0; round < 20; round++) {
      await wipe();
      const outcomes = await Promise.all([
        first.claim(claim()),
        second.claim(claim({ self: "agg-2" as AggregatorId })),
      ]);
      assert.equal(outcomes.map((outcome) => outcome.kind).sort(), ["claimed", "taken"]);
    }
  });

  test("forgets the owner at a release, but not its token", async () => {
    const { first, second } = await given();
    const ownership = await own(first);
    await first.release(ownership);
    assert.is((await first.load(SHARD)).owner, null);
    const next = await second.claim(claim({ self: "agg-2" as AggregatorId, now: unixMs(0) }));
    assert.is(next.kind === "claimed" && next.owner.token, ownership.token + 1);
  });

  test("ignores the release of somebody who lost the shard", async () => {
    const { first, second } = await given();
    const earlier = await own(first);
    const { aggregator, token: held } = await own(second, "agg-2");
    await first.release(earlier);
    assert.equal((await first.load(SHARD)).owner, { aggregator, token: held });
  });
}
