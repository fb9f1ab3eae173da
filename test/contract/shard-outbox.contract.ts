import type { Ownership, ShardStore, ShardWrite } from "@herdbeat/aggregator/ports/shard-store";
import type { NodeId } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { codeOfRejection } from "../support/rejection.ts";
import {
  historyEntry,
  NODE,
  NOW,
  nodeRecord,
  outboxRow,
  own,
  SHARD,
} from "../support/store-records.ts";
import type { Suite } from "../support/suite.ts";
import type { Given } from "./shard-backend.ts";

const ROW = outboxRow();

export function outboxContract(test: Suite, given: Given): void {
  const withRow = async (store: ShardStore): Promise<Ownership> => {
    const ownership = await own(store);
    await store.apply(ownership, [{ kind: "put-outbox", row: ROW }]);
    return ownership;
  };

  test("marks a claimed row with its claimer and counts the attempt", async () => {
    const { first } = await given();
    const ownership = await withRow(first);
    assert.is((await first.claimRow(ownership, ROW.rowId, NOW)).kind, "done");
    const claimedBy = `agg-1:${ownership.token}`;
    const claimed = { ...ROW, state: "sending", attempts: 1, claimedBy };
    assert.equal((await first.load(SHARD)).outbox, [claimed]);
    // The reply to the first claim may have been lost.
    assert.is((await first.claimRow(ownership, ROW.rowId, NOW)).kind, "done");
    assert.equal((await first.load(SHARD)).outbox, [{ ...claimed, attempts: 2 }]);
  });

  test("does not arm a row again that is put twice", async () => {
    const { first } = await given();
    const ownership = await withRow(first);
    await first.claimRow(ownership, ROW.rowId, NOW);
    await first.apply(ownership, [{ kind: "put-outbox", row: ROW }]);
    assert.is((await first.load(SHARD)).outbox[0]?.state, "sending");
  });

  test("lets a new owner claim what an earlier one left behind, and refuses the earlier one", async () => {
    const { first, second } = await given();
    const earlier = await withRow(first);
    await first.claimRow(earlier, ROW.rowId, NOW);
    const later = await own(second, "agg-2");
    assert.is((await second.claimRow(later, ROW.rowId, NOW)).kind, "done");
    const refused = { kind: "refused", why: "stale-token" };
    assert.equal(await first.settleRow(earlier, { ...ROW, state: "delivered" }, null), refused);
    assert.is((await second.load(SHARD)).outbox[0]?.claimedBy, `agg-2:${later.token}`);
  });

  for (const state of ["delivered", "superseded"] as const) {
    test(`removes a row that is ${state} and writes it down, once`, async () => {
      const { first } = await given();
      const ownership = await withRow(first);
      await first.claimRow(ownership, ROW.rowId, NOW);
      const entry = historyEntry({ kind: "delivery" });
      const settle = () => first.settleRow(ownership, { ...ROW, state }, entry);
      assert.equal(await settle(), { kind: "done" });
      assert.equal(await settle(), { kind: "lost", found: null });
      assert.equal(await first.claimRow(ownership, ROW.rowId, NOW), {
        kind: "lost",
        found: null,
      });
      assert.equal((await first.load(SHARD)).outbox, []);
      assert.is((await first.history(SHARD, 10, null)).entries.length, 1);
    });
  }

  test("keeps what an attempt taught when it arms a row again", async () => {
    const { first } = await given();
    const ownership = await withRow(first);
    await first.claimRow(ownership, ROW.rowId, NOW);
    const row = outboxRow({
      attempts: 1,
      lastAttemptAt: unixMs(NOW + 1),
      nextAttemptAt: unixMs(NOW + 5_000),
      lastStatus: 503,
      lastError: "the receiver says: come back later",
    });
    assert.equal(await first.settleRow(ownership, row, null), { kind: "done" });
    assert.equal((await first.load(SHARD)).outbox, [row]);
  });

  test("settles only a row that is being sent", async () => {
    const { first } = await given();
    const ownership = await withRow(first);
    const settle = () => first.settleRow(ownership, { ...ROW, state: "parked" }, historyEntry());
    assert.equal(await settle(), { kind: "lost", found: "waiting" });
    await first.claimRow(ownership, ROW.rowId, NOW);
    await settle();
    assert.equal(await settle(), { kind: "lost", found: "parked" });
    assert.equal(await first.claimRow(ownership, ROW.rowId, NOW), {
      kind: "lost",
      found: "parked",
    });
  });
}

export function restContract(test: Suite, given: Given): void {
  test("merges proofs", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const other = "hv-2" as NodeId;
    const later = unixMs(NOW + 60_000);
    await first.putProofs(
      ownership,
      new Map([
        [NODE, NOW],
        [other, NOW],
      ]),
    );
    assert.equal(await first.putProofs(ownership, new Map()), { kind: "done" });
    await first.putProofs(ownership, new Map([[NODE, later]]));
    assert.equal(
      (await first.load(SHARD)).proofs,
      new Map([
        [NODE, later],
        [other, NOW],
      ]),
    );
  });

  test("pages through history, newest first", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const writes = Array.from({ length: 25 }, (_, index): ShardWrite => {
      return { kind: "history", entry: historyEntry({ json: `{"n":${index}}` }) };
    });
    await first.apply(ownership, writes);
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < 4; page++) {
      const { entries } = await first.history(SHARD, 10, cursor);
      seen.push(...entries.map(({ json }) => json));
      cursor = entries.at(-1)?.cursor ?? cursor;
    }
    assert.equal(
      seen,
      Array.from({ length: 25 }, (_, index) => `{"n":${24 - index}}`),
    );
  });

  test("refuses a cursor that is not one", async () => {
    const { first } = await given();
    assert.is(await codeOfRejection(first.history(SHARD, 10, "+ COUNT 1")), "HB_API_BAD_REQUEST");
  });

  test("keeps shards apart", async () => {
    const { first } = await given();
    const ownership = await own(first);
    await first.apply(ownership, [{ kind: "put-node", record: nodeRecord() }]);
    const other = { ...ownership, shard: 1 as typeof SHARD };
    assert.is((await first.apply(other, [])).kind, "generation-mismatch");
    assert.equal((await first.load(other.shard)).nodes, []);
  });
}
