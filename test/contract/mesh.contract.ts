/** What every mesh must do; run against the one over WebSockets and the simulated one. */
import type { CensusAnswer, Mesh } from "@herdbeat/aggregator/ports/mesh";
import type { AggregatorId, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type MeshRecorder, PULSE } from "../support/mesh-recorder.ts";
import type { Suite } from "../support/suite.ts";

export interface MeshMember {
  readonly id: AggregatorId;
  readonly endpoint: string;
  readonly mesh: Mesh;
  readonly seen: MeshRecorder;
}

/** A member in a process of its own, which can be killed and stopped from outside. */
export interface MeshProcess {
  readonly id: AggregatorId;
  readonly endpoint: string;
  kill(): void;
  /** It does nothing any more; its kernel still does. */
  freeze(): void;
}

export interface MeshBackend {
  member(id: string): Promise<MeshMember>;
  process(id: string, peers: readonly MeshMember[]): Promise<MeshProcess>;
  until(condition: () => boolean): Promise<void>;
  /** An endpoint of this name at which nobody listens yet. */
  futureEndpoint(id: string): Promise<string>;
}

export type GivenMesh = () => Promise<MeshBackend>;

export function meshContract(test: Suite, given: GivenMesh): void {
  messagesContract(test, given);
  endsContract(test, given);
  dialingContract(test, given);
}

async function pair(
  backend: MeshBackend,
): Promise<{ readonly a: MeshMember; readonly b: MeshMember }> {
  const a = await backend.member("agg-a");
  const b = await backend.member("agg-b");
  b.mesh.setPeers([a, b]);
  a.mesh.setPeers([a, b]);
  await backend.until(() => a.mesh.isConnected(b.id) && b.mesh.isConnected(a.id));
  return { a, b };
}

function messagesContract(test: Suite, given: GivenMesh): void {
  test("two members connect and hear each other, in order", async () => {
    const backend = await given();
    const { a, b } = await pair(backend);
    a.mesh.broadcastPulse(PULSE);
    b.mesh.broadcastPulse({ ...PULSE, ownedShards: [] });
    const generation = { id: "g1", version: 6 };
    const notice = {
      shard: 3 as ShardId,
      generation,
      incident: "f".repeat(32) as IncidentId,
    };
    const disarm = { disarmed: true, by: "me", reason: "why" };
    assert.is(a.mesh.broadcastGeneration(notice), 1);
    a.mesh.broadcastDisarm(disarm);
    a.mesh.askCensus(9);
    await backend.until(() => b.seen.questions.length === 1 && a.seen.pulses.length === 1);
    assert.equal(b.seen.pulses, [[a.id, PULSE]]);
    assert.equal(b.seen.notices, [
      [a.id, notice],
      [a.id, disarm],
    ]);
    assert.equal(b.seen.questions, [[a.id, 9]]);
    assert.equal(a.seen.pulses, [[b.id, { ...PULSE, ownedShards: [] }]]);
    assert.equal([a.seen.connected, b.seen.connected], [[b.id], [a.id]]);
  });

  test("an answer goes to the one who asked", async () => {
    const backend = await given();
    const { a, b } = await pair(backend);
    const answer: CensusAnswer = {
      question: 9,
      domains: [
        {
          domain: "rack=r1",
          nodes: 4,
          overdue: 1,
          suspect: 0,
          declared: 0,
          lead: "hv-1" as NodeId,
          told: true,
        },
      ],
      shards: [1 as ShardId],
    };
    b.mesh.answerCensus(a.id, answer);
    await backend.until(() => a.seen.answers.length === 1);
    assert.equal([a.seen.answers, b.seen.answers], [[[b.id, answer]], []]);
  });

  test("what is said to nobody reaches nobody", async () => {
    const backend = await given();
    const alone = await backend.member("agg-a");
    const stranger = "agg-b" as AggregatorId;
    const notice = {
      shard: 3 as ShardId,
      generation: { id: "g1", version: 6 },
      incident: "f".repeat(32) as IncidentId,
    };
    alone.mesh.broadcastPulse(PULSE);
    alone.mesh.askCensus(1);
    alone.mesh.answerCensus(stranger, { question: 1, domains: [], shards: [] });
    assert.is(alone.mesh.broadcastGeneration(notice), 0);
    assert.not(alone.mesh.isConnected(stranger));
  });
}

function endsContract(test: Suite, given: GivenMesh): void {
  for (const [own, other] of [
    ["agg-a", "agg-b"],
    ["agg-b", "agg-a"],
  ] as const) {
    test(`${own} learns that the process of ${other} was killed`, async () => {
      const backend = await given();
      const self = await backend.member(own);
      const peer = await backend.process(other, [self]);
      self.mesh.setPeers([peer]);
      await backend.until(() => self.mesh.isConnected(peer.id));
      peer.kill();
      await backend.until(() => self.seen.gone.length > 0);
      assert.equal(self.seen.gone, [[other, "closed-and-refused"]]);
      assert.not(self.mesh.isConnected(peer.id));
    });

    test(`${own} only loses ${other} when that does nothing any more`, async () => {
      const backend = await given();
      const self = await backend.member(own);
      const peer = await backend.process(other, [self]);
      self.mesh.setPeers([peer]);
      await backend.until(() => self.mesh.isConnected(peer.id));
      peer.freeze();
      await backend.until(() => self.seen.gone.length > 0);
      assert.equal(self.seen.gone, [[peer.id, "lost"]]);
    });
  }

  test("a peer that closes the link but still listens is only lost, and comes back", async () => {
    const backend = await given();
    const { a, b } = await pair(backend);
    b.mesh.setPeers([]);
    await backend.until(() => a.seen.gone.length === 1);
    assert.equal(a.seen.gone, [[b.id, "lost"]]);
    await backend.until(() => a.seen.connected.length === 2);
  });

  test("tells nothing after it was stopped", async () => {
    const backend = await given();
    const { a, b } = await pair(backend);
    await a.mesh.stop();
    await backend.until(() => b.seen.gone.length === 1);
    b.mesh.broadcastPulse(PULSE);
    assert.equal([a.seen.gone, a.seen.pulses], [[], []]);
  });
}

function dialingContract(test: Suite, given: GivenMesh): void {
  test("keeps dialing a peer that is not there yet", async () => {
    const backend = await given();
    const a = await backend.member("agg-a");
    const endpoint = await backend.futureEndpoint("agg-b");
    a.mesh.setPeers([{ id: "agg-b" as AggregatorId, endpoint }]);
    const b = await backend.member("agg-b");
    a.mesh.setPeers([]);
    a.mesh.setPeers([b]);
    await backend.until(() => a.mesh.isConnected(b.id));
    assert.equal(a.seen.gone, []);
  });

  test("three members are all connected", async () => {
    const backend = await given();
    const all = await Promise.all(["agg-a", "agg-b", "agg-c"].map((id) => backend.member(id)));
    for (const { mesh } of all) mesh.setPeers(all);
    await backend.until(() =>
      all.every((one) => all.every((other) => one === other || one.mesh.isConnected(other.id))),
    );
    for (const { id, seen } of all)
      assert.equal(
        [...seen.connected].sort(),
        all.map((one) => one.id).filter((one) => one !== id),
      );
  });
}
