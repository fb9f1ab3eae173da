// What a refused write means: another owner, or a store that lost something.
import type { IncidentPhase } from "@herdbeat/aggregator/core/incident";
import type { StoreGeneration } from "@herdbeat/aggregator/core/shard-facts";
import type { ApplyOutcome, Ownership, ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import { ShardRunner } from "@herdbeat/aggregator/runtime/shard-runner";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import * as assert from "uvu/assert";
import { incidentRecord, NOW, SHARD } from "../../../support/store-records.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("shard runner");
const self = "agg-1" as AggregatorId;
const token = (value: number): FencingToken => value as FencingToken;
const generation: StoreGeneration = { id: "g", version: 5 };
const ownership: Ownership = { shard: SHARD, aggregator: self, token: token(7), generationId: "g" };

type Reply = ApplyOutcome | "reply-lost" | "no-reply";

/** A runner whose store says one thing after the other; the last for ever. */
function runnerOf(...outcomes: Reply[]): {
  readonly runner: ShardRunner;
  readonly said: string[];
} {
  const said: string[] = [];
  const next = (): Promise<ApplyOutcome> => {
    const outcome = outcomes.length > 1 ? outcomes.shift() : outcomes[0];
    if (outcome === "no-reply") return new Promise(() => {});
    if (outcome === undefined || outcome === "reply-lost")
      return Promise.reject(new StoreUnavailableError("apply", new Error("reply lost")));
    return Promise.resolve(outcome);
  };
  const snapshot = { nodes: [], incidents: [], outbox: [], proofs: new Map(), damaged: [] };
  const runner = new ShardRunner(
    ownership,
    { owner: ownership, generation, ...snapshot },
    generation,
    {
      store: { apply: next } as unknown as ShardStore,
      logger: silentLogger,
      destinations: () => [],
      bodyOf: () => "",
      requestDestination: () => null,
      onRows: () => {},
      onLost: (_shard, why) => {
        said.push(`lost: ${why}`);
        runner.stop();
      },
      onHeld: (_shard, why) => said.push(`held: ${why}`),
      onPersisted: () => said.push("persisted"),
    },
  );
  return { runner, said };
}

async function after(outcome: ApplyOutcome): Promise<string> {
  const { runner, said } = runnerOf(outcome);
  runner.stageIncident(incidentRecord(), "{}", NOW, () => {});
  await runner.drain();
  return said.join("; ");
}

/** What who changed an incident was told. */
async function toldAfter(
  outcome: ApplyOutcome | "no-reply",
  then: (runner: ShardRunner) => void = () => {},
): Promise<readonly boolean[]> {
  const { runner } = runnerOf(outcome);
  const told: boolean[] = [];
  runner.stageIncident(incidentRecord(), "{}", NOW, (isDurable) => told.push(isDurable));
  const drained = runner.drain();
  then(runner);
  if (outcome !== "no-reply") await drained;
  return told;
}

const stale = (owner: Extract<ApplyOutcome, { kind: "stale-token" }>["owner"], released = 0) =>
  after({ kind: "stale-token", owner, released: released === 0 ? null : token(released) });

test("a shard that another one owns is lost", async () => {
  const other = { aggregator: "agg-2" as AggregatorId, token: token(8) };
  assert.is(await stale(other), "lost: owned by agg-2 with token 8");
});

test("a shard that another one took over and gave up again is lost, not held", async () => {
  assert.is(await stale(null, 8), "lost: given up by an owner with token 8");
});

test("a release of our own that arrived late is no loss of the store's", async () => {
  assert.is(await stale(null, 7), "lost: given up by an owner with token 7");
});

for (const released of [0, 6]) {
  test(`a store that knows ${released === 0 ? "no owner" : "only an earlier one"} has lost something: held`, async () => {
    assert.is(await stale(null, released), "held: the store has lost this shard's owner record");
  });
}

test("who waits for a write is told how it ended, once, whatever becomes of the shard", async () => {
  const applied: ApplyOutcome = { kind: "applied", generation: { id: "g", version: 6 } };
  assert.equal(await toldAfter(applied), [true]);
  assert.equal(await toldAfter("no-reply", (runner) => runner.stop()), [false]);
  assert.equal(await toldAfter("no-reply", (runner) => runner.hold("for a test")), [false]);
  const other = { aggregator: "agg-2" as AggregatorId, token: token(8) };
  const lost: ApplyOutcome = { kind: "stale-token", owner: other, released: null };
  assert.equal(await toldAfter(lost), [false]);
  const twice = await toldAfter("no-reply", (runner) => {
    runner.stop();
    runner.hold("too late");
    runner.stageIncident(incidentRecord(), "{}", NOW, (isDurable) => assert.not(isDurable));
  });
  assert.equal(twice, [false]);
});

test("a newer token in our own name is held", async () => {
  assert.match(await stale({ aggregator: self, token: token(9) }), /^held: .*newer token/);
});

test("a version that went back is held", async () => {
  for (const version of [4, 5]) {
    const back = await after({ kind: "applied", generation: { id: "g", version } });
    assert.match(back, /^held: the store went back in time/);
  }
  const on = await after({ kind: "applied", generation: { id: "g", version: 6 } });
  assert.is(on, "persisted");
});

const conflict = (phase: IncidentPhase | null): ApplyOutcome => ({
  kind: "conflict",
  incident: incidentRecord().id,
  phase,
});
const applied: ApplyOutcome = { kind: "applied", generation: { id: "g", version: 6 } };

for (const stored of ["declared", "closed", null] as const) {
  test(`an incident that is ${stored ?? "absent"} in the store against our own writes is held, and nothing follows`, async () => {
    const { runner, said } = runnerOf(conflict(stored), applied);
    runner.stageIncident(incidentRecord("committed"), "{}", NOW, (isDurable) =>
      said.push(isDurable ? "acted" : "told"),
    );
    await runner.drain();
    const is = stored ?? "not";
    assert.equal(said, [
      "told",
      `held: incident ${incidentRecord().id} is ${is} in the store, which is not what was written`,
    ]);
    assert.ok(runner.unsaved);
  });
}

test("a commit of what is over in the store is held as well", async () => {
  const { runner, said } = runnerOf(conflict("retracted"), applied);
  runner.stageIncident(incidentRecord("committed"), "{}", NOW, (isDurable) =>
    said.push(isDurable ? "acted" : "told"),
  );
  await runner.drain();
  assert.match(said.join(), /^told,held: /);
});

test("what is declared again under the id of what had ended is dropped, and holds nobody", async () => {
  const { runner, said } = runnerOf(conflict("retracted"), applied);
  runner.stageIncident(incidentRecord("declared"), "{}", NOW, (isDurable) =>
    said.push(isDurable ? "acted" : "told"),
  );
  await runner.drain();
  assert.equal(said, ["told", "persisted"]);
});

test("an end that was written, and forgotten before its lost reply was repeated, holds nobody", async () => {
  const { runner, said } = runnerOf("reply-lost", conflict(null), applied);
  runner.stageIncident(incidentRecord("retracted"), "{}", NOW, () => {});
  await runner.drain();
  assert.equal(said, ["persisted"]);
});

test.run();
