/** Twenty made-up nodes in two zones and four racks, in every state that the dashboard shows. */
import type {
  ConditionRecord,
  NodeRecord,
  NodeStateName,
} from "@herdbeat/aggregator/core/node-record";
import type { NodeView } from "@herdbeat/aggregator/ports/fleet-view";
import {
  type AggregatorId,
  type BootId,
  type Incarnation,
  type IncidentId,
  type NodeId,
  type SessionEpoch,
  shardOf,
} from "@herdbeat/shared/ids";
import { durationMs, type UnixMs, unixMs } from "@herdbeat/shared/time";

export const FIXTURE_SELF = "agg-1" as AggregatorId;
export const FIXTURE_PEER = "agg-2" as AggregatorId;
/** 2026-01-15T10:00:00Z: fixtures do not depend on today. */
export const FIXTURE_START: UnixMs = unixMs(1_768_471_200_000);

const STATES: Readonly<Record<number, readonly [state: NodeStateName, reason: string]>> = {
  3: ["suspect", "no heartbeat for 1.7 s; witnesses were asked"],
  7: ["declared", "no heartbeat for 2.4 s and no answer on any network"],
  8: ["committed", "power-off confirmed by the fence agent"],
  11: ["agent-down", "its stream closed while its kernel answers"],
  12: ["agent-stalled", "no heartbeat for 40 s while its kernel answers"],
  14: ["left", "said goodbye: upgrade"],
  17: ["awaited", "its shard changed owner 3 s ago"],
  19: ["unseen", "registered, and not seen since the store was lost"],
};

export function fixtureNodeId(index: number): NodeId {
  return `hv-${String(index).padStart(2, "0")}` as NodeId;
}

export function fixtureBootId(index: number): BootId {
  return `0000000${index % 10}-aaaa-4bbb-8ccc-${String(index).padStart(12, "0")}` as BootId;
}

function labelsOf(index: number): Readonly<Record<string, string>> {
  const az = index < 10 ? "az1" : "az2";
  const rack = `r${Math.floor(index / 5) + 1}`;
  return {
    az,
    row: `row-${az}`,
    rack,
    role: index % 10 === 0 ? "controller" : "compute",
    pdu: `${rack}-a`,
  };
}

const CONDITIONS: Readonly<Record<number, readonly ConditionRecord[]>> = {
  2: [
    condition("libvirt-daemon", "", "problem", "libvirt-hung", "NoAnswer", 12_000, {}),
    condition("libvirt-guests", "", "unknown", "libvirt-hung", "CannotAsk", 12_000, {}),
  ],
  5: [
    condition(
      "guest-state",
      "6f1e2d3c-0000-4000-8000-000000000005",
      "problem",
      "guest-crashed",
      "Crashed",
      90_000,
      {
        name: "web-1",
        project: "shop",
        flavor: "m1.large",
      },
    ),
  ],
  13: [
    condition("network-link", "ens1f1", "problem", "nic-down", "NoCarrier", 300_000, {
      network: "tenant",
    }),
    condition("memory-pressure", "", "ok", "host-degraded", "Relieved", 20_000, {}),
  ],
};

function condition(
  monitor: string,
  subject: string,
  status: ConditionRecord["status"],
  failureClass: string,
  reason: string,
  ago: number,
  attributes: Readonly<Record<string, string>>,
): ConditionRecord {
  const message = `${monitor}: ${reason} on ${subject === "" ? "the node" : subject}`;
  const since = unixMs(FIXTURE_START - ago);
  return {
    monitor,
    subject,
    status,
    failureClass,
    reason,
    message,
    since,
    transition: 4,
    attributes,
  };
}

export function fixtureRecord(index: number): NodeRecord {
  const [state, stateReason] = STATES[index] ?? ["alive", "heartbeats arrive"];
  const id = fixtureNodeId(index);
  const address = `10.0.${Math.floor(index / 5)}.${10 + index}`;
  return {
    id,
    hostname: `compute-${String(index).padStart(2, "0")}.example.test`,
    address,
    labels: labelsOf(index),
    networks: [
      { role: "admin", interface: "bond0", addresses: [address] },
      { role: "tenant", interface: "ens1f1", addresses: [] },
    ],
    bootId: fixtureBootId(index),
    hardwareId: `serial-${1_000 + index}`,
    processId: `process-${index}`,
    incarnation: 1_768_000_000 as Incarnation,
    sessionEpoch: 3 as SessionEpoch,
    acknowledgedTransition: 4,
    agentVersion: index % 7 === 0 ? "0.0.9" : "0.1.0",
    heartbeatIntervalMs: 1_000,
    state,
    stateSince: unixMs(FIXTURE_START - 60_000 - index * 1_000),
    stateReason,
    lastSeenAt: unixMs(FIXTURE_START - (state === "alive" ? 400 : 60_000)),
    registeredAt: unixMs(FIXTURE_START - 86_400_000),
    retired: false,
    shadow: index === 16,
    conditions: CONDITIONS[index] ?? [],
    inventoryJson: JSON.stringify({ cpu: "64 x made up", memoryGiB: 512, os: "Debian 12" }),
  };
}

export function fixtureView(
  record: NodeRecord,
  openIncidents: readonly IncidentId[],
  asOf: UnixMs,
): NodeView {
  const shard = shardOf(record.id);
  const live = shard % 2 === 0;
  const connected = record.state === "alive" || record.state === "suspect";
  return {
    record,
    shard,
    owner: live ? FIXTURE_SELF : FIXTURE_PEER,
    live,
    lastHeartbeatAge: live ? durationMs(Math.max(0, asOf - record.lastSeenAt)) : null,
    connected: live ? connected : null,
    ownLagMs: live ? 2 : null,
    kernelProbe: {
      lastAnswerAge: record.state === "declared" ? null : durationMs(31_000),
      lastOutcome: record.state === "declared" ? "no-answer" : "refused",
    },
    fenceDevices: live
      ? [{ device: "bmc", state: "tested", power: "on", detail: "", testedAt: asOf }]
      : null,
    openIncidents,
    asOf,
  };
}

/** Any number of healthy nodes beside the twenty, for measurements. */
export function manyRecords(count: number): readonly NodeRecord[] {
  return Array.from({ length: count }, (_, index) => {
    const id = `node-${String(index).padStart(6, "0")}` as NodeId;
    const labels = {
      az: `az${(index % 3) + 3}`,
      row: `row${index % 10}`,
      rack: `x${Math.floor(index / 40)}`,
      role: "compute",
    };
    return { ...fixtureRecord(0), id, hostname: `${id}.example.test`, labels };
  });
}

export function manyNodes(count: number, asOf: UnixMs): readonly NodeView[] {
  return manyRecords(count).map((record) => fixtureView(record, [], asOf));
}
