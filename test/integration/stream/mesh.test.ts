import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { createThrowAwayCa } from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { WsMesh } from "@herdbeat/aggregator/adapters/ws/mesh/ws-mesh";
import { StreamServer, type StreamTls } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type {
  CensusAnswer,
  MeshListener,
  MeshPulse,
  PeerGone,
} from "@herdbeat/aggregator/ports/mesh";
import type { AggregatorId, FencingToken, IncidentId, NodeId, ShardId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { type Clock, durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import { StreamClient } from "../../support/stream-client.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { nodeArguments } from "../../tools/run-tests.mjs";

const test = suite("mesh");

class Recorder implements MeshListener {
  readonly connected: string[] = [];
  readonly pulses: (readonly [string, MeshPulse])[] = [];
  readonly notices: unknown[] = [];
  readonly questions: number[] = [];
  readonly answers: CensusAnswer[] = [];
  readonly gone: (readonly [string, PeerGone])[] = [];
  onPeerConnected(peer: AggregatorId): void {
    this.connected.push(peer);
  }
  onPulse(peer: AggregatorId, pulse: MeshPulse): void {
    this.pulses.push([peer, pulse]);
  }
  onGeneration(peer: AggregatorId, notice: unknown): void {
    this.notices.push([peer, notice]);
  }
  onDisarm(peer: AggregatorId, notice: unknown): void {
    this.notices.push([peer, notice]);
  }
  onCensusQuestion(_peer: AggregatorId, question: number): void {
    this.questions.push(question);
  }
  onCensusAnswer(_peer: AggregatorId, answer: CensusAnswer): void {
    this.answers.push(answer);
  }
  onPeerGone(peer: AggregatorId, how: PeerGone): void {
    this.gone.push([peer, how]);
  }
}

interface Member {
  readonly id: AggregatorId;
  readonly mesh: WsMesh;
  readonly server: StreamServer;
  readonly seen: Recorder;
  readonly endpoint: string;
}

const members: Member[] = [];
const processes: TrackedProcess[] = [];

test.after.each(async () => {
  for (const { mesh, server } of members.splice(0)) {
    await mesh.stop();
    await server.stop();
  }
  for (const started of processes.splice(0)) await started.stop(0);
});

async function member(
  id: string,
  options: { readonly tls?: StreamTls; readonly clock?: Clock; readonly cluster?: string } = {},
): Promise<Member> {
  const clock = options.clock ?? systemClock;
  const tls = options.tls ?? null;
  const logger = silentLogger;
  const server = new StreamServer({ host: "127.0.0.1", port: 0, tls, clock, logger });
  const clusterId = (): string => options.cluster ?? "c-1";
  const mesh = new WsMesh({
    server,
    tls: () => tls,
    clock,
    random: systemRandom,
    logger,
    clusterId,
  });
  const seen = new Recorder();
  await mesh.start(id as AggregatorId, seen);
  const made = { id: id as AggregatorId, mesh, server, seen, endpoint: server.endpoint() };
  members.push(made);
  return made;
}

async function child(
  id: string,
  ...peers: readonly Member[]
): Promise<{
  readonly id: AggregatorId;
  readonly endpoint: string;
  readonly started: TrackedProcess;
}> {
  const script = fileURLToPath(new URL("../../support/mesh-process.ts", import.meta.url));
  const args = peers.map((peer) => `${peer.id}=${peer.endpoint}`);
  const started = startProcess(process.execPath, [...nodeArguments(), script, id, ...args]);
  processes.push(started);
  const endpoint = await eventually(() => /endpoint=(\S+)/.exec(started.output())?.[1], {
    withinMs: 15_000,
  });
  return { id: id as AggregatorId, endpoint, started };
}

const PULSE: MeshPulse = {
  ownedShards: [
    {
      shard: 3 as ShardId,
      token: 1_763_635_200_123 as FencingToken,
      generation: { id: "g1", version: 5 },
    },
  ],
  storeWriteAge: durationMs(120),
  lostTimePermille: 3,
};

test("two members connect and hear each other, whoever is told first", async () => {
  const a = await member("agg-a");
  const b = await member("agg-b");
  b.mesh.setPeers([a, b]);
  a.mesh.setPeers([a, b]);
  await eventually(() => a.mesh.isConnected(b.id) && b.mesh.isConnected(a.id));
  a.mesh.broadcastPulse(PULSE);
  b.mesh.broadcastPulse({ ...PULSE, ownedShards: [] });
  const notice = {
    shard: 3 as ShardId,
    generation: { id: "g1", version: 6 },
    incident: "f".repeat(32) as IncidentId,
  };
  assert.is(a.mesh.broadcastGeneration(notice), 1);
  a.mesh.broadcastDisarm({ disarmed: true, by: "me", reason: "why" });
  a.mesh.askCensus(9);
  await eventually(() => b.seen.questions.length === 1 && a.seen.pulses.length === 1);
  const answer: CensusAnswer = {
    question: 9,
    domains: [{ domain: "rack=r1", nodes: 4, overdue: 1, suspect: 0, declared: 0 }],
    shards: [1 as ShardId],
  };
  b.mesh.answerCensus(a.id, answer);
  await eventually(() => a.seen.answers.length === 1);
  assert.equal(b.seen.pulses, [[a.id, PULSE]]);
  assert.equal(b.seen.notices, [
    [a.id, notice],
    [a.id, { disarmed: true, by: "me", reason: "why" }],
  ]);
  assert.equal([a.seen.answers, a.seen.connected, b.seen.connected], [[answer], [b.id], [a.id]]);
});

for (const [own, other] of [
  ["agg-a", "agg-b"],
  ["agg-b", "agg-a"],
] as const) {
  test(`${own} learns that the process of ${other} was killed`, async () => {
    const self = await member(own);
    const peer = await child(other, self);
    self.mesh.setPeers([peer]);
    await eventually(() => self.mesh.isConnected(peer.id));
    process.kill(peer.started.pid, "SIGKILL");
    await eventually(() => self.seen.gone.length > 0);
    assert.equal(self.seen.gone, [[other, "closed-and-refused"]]);
    assert.not(self.mesh.isConnected(peer.id));
  });
}

test("a peer that closes the link but still listens is only lost, and comes back", async () => {
  const a = await member("agg-a");
  const b = await member("agg-b");
  a.mesh.setPeers([b]);
  b.mesh.setPeers([a]);
  await eventually(() => b.mesh.isConnected(a.id));
  b.mesh.setPeers([]);
  await eventually(() => a.seen.gone.length === 1);
  assert.equal(a.seen.gone, [[b.id, "lost"]]);
  await eventually(() => a.seen.connected.length === 2);
});

test("a peer that says nothing any more is only lost", async () => {
  let now = 0;
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => systemClock.wallNow() };
  const self = await member("agg-a", { clock });
  const peer = await child("agg-b", self);
  self.mesh.setPeers([peer]);
  await eventually(() => self.mesh.isConnected(peer.id));
  process.kill(peer.started.pid, "SIGSTOP");
  await eventually(
    () => {
      now += 100;
      return self.seen.gone.length > 0;
    },
    { withinMs: 15_000, everyMs: 50 },
  );
  assert.equal(self.seen.gone, [[peer.id, "lost"]]);
});

test("our own stall loses no peer", async () => {
  let now = 0;
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => systemClock.wallNow() };
  const a = await member("agg-a", { clock });
  const b = await member("agg-b");
  a.mesh.setPeers([b]);
  await eventually(() => a.mesh.isConnected(b.id));
  now += 60_000;
  b.mesh.broadcastPulse(PULSE);
  await eventually(() => a.seen.pulses.length === 1);
  assert.equal([a.seen.gone, a.mesh.isConnected(b.id)], [[], true]);
});

