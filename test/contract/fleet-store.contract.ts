/** What every fleet store must do; run against the one in memory and the real one. */
import { DRILLS_KEPT_MAX, type DrillRecord } from "@herdbeat/aggregator/core/drill-record";
import { emptyTally, type StoredQuality } from "@herdbeat/aggregator/core/quality";
import {
  type AggregatorRecord,
  type ClusterMeta,
  type FleetStore,
  type PermitRequest,
  STORE_SCHEMA_VERSION,
} from "@herdbeat/aggregator/ports/fleet-store";
import type { ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import {
  type AggregatorId,
  type FencingToken,
  type IncidentId,
  type NodeId,
  SHARD_COUNT,
  type ShardId,
} from "@herdbeat/shared/ids";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { codeOfRejection } from "../support/rejection.ts";
import { GENERATION, NOW, own } from "../support/store-records.ts";
import type { Suite } from "../support/suite.ts";

export interface FleetStoreBackend {
  /** Two stores over one database, as two processes have. */
  readonly first: FleetStore;
  readonly second: FleetStore;
  readonly shards: ShardStore;
}

type Given = () => Promise<FleetStoreBackend>;

const META: ClusterMeta = {
  clusterId: "cluster-1",
  schemaVersion: STORE_SCHEMA_VERSION,
  shardCount: SHARD_COUNT,
  createdAt: NOW,
};

function aggregator(id: string, changes: Partial<AggregatorRecord> = {}): AggregatorRecord {
  return {
    id: id as AggregatorId,
    counter: 0,
    streamEndpoint: "wss://192.0.2.10:7341",
    httpEndpoint: "http://192.0.2.10:7340",
    startedAt: NOW,
    version: "0.1.0",
    weight: 1,
    draining: false,
    census: null,
    ...changes,
  };
}

const sorted = (records: readonly AggregatorRecord[]): AggregatorRecord[] =>
  [...records].sort((a, b) => (a.id < b.id ? -1 : 1));

export function fleetStoreContract(test: Suite, given: Given): void {
  metaContract(test, given);
  pulseContract(test, given);
  switchContract(test, given);
  permitContract(test, given);
}

function metaContract(test: Suite, given: Given): void {
  test("has no constants before they are made", async () => {
    const { first } = await given();
    assert.is(await first.meta(null), null);
  });

  test("keeps the constants that were made first", async () => {
    const { first, second } = await given();
    const other = { ...META, clusterId: "cluster-2" };
    const made = await Promise.all([first.meta(META), second.meta(other)]);
    assert.equal(made[0], made[1]);
    assert.equal(await second.meta(null), made[0]);
  });

  for (const [what, changes] of [
    ["schema version", { schemaVersion: STORE_SCHEMA_VERSION + 1 }],
    ["shard count", { shardCount: SHARD_COUNT * 2 }],
  ] as const) {
    test(`refuses a store of another ${what}`, async () => {
      const { first, second } = await given();
      await codeOfRejection(first.meta({ ...META, ...changes }));
      assert.is(await codeOfRejection(second.meta(null)), "HB_STORE_SCHEMA_MISMATCH");
      assert.is(await codeOfRejection(second.meta(META)), "HB_STORE_SCHEMA_MISMATCH");
    });
  }
}

function pulseContract(test: Suite, given: Given): void {
  test("shows every aggregator to every other", async () => {
    const { first, second } = await given();
    await first.pulse(aggregator("agg-1"));
    const seen = await second.pulse(aggregator("agg-2", { draining: true, weight: 2 }));
    assert.equal(sorted(seen), [
      aggregator("agg-1", { counter: 1 }),
      aggregator("agg-2", { counter: 1, draining: true, weight: 2 }),
    ]);
  });

  test("raises the caller's counter at every call, whatever the caller says it was", async () => {
    const { first } = await given();
    const counters: (number | undefined)[] = [];
    for (const counter of [0, 0, 40, 7]) {
      const [record] = await first.pulse(aggregator("agg-1", { counter }));
      counters.push(record?.counter);
    }
    assert.equal(counters, [1, 2, 41, 42]);
  });

  test("forgets an aggregator", async () => {
    const { first, second } = await given();
    await first.pulse(aggregator("agg-1"));
    await second.forget("agg-1" as AggregatorId);
    assert.equal(await second.pulse(aggregator("agg-2")), [aggregator("agg-2", { counter: 1 })]);
  });
}

function switchContract(test: Suite, given: Given): void {
  test("lists every shard with its owner and generation", async () => {
    const { first, shards } = await given();
    const { aggregator: owner, token } = await own(shards, "agg-1", 3 as ShardId);
    await shards.release(await own(shards, "agg-1", 4 as ShardId));
    const listed = await first.shards();
    const generation = { id: GENERATION, version: 0 };
    assert.is(listed.size, SHARD_COUNT);
    assert.equal(listed.get(3 as ShardId), { owner: { aggregator: owner, token }, generation });
    assert.equal(listed.get(4 as ShardId), { owner: null, generation });
    assert.equal(listed.get(5 as ShardId), { owner: null, generation: null });
  });

  test("keeps the disarm switch until it is taken back", async () => {
    const { first, second } = await given();
    const disarm = { by: "ann", reason: "network work in az-1", since: NOW };
    assert.is(await first.disarmed(), null);
    await first.setDisarmed(disarm);
    assert.equal(await second.disarmed(), disarm);
    await second.setDisarmed(null);
    assert.is(await first.disarmed(), null);
  });

  test("keeps what each aggregator counted, apart from the others", async () => {
    const { first, second } = await given();
    const tally = emptyTally(NOW);
    const counted = (observedMs: number): StoredQuality => ({
      writtenAt: NOW,
      shards: [{ shard: 3, current: { ...tally, observedMs, deaths: [2_001] }, former: tally }],
    });
    assert.is((await first.qualities()).size, 0);
    await first.putQuality("agg-1" as AggregatorId, counted(1));
    await second.putQuality("agg-2" as AggregatorId, counted(2));
    await first.putQuality("agg-1" as AggregatorId, counted(3));
    const both = await second.qualities();
    assert.equal(both.get("agg-1" as AggregatorId), counted(3));
    assert.equal(both.get("agg-2" as AggregatorId), counted(2));
    await second.dropQuality("agg-1" as AggregatorId);
    assert.equal([...(await first.qualities()).keys()], ["agg-2"]);
  });

  test("lets one drill begin at a time, and keeps the newest", async () => {
    const { first, second } = await given();
    const pause = durationMs(60_000);
    const drill = (id: string, ago: number): DrillRecord => ({
      id,
      node: "node-1" as NodeId,
      hostname: "host \ud83d\udc40",
      by: "ann",
      aggregator: "agg-1" as AggregatorId,
      startedAt: unixMs(NOW - ago),
      outcome: "running",
      because: "",
      incident: null,
      declaredMs: null,
      durableMs: null,
      deliveredMs: null,
      endedAt: null,
    });
    assert.is(await first.beginDrill(drill("a", 0), pause), true);
    assert.is(await second.beginDrill(drill("b", 0), pause), false);
    const measured: DrillRecord = { ...drill("a", 0), outcome: "measured", declaredMs: 2_010 };
    await first.putDrill(measured);
    await first.putDrill(measured);
    assert.equal(await second.drills(), [measured]);
    for (let ago = 1; ago < DRILLS_KEPT_MAX + 5; ago++)
      await second.putDrill(drill(`d${ago}`, ago));
    const kept = await first.drills();
    assert.is(kept.length, DRILLS_KEPT_MAX);
    assert.equal(
      kept.slice(0, 2).map(({ id }) => id),
      ["a", "d1"],
    );
  });

  test("lists audited acts, newest first", async () => {
    const { first, second } = await given();
    for (const what of ["disarm", "arm", "adopt"]) {
      await first.appendAudit({ at: NOW, who: "ann \u0000 \ud83d\udc40", what, json: "{}" });
    }
    const acts = await second.audit(2);
    assert.equal(
      acts.map(({ what }) => what),
      ["adopt", "arm"],
    );
    assert.is(acts[0]?.who, "ann \u0000 \ud83d\udc40");
  });
}

const ONE = "1".repeat(32) as IncidentId;
const TWO = "2".repeat(32) as IncidentId;

function wanted(incident: IncidentId, change: Partial<PermitRequest> = {}): PermitRequest {
  const rate = { max: 3, within: durationMs(60_000) };
  return { incident, shard: 3 as ShardId, token: 7 as FencingToken, rate, ...change };
}

function permitContract(test: Suite, given: Given): void {
  test("gives the permit to commit to one incident at a time, and to it again", async () => {
    const { first, second } = await given();
    assert.equal(await first.takePermit(wanted(ONE)), { kind: "granted" });
    assert.equal(await first.takePermit(wanted(ONE)), { kind: "granted" });
    const by = { incident: ONE, shard: 3, token: 7 };
    assert.equal(await second.takePermit(wanted(TWO)), { kind: "taken", by });
    assert.equal(await second.permit(), by);
    await first.freePermit(wanted(ONE));
    assert.is(await second.permit(), null);
  });

  test("of two that want the permit at once one gets it", async () => {
    const { first, second } = await given();
    const outcomes = await Promise.all([
      first.takePermit(wanted(ONE)),
      second.takePermit(wanted(TWO)),
    ]);
    assert.equal(outcomes.map(({ kind }) => kind).sort(), ["granted", "taken"]);
  });

  test("only who has the permit gives it back, as often as it likes", async () => {
    const { first, second } = await given();
    await first.takePermit(wanted(ONE));
    await second.freePermit(wanted(TWO));
    assert.is((await second.takePermit(wanted(TWO))).kind, "taken");
    await first.freePermit(wanted(ONE));
    await first.freePermit(wanted(ONE));
    assert.is((await second.takePermit(wanted(TWO))).kind, "granted");
  });

  test("the shard's next owner uses the permit, the one before it no longer", async () => {
    const { first, second } = await given();
    await first.takePermit(wanted(ONE));
    assert.is((await second.takePermit(wanted(ONE, { token: 8 as FencingToken }))).kind, "granted");
    const by = { incident: ONE, shard: 3, token: 8 };
    assert.equal(await first.takePermit(wanted(ONE)), { kind: "taken", by });
    await first.freePermit(wanted(ONE));
    assert.equal(await first.takePermit(wanted(TWO)), { kind: "taken", by });
    await second.freePermit(wanted(ONE, { token: 8 as FencingToken }));
    assert.is((await first.takePermit(wanted(TWO))).kind, "granted");
  });

  test("disarming takes the permit back and gives none", async () => {
    const { first, second } = await given();
    await first.takePermit(wanted(ONE));
    await second.setDisarmed({ by: "ann", reason: "network work", since: NOW });
    assert.equal(await first.takePermit(wanted(ONE)), { kind: "disarmed" });
    await second.setDisarmed(null);
    assert.equal(await second.takePermit(wanted(TWO)), { kind: "granted" });
  });

  test("gives so many permits within the time that is named, and no more", async () => {
    const { first } = await given();
    for (let round = 0; round < 3; round++) {
      assert.is((await first.takePermit(wanted(ONE))).kind, "granted");
      await first.freePermit(wanted(ONE));
    }
    const refused = await first.takePermit(wanted(TWO));
    assert.is(refused.kind, "too-many");
    assert.ok(refused.kind === "too-many" && refused.wait > 0 && refused.wait <= 60_000);
    const rate = { max: 4, within: durationMs(60_000) };
    assert.is((await first.takePermit(wanted(TWO, { rate }))).kind, "granted");
  });
}
