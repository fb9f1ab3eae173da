/** From the read side's nodes to the API's. */

import { refusalOf } from "../../core/decision.ts";
import { CORE_VERSION, readDecision } from "../../core/decision-text.ts";
import type { IncidentRecord } from "../../core/incident.ts";
import { isOpen } from "../../core/incident.ts";
import type { ConditionRecord, NodeRecord } from "../../core/node-record.ts";
import { type IncidentIdOf, replayText } from "../../core/replay.ts";
import type { DeviceTestView, NodeView } from "../../ports/fleet-view.ts";
import type { HistoryEntry } from "../../ports/shard-store.ts";
import type {
  ConditionDto,
  FencingDto,
  HistoryDto,
  NodeDetail,
  NodeRow,
  RefusalDto,
} from "./dto.ts";
import { isoTime } from "./iso-time.ts";
import { toIncidentRow, toReplayedDecision } from "./map-incident.ts";
import { STREAM_FLAGS, STREAM_STATES, type StreamNode } from "./stream-dto.ts";

export function problemCount(conditions: readonly ConditionRecord[]): number {
  let count = 0;
  for (const condition of conditions) if (condition.status !== "ok") count += 1;
  return count;
}

export function toNodeRow(view: NodeView): NodeRow {
  const { record } = view;
  return {
    id: record.id,
    hostname: record.hostname,
    address: record.address,
    state: record.state,
    stateSince: isoTime(record.stateSince),
    stateReason: record.stateReason,
    labels: record.labels,
    shard: view.shard,
    owner: view.owner,
    live: view.live,
    connected: view.connected,
    lastHeartbeatAgeMs: rounded(view.lastHeartbeatAge),
    lastSeenAt: isoTime(record.lastSeenAt),
    agentVersion: record.agentVersion,
    problems: problemCount(record.conditions),
    openIncidents: view.openIncidents,
    shadow: record.shadow,
    retired: record.retired,
    asOf: isoTime(view.asOf),
  };
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}

export function toNodeDetail(
  view: NodeView,
  incidents: readonly IncidentRecord[],
  history: readonly HistoryEntry[],
  idOf: IncidentIdOf,
): NodeDetail {
  const { record } = view;
  const open = incidents.filter((each) => each.node === record.id && isOpen(each.phase));
  return {
    ...toNodeRow(view),
    networks: record.networks,
    bootId: record.bootId,
    hardwareId: record.hardwareId,
    processId: record.processId,
    incarnation: record.incarnation,
    sessionEpoch: record.sessionEpoch,
    acknowledgedTransition: record.acknowledgedTransition,
    heartbeatIntervalMs: record.heartbeatIntervalMs,
    registeredAt: isoTime(record.registeredAt),
    ownLagMs: rounded(view.ownLagMs),
    kernelProbe: {
      lastAnswerAgeMs: rounded(view.kernelProbe.lastAnswerAge),
      lastOutcome: view.kernelProbe.lastOutcome,
    },
    fencing: toFencing(view.fenceDevices),
    conditions: record.conditions.map((condition) => toCondition(condition, open)),
    refusal: toRefusal(record, idOf),
    incidents: open.map(toIncidentRow),
    history: history.map(toHistory),
    inventory: parseStored(record.inventoryJson),
  };
}

function toFencing(devices: readonly DeviceTestView[] | null): FencingDto {
  if (devices === null) return { possible: null, devices: [] };
  return {
    possible: devices.some((one) => one.state === "tested"),
    devices: devices.map((one) => ({
      ...one,
      testedAt: one.testedAt === null ? null : isoTime(one.testedAt),
    })),
  };
}

function toRefusal(record: NodeRecord, idOf: IncidentIdOf): RefusalDto | null {
  const refusal = refusalOf(record);
  if (refusal === null) return null;
  const read = readDecision(refusal.decision);
  // Nothing is known of the shape that another version gives it.
  const known = read.kind === "ok" && read.decision.core === CORE_VERSION;
  const outcome = known ? read.decision.outcome : null;
  return {
    at: isoTime(refusal.at),
    because: outcome?.kind === "refused" ? outcome.because : "",
    replay: toReplayedDecision(replayText(refusal.decision, null, idOf)),
  };
}

function toCondition(condition: ConditionRecord, open: readonly IncidentRecord[]): ConditionDto {
  const incident =
    open.find(
      (each) =>
        each.origin === `condition:${condition.monitor}` && each.subject === condition.subject,
    ) ?? null;
  return {
    monitor: condition.monitor,
    subject: condition.subject,
    status: condition.status,
    class: condition.failureClass,
    reason: condition.reason,
    message: condition.message,
    since: isoTime(condition.since),
    transition: condition.transition,
    attributes: condition.attributes,
    why: whyOf(condition, incident),
    incident: incident?.id ?? null,
  };
}

function whyOf(condition: ConditionRecord, incident: IncidentRecord | null): string {
  const subject = condition.subject === "" ? "the node" : condition.subject;
  const seen = `monitor ${condition.monitor} on ${subject}: ${condition.reason}`;
  switch (condition.status) {
    case "ok":
      return `${seen}; it is over and its incident is being closed.`;
    case "unknown":
      return `${seen}; the monitor could not tell, which is never taken as health.`;
    case "problem":
      return incident === null
        ? `${seen}; it is a ${condition.failureClass} that opened no incident (policy, maintenance or thresholds).`
        : `${seen}; it feeds incident ${incident.id}, ${incident.phase} as ${incident.failureClass}.`;
  }
}

export function toHistory(entry: HistoryEntry): HistoryDto {
  return { at: isoTime(entry.at), kind: entry.kind, detail: parseStored(entry.json) };
}

/** Stored JSON; what cannot be read is shown as the text it is. */
export function parseStored(json: string): unknown {
  if (json === "") return null;
  try {
    return JSON.parse(json) as unknown;
  } catch {
    // Shown as text: a damaged record is still worth reading.
    return json;
  }
}

const STATE_NUMBER: ReadonlyMap<string, number> = new Map(
  STREAM_STATES.map((name, index) => [name, index]),
);

export function toStreamNode(view: NodeView): StreamNode {
  const { record } = view;
  const { labels } = record;
  const flags =
    (view.live ? STREAM_FLAGS.live : 0) |
    (view.connected === true ? STREAM_FLAGS.connected : 0) |
    (record.shadow ? STREAM_FLAGS.shadow : 0) |
    (record.retired ? STREAM_FLAGS.retired : 0);
  return [
    record.id,
    record.hostname,
    STATE_NUMBER.get(record.state) ?? 0,
    record.stateSince,
    labels["az"] ?? "",
    labels["row"] ?? "",
    labels["rack"] ?? "",
    labels["role"] ?? "",
    view.shard,
    flags,
    problemCount(record.conditions),
    view.openIncidents.length,
  ];
}
