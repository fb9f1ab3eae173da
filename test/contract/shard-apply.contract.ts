import type { IncidentPhase } from "@herdbeat/aggregator/core/incident";
import type {
  ApplyOutcome,
  Ownership,
  ShardStore,
  ShardWrite,
} from "@herdbeat/aggregator/ports/shard-store";
import type { IncidentId, NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import {
  GENERATION,
  historyEntry,
  incidentRecord,
  NODE,
  NOW,
  nodeRecord,
  outboxRow,
  own,
  SHARD,
} from "../support/store-records.ts";
import type { Suite } from "../support/suite.ts";
import type { Given } from "./shard-backend.ts";

export function applyContract(test: Suite, given: Given): void {
  test("gives back all that was written", async () => {
    const { first, second } = await given();
    const ownership = await own(first);
    const outcome = await first.apply(ownership, [
      { kind: "put-node", record: nodeRecord() },
      { kind: "put-incident", record: incidentRecord(), expect: null },
      { kind: "put-outbox", row: outboxRow() },
      { kind: "history", entry: historyEntry() },
    ]);
    const generation = { id: GENERATION, version: 1 };
    assert.equal(outcome, { kind: "applied", generation });
    assert.equal(await second.load(SHARD), {
      owner: { aggregator: ownership.aggregator, token: ownership.token },
      generation,
      nodes: [nodeRecord()],
      incidents: [incidentRecord()],
      outbox: [outboxRow()],
      proofs: new Map(),
      damaged: [],
    });
    const { entries } = await second.history(SHARD, 10, null);
    assert.equal(
      entries.map(({ cursor: _cursor, ...entry }) => entry),
      [historyEntry()],
    );
  });

  test("raises the version once for each batch, however long", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const nodes = Array.from({ length: 2_000 }, (_, index): ShardWrite => {
      return { kind: "put-node", record: nodeRecord({ id: `hv-${index}` as NodeId }) };
    });
    const versions: number[] = [];
    for (const batch of [nodes, [], nodes.slice(0, 1)]) {
      const outcome = await first.apply(ownership, batch);
      versions.push(outcome.kind === "applied" ? outcome.generation.version : -1);
    }
    assert.equal(versions, [1, 2, 3]);
    assert.is((await first.load(SHARD)).nodes.length, 2_000);
  });

  test("lets the last of several writes to one node count", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const record = nodeRecord({ state: "suspect" });
    await first.apply(ownership, [
      { kind: "put-node", record: nodeRecord() },
      { kind: "remove-node", node: NODE },
      { kind: "put-node", record },
    ]);
    assert.equal((await first.load(SHARD)).nodes, [record]);
    await first.putProofs(ownership, new Map([[NODE, NOW]]));
    await first.apply(ownership, [
      { kind: "put-node", record },
      { kind: "remove-node", node: NODE },
    ]);
    const { nodes, proofs } = await first.load(SHARD);
    assert.equal([nodes, proofs.size], [[], 0]);
  });

  test("writes nothing of a batch when one incident conflicts", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const outcome = await first.apply(ownership, [
      { kind: "put-node", record: nodeRecord() },
      { kind: "history", entry: historyEntry() },
      { kind: "put-outbox", row: outboxRow() },
      { kind: "put-incident", record: incidentRecord(), expect: null },
      {
        kind: "put-incident",
        record: incidentRecord("committed", { id: "f".repeat(32) as IncidentId }),
        expect: "declared",
      },
    ]);
    assert.equal(outcome, { kind: "conflict", incident: "f".repeat(32), phase: null });
    const { nodes, incidents, outbox, generation } = await first.load(SHARD);
    assert.equal([nodes, incidents, outbox, generation?.version], [[], [], [], 0]);
    assert.equal((await first.history(SHARD, 10, null)).entries, []);
  });

  test("takes a batch again whose reply was lost", async () => {
    const { first } = await given();
    const ownership = await own(first);
    for (const [from, to] of [
      [null, "declared"],
      ["declared", "committed"],
      ["committed", "closed"],
    ] as const) {
      const batch: ShardWrite[] = [
        { kind: "put-node", record: nodeRecord() },
        { kind: "put-incident", record: incidentRecord(to), expect: from },
        { kind: "put-outbox", row: outboxRow() },
      ];
      assert.is((await first.apply(ownership, batch)).kind, "applied");
      const once = await first.load(SHARD);
      assert.is((await first.apply(ownership, batch)).kind, "applied");
      const twice = await first.load(SHARD);
      assert.equal({ ...twice, generation: null }, { ...once, generation: null });
    }
  });

  test("takes an incident again that was declared and retracted in one lost batch", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const batch: ShardWrite[] = [
      { kind: "put-incident", record: incidentRecord("retracted"), expect: null },
    ];
    assert.is((await first.apply(ownership, batch)).kind, "applied");
    assert.is((await first.apply(ownership, batch)).kind, "applied");
  });
}

