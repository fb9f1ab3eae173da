import { createThrowAwayCa } from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { WsMesh } from "@herdbeat/aggregator/adapters/ws/mesh/ws-mesh";
import { StreamServer, type StreamTls } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type { AggregatorId, NodeId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { type Clock, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { MeshRecorder, PULSE } from "../../support/mesh-recorder.ts";
import { StreamClient } from "../../support/stream-client.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("mesh");

interface Member {
  readonly id: AggregatorId;
  readonly mesh: WsMesh;
  readonly server: StreamServer;
  readonly seen: MeshRecorder;
  readonly endpoint: string;
}

const members: Member[] = [];

test.after.each(async () => {
  for (const { mesh, server } of members.splice(0)) {
    await mesh.stop();
    await server.stop();
  }
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
  const seen = new MeshRecorder();
  await mesh.start(id as AggregatorId, seen);
  const made = { id: id as AggregatorId, mesh, server, seen, endpoint: server.endpoint() };
  members.push(made);
  return made;
}

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
