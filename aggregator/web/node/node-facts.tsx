/** The facts beside a node: signs of life first, identity after. */
import type { JSX } from "preact";
import type { NodeDetail } from "../api/dto.ts";
import { Fact, Facts } from "../parts/facts.tsx";
import { Instant } from "../parts/time.tsx";
import { now } from "../state/clock.ts";
import { formatDuration } from "../words/duration.ts";

export interface NodeFactsProps {
  readonly detail: NodeDetail;
  /** On the page's clock; ages grow from here. */
  readonly arrivedAt: number;
  readonly known: boolean;
}

export function NodeFacts({ detail, arrivedAt, known }: NodeFactsProps): JSX.Element {
  const grown = Math.max(0, now.value - arrivedAt);
  const age = (ageMs: number | null): string =>
    ageMs === null || !known ? "unknown" : `${formatDuration(ageMs + grown)} ago`;
  return (
    <>
      <h2>Signs of life</h2>
      <Facts>
        <Fact name="Last heartbeat">
          <span class="num">{age(detail.lastHeartbeatAgeMs)}</span>
          {detail.lastHeartbeatAgeMs === null && known && !detail.live && (
            <span class="muted block">another aggregator owns this node</span>
          )}
        </Fact>
        <Fact name="Stream">{known ? streamWords(detail.connected) : "unknown"}</Fact>
        <Fact name="Kernel probe">
          {detail.kernelProbe.lastOutcome === "" ? "not yet asked" : detail.kernelProbe.lastOutcome}
          {detail.kernelProbe.lastAnswerAgeMs !== null && (
            <span class="muted block num">
              last answer {age(detail.kernelProbe.lastAnswerAgeMs)}
            </span>
          )}
        </Fact>
        <Fact name="Fencing">{fencingWords(detail.fencing)}</Fact>
        <Fact name="Agent's own lag">
          {detail.ownLagMs === null || !known ? "unknown" : `${detail.ownLagMs} ms`}
        </Fact>
        <Fact name="Seen last">
          <Instant at={detail.lastSeenAt} />
        </Fact>
      </Facts>
      <Labels labels={detail.labels} />
      <h2>Identity</h2>
      <Facts>
        <Fact name="Node id">
          <code>{detail.id}</code>
        </Fact>
        <Fact name="Address">{detail.address}</Fact>
        {detail.networks.map((network) => (
          <Fact key={network.role + network.interface} name={`Network ${network.role}`}>
            {network.interface} {network.addresses.join(", ")}
          </Fact>
        ))}
        <Fact name="Agent version">{detail.agentVersion}</Fact>
        <Fact name="Heartbeat every">{formatDuration(detail.heartbeatIntervalMs)}</Fact>
        <Fact name="Boot id">
          <code>{detail.bootId}</code>
        </Fact>
        <Fact name="Incarnation">
          <code>{detail.incarnation}</code>
        </Fact>
        <Fact name="Session epoch">{detail.sessionEpoch}</Fact>
        <Fact name="Hardware id">
          <code>{detail.hardwareId || "not told"}</code>
        </Fact>
        <Fact name="Shard">
          {detail.shard}, {detail.owner === null ? "owned by nobody" : `owned by ${detail.owner}`}
        </Fact>
        <Fact name="Registered">
          <Instant at={detail.registeredAt} />
        </Fact>
      </Facts>
    </>
  );
}

function fencingWords({ possible, devices }: NodeDetail["fencing"]): string {
  if (possible === null) return "unknown here";
  if (devices.length === 0) return "impossible: no device covers it";
  const each = devices.map((one) => `${one.device} ${one.state}`).join(", ");
  return `${possible ? "possible" : "impossible"}: ${each}`;
}

function streamWords(connected: boolean | null): string {
  if (connected === null) return "unknown here";
  return connected ? "connected" : "closed";
}

function Labels({
  labels,
}: {
  readonly labels: Readonly<Record<string, string>>;
}): JSX.Element | null {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return null;
  return (
    <>
      <h2>Labels</h2>
      <Facts>
        {entries.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
    </>
  );
}