async function withPhase(store: ShardStore, phase: IncidentPhase): Promise<Ownership> {
  const ownership = await own(store);
  await put(store, ownership, null, "declared");
  if (phase !== "declared" && phase !== "retracted") {
    await put(store, ownership, "declared", phase === "cleared" ? "cleared" : "committed");
  }
  if (phase === "retracted") await put(store, ownership, "declared", "retracted");
  if (phase === "closed") await put(store, ownership, "committed", "closed");
  return ownership;
}

function put(
  store: ShardStore,
  ownership: Ownership,
  expect: IncidentPhase | null,
  phase: IncidentPhase,
  message = `now ${phase}`,
): Promise<ApplyOutcome> {
  const record = incidentRecord(phase, { message });
  return store.apply(ownership, [{ kind: "put-incident", record, expect }]);
}

export function phaseContract(test: Suite, given: Given): void {
  for (const [winner, loser] of [
    ["committed", "retracted"],
    ["retracted", "committed"],
  ] as const) {
    test(`lets ${winner} win over ${loser} when it comes first`, async () => {
      const { first, second } = await given();
      const ownership = await withPhase(first, "declared");
      assert.is((await put(first, ownership, "declared", winner)).kind, "applied");
      assert.equal(await put(second, ownership, "declared", loser), {
        kind: "conflict",
        incident: incidentRecord().id,
        phase: winner,
      });
      assert.equal(
        (await first.load(SHARD)).incidents.map(({ phase }) => phase),
        [winner],
      );
    });
  }

  test("lets exactly one of commit and retract win when both come at once", async () => {
    const { first, second, wipe } = await given();
    for (let round = 0; round < 20; round++) {
      await wipe();
      const ownership = await withPhase(first, "declared");
      const outcomes = await Promise.all([
        put(first, ownership, "declared", "committed"),
        put(second, ownership, "declared", "retracted"),
      ]);
      assert.equal(outcomes.map(({ kind }) => kind).sort(), ["applied", "conflict"]);
    }
  });

  test("changes an incident within its phase", async () => {
    const { first } = await given();
    const ownership = await withPhase(first, "committed");
    await put(first, ownership, "committed", "committed", "on its way");
    assert.is((await first.load(SHARD)).incidents[0]?.message, "on its way");
  });

  for (const [stored, wanted, kind] of [
    ["declared", "declared", "applied"],
    ["committed", "committed", "applied"],
    ["committed", "declared", "conflict"],
    ["declared", "committed", "applied"],
    ["declared", "retracted", "applied"],
    ["committed", "closed", "applied"],
    ["committed", "retracted", "conflict"],
    ["retracted", "committed", "conflict"],
    ["retracted", "declared", "conflict"],
    ["cleared", "declared", "conflict"],
    ["closed", "declared", "conflict"],
    ["closed", "closed", "conflict"],
  ] as const) {
    test(`answers ${kind} to a re-declaration as ${wanted} of what is ${stored}`, async () => {
      const { first } = await given();
      const ownership = await withPhase(first, stored);
      assert.is((await put(first, ownership, null, wanted, "seen again")).kind, kind);
    });
  }

  test("sees the earlier changes of the same batch", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const batch: ShardWrite[] = [
      { kind: "put-incident", record: incidentRecord("declared"), expect: null },
      { kind: "put-incident", record: incidentRecord("committed"), expect: "declared" },
    ];
    assert.is((await first.apply(ownership, batch)).kind, "applied");
    assert.equal((await first.load(SHARD)).incidents, [incidentRecord("committed")]);
  });

  test("keeps all open incidents and the newest 200 that ended", async () => {
    const { first } = await given();
    const ownership = await own(first);
    const id = (index: number) => index.toString().padStart(32, "0") as IncidentId;
    const batch = Array.from({ length: 500 }, (_, index): ShardWrite => {
      const phase = index % 2 === 0 ? "declared" : "retracted";
      return {
        kind: "put-incident",
        record: incidentRecord(phase, { id: id(index) }),
        expect: null,
      };
    });
    await first.apply(ownership, batch);
    const { incidents } = await first.load(SHARD);
    const ended = incidents.filter(({ phase }) => phase === "retracted").map((one) => one.id);
    assert.is(incidents.length - ended.length, 250);
    assert.equal(
      ended.sort(),
      Array.from({ length: 200 }, (_, k) => id(2 * (k + 50) + 1)),
    );
  });
}
