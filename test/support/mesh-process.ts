// An aggregator's mesh in a process of its own. Arguments: own id, then id=endpoint of peers.

import { WsMesh } from "@herdbeat/aggregator/adapters/ws/mesh/ws-mesh";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type { MeshListener } from "@herdbeat/aggregator/ports/mesh";
import type { AggregatorId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";

const [self = "", ...peers] = process.argv.slice(2);
const server = new StreamServer({
  host: "127.0.0.1",
  port: 0,
  tls: null,
  clock: systemClock,
  logger: silentLogger,
});
const mesh = new WsMesh({
  server,
  tls: () => null,
  clock: systemClock,
  random: systemRandom,
  logger: silentLogger,
  clusterId: () => "c-1",
});
const nothing = (): void => {};
const listener: MeshListener = {
  onPeerConnected: nothing,
  onPulse: nothing,
  onGeneration: nothing,
  onDisarm: nothing,
  onCensusQuestion: (peer, question) =>
    mesh.answerCensus(peer, { question, domains: [], shards: [] }),
  onCensusAnswer: nothing,
  onPeerGone: nothing,
};
await mesh.start(self as AggregatorId, listener);
mesh.setPeers(
  peers.map((peer) => {
    const [id = "", endpoint = ""] = peer.split("=");
    return { id: id as AggregatorId, endpoint };
  }),
);
console.log(`endpoint=${server.endpoint()}`);
