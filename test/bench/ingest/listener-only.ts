/** The aggregator's listener with an observer that does nothing: its own cost, without detection. */

import { createThrowAwayCa } from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { WsAgentListener } from "@herdbeat/aggregator/adapters/ws/agent-listener";
import { StreamServer, type StreamTls } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type { AgentHello, AgentSession } from "@herdbeat/aggregator/ports/agent-listener";
import type { AggregatorId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";

/** Acknowledges every n-th heartbeat; 0 = none. */
const ackEvery = Number(process.env["ACK_EVERY"] ?? 0);
/** A folder with a throw-away CA: the listener then speaks mutual TLS. */
const tlsDir = process.env["TLS_DIR"];
const clock = systemClock;

async function throwAwayTls(dir: string): Promise<StreamTls> {
  const authority = await createThrowAwayCa(dir, clock);
  const identity = await authority.issueAggregator("bench" as AggregatorId, ["127.0.0.1"]);
  return { ca: authority.certificatePem, ...identity };
}

const server = new StreamServer({
  host: "0.0.0.0",
  port: 0,
  tls: tlsDir === undefined ? null : await throwAwayTls(tlsDir),
  clock,
  logger: silentLogger,
});
const listener = new WsAgentListener({
  server,
  clock,
  aggregatorId: "bench",
  aggregatorVersion: "0",
  clusterId: () => "bench",
});
let nodes = 0;
let applied = 0;
await listener.start({
  onHello(session: AgentSession, hello: AgentHello): void {
    session.node = nodes;
    nodes += 1;
    session.welcome({
      incarnation: (hello.incarnation + 1) as Incarnation,
      sessionEpoch: (hello.sessionEpoch + 1) as SessionEpoch,
      heartbeatInterval: hello.heartbeatInterval,
      acknowledgedTransition: 0,
      nodeId: hello.nodeId,
    });
  },
  onHeartbeat(session: AgentSession, sequence: number): void {
    applied += 1;
    if (ackEvery > 0 && sequence % ackEvery === 0) session.ackHeartbeat(sequence, durationMs(0));
  },
  onConditions(): void {},
  onEvent(): void {},
  onWitnessReport(): void {},
  onGoodbye(): void {},
  onClosed(): void {},
});
console.log(JSON.stringify({ listening: listener.endpoint().replace("0.0.0.0", "127.0.0.1") }));
process.once("SIGTERM", () => {
  console.log(JSON.stringify({ applied, connections: listener.connections, ...listener.counters }));
  process.exit(0);
});
