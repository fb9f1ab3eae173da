// What the permit desk makes of the store's answers: which are void, and whose permits it gives back.
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { PermitHolder, PermitOutcome } from "@herdbeat/aggregator/ports/fleet-store";
import type { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { PermitDesk } from "@herdbeat/aggregator/runtime/permit-desk";
import type { ShardRunner } from "@herdbeat/aggregator/runtime/shard-runner";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import type { FencingToken, IncidentId, NodeId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { incidentRecord, NOW, SHARD } from "../../../support/store-records.ts";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("permit desk");
const NODE = "node-1" as NodeId;
const OTHER = "other" as IncidentId;
const token = (value: number): FencingToken => value as FencingToken;

/** One shard with token 7 and one node; the store answers what the test says. */
class Fixture {
  readonly time = new VirtualTime(NOW);
  readonly freed: string[] = [];
  readonly declared: IncidentRecord = { ...incidentRecord(), phase: "declared", node: NODE };
  incidents: readonly IncidentRecord[] = [this.declared];
  discounted = 0;
  nodes = 100;
  outcome: PermitOutcome = { kind: "granted" };
  taken = 0;
  holder: PermitHolder | null = null;
  lost = false;
  readonly desk: PermitDesk;

  constructor() {
    const runner = {
      held: false,
      ownership: { shard: SHARD, token: token(7) },
      indexes: new Set([0]),
    } as unknown as ShardRunner;
    const table = {
      indexOf: (node: NodeId) => (node === NODE ? 0 : undefined),
      shards: [SHARD],
      state: () => ({ incidents: this.incidents }),
    } as unknown as NodeTable;
    this.desk = new PermitDesk({
      clock: this.time.clock,
      logger: silentLogger,
      fleet: {
        takePermit: async () => {
          this.taken += 1;
          if (this.lost) throw new StoreUnavailableError("take permit", new Error("reply lost"));
          return this.outcome;
        },
        permit: async () => this.holder,
        freePermit: async ({ incident, token }) => {
          this.freed.push(`${incident} of ${token}`);
        },
      },
      table,
      runners: new Map([[SHARD, runner]]),
      rate: { max: 10, within: durationMs(10_000) },
      discounted: () => this.discounted,
      fleetNodes: () => this.nodes,
    });
  }

  /** The node's tick asks, and the store's answer arrives. */
  async ask(): Promise<void> {
    await this.turn();
    this.desk.ask(NODE, this.declared.id);
    await this.turn();
  }

  async turn(): Promise<void> {
    this.desk.turn();
    await this.settle();
  }

  async settle(): Promise<void> {
    await new Promise<void>((done) => {
      setImmediate(done);
    });
  }
}

const left = (by: number, incident: IncidentId = OTHER): PermitHolder => {
  return { incident, shard: SHARD, token: token(by) };
};

test("an answer is void when this process stalled since the question, and is asked for again", async () => {
  const made = new Fixture();
  await made.ask();
  made.discounted += 51;
  assert.equal(made.desk.takeAnswers(), []);
  await made.ask();
  assert.equal(
    made.desk.takeAnswers().map(({ event }) => event.outcome),
    ["granted"],
  );
  assert.is(made.taken, 2);
});

test("who asked again while the answer was under way, and was committed with it, takes no second one", async () => {
  const made = new Fixture();
  await made.turn();
  made.desk.ask(NODE, made.declared.id);
  made.desk.turn();
  made.desk.ask(NODE, made.declared.id);
  await made.settle();
  made.incidents = [{ ...made.declared, phase: "committed" }];
  await made.turn();
  made.desk.onPersisted(made.incidents);
  await made.turn();
  assert.equal([made.taken, made.freed], [1, [`${made.declared.id} of 7`]]);
});

test("a permit that was left behind in a shard of ours is given back", async () => {
  const made = new Fixture();
  made.outcome = { kind: "taken", by: left(6) };
  await made.ask();
  await made.turn();
  assert.equal(made.freed, [`${OTHER} of 6`]);
});

test("a permit that a later owner took is not given back by the former one", async () => {
  const made = new Fixture();
  made.outcome = { kind: "taken", by: left(8) };
  await made.ask();
  await made.turn();
  assert.equal(made.freed, []);
});

test("a permit whose incident is over is given back by the shard's next owner, which asks for none", async () => {
  const made = new Fixture();
  made.holder = left(6);
  await made.turn();
  await made.turn();
  await made.turn();
  assert.equal(made.freed, [`${OTHER} of 6`]);
});

test("the permit of a declaration that was taken over is given back when that is retracted", async () => {
  const made = new Fixture();
  made.holder = left(6, made.declared.id);
  for (let at = 0; at < 5; at++) await made.turn();
  assert.equal(made.freed, []);
  made.incidents = [];
  await made.turn();
  await made.turn();
  assert.equal(made.freed, [`${made.declared.id} of 6`]);
});

test("a small fleet's next owner keeps the permit of an unproven commit, until it is proven", async () => {
  const made = new Fixture();
  made.nodes = 4;
  made.incidents = [{ ...made.declared, phase: "committed", grade: 1 }];
  made.holder = left(6, made.declared.id);
  for (let at = 0; at < 5; at++) await made.turn();
  assert.equal(made.freed, []);
  made.incidents = [{ ...made.declared, phase: "committed", grade: 5 }];
  await made.turn();
  await made.turn();
  assert.equal(made.freed, [`${made.declared.id} of 6`]);
});

test("a permit whose reply was lost, and which nobody asks for again, is given back", async () => {
  const made = new Fixture();
  made.lost = true;
  await made.ask();
  await made.time.advance(durationMs(2_100));
  await made.turn();
  await made.turn();
  assert.equal(made.freed, [`${made.declared.id} of 7`]);
});

test.run();