test("members of different clusters do not connect", async () => {
  const a = await member("agg-a", { cluster: "c-1" });
  const b = await member("agg-b", { cluster: "c-2" });
  a.mesh.setPeers([b]);
  await eventually(() => b.server.counters.accepted > 1);
  assert.equal([a.seen.connected, b.seen.connected], [[], []]);
});

test("keeps dialing a peer that is not there yet", async () => {
  const a = await member("agg-a");
  const reserved = createServer().listen(0, "127.0.0.1");
  await eventually(() => reserved.listening);
  const { port } = reserved.address() as { port: number };
  await new Promise((resolve) => reserved.close(resolve));
  a.mesh.setPeers([{ id: "agg-b" as AggregatorId, endpoint: `ws://127.0.0.1:${port}` }]);
  const b = await member("agg-b");
  a.mesh.setPeers([]);
  a.mesh.setPeers([b]);
  await eventually(() => a.mesh.isConnected(b.id));
  assert.equal(a.seen.gone, []);
});

test("with certificates, members are who the certificates name", async () => {
  const authority = await createThrowAwayCa(makeTempDir("mesh-ca").path, systemClock);
  const ca = authority.certificatePem;
  const tlsOf = async (id: string): Promise<StreamTls> => ({
    ca,
    ...(await authority.issueAggregator(id as AggregatorId, ["somewhere.example"])),
  });
  const a = await member("agg-a", { tls: await tlsOf("agg-a") });
  const b = await member("agg-b", { tls: await tlsOf("agg-b") });
  const impostor = await member("agg-0", { tls: await tlsOf("agg-x") });
  impostor.mesh.setPeers([b]);
  a.mesh.setPeers([b, { id: "agg-z" as AggregatorId, endpoint: b.endpoint }]);
  await eventually(() => a.mesh.isConnected(b.id));
  await eventually(() => b.server.counters.accepted >= 4);
  assert.equal(b.seen.connected, [a.id]);
  assert.equal(a.seen.connected, [b.id]);
  const node = { ca, ...(await authority.issueNode("node-1" as NodeId)) };
  const client = new StreamClient(b.endpoint, {
    path: "/mesh/v1",
    tls: { ...node, checkServerIdentity: () => undefined },
  });
  await client.untilClosed();
  assert.equal(b.seen.connected, [a.id]);
});

test.run();
