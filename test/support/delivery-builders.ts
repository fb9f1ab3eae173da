// Rows, incidents and transitions for tests of hand-off.
import type { IncidentRecord, IncidentTransition } from "@herdbeat/aggregator/core/incident";
import { newOutboxRow, type OutboxRow } from "@herdbeat/aggregator/core/outbox";
import type { BootId, DestinationName, IncidentId, NodeId } from "@herdbeat/shared/ids";
import { shardOf } from "@herdbeat/shared/ids";
import { durationMs, unixMs } from "@herdbeat/shared/time";

/** 2026-11-20T10:00:00Z. */
export const START = unixMs(1_795_168_800_000);
export const NODE = "hv-0042" as NodeId;
export const RECOVERY = "recovery" as DestinationName;

export function transitionOf(over: Partial<IncidentTransition> = {}): IncidentTransition {
  return {
    number: 1,
    kind: "declared",
    at: START,
    failureClass: "host-down",
    grade: 1,
    message: "hv-0042 is silent and nobody reaches its kernel",
    evidence: [
      {
        kind: "heartbeat-silence",
        source: "aggregator-1",
        outcome: "silent",
        age: durationMs(2_012),
        at: unixMs(START - 2_012),
        detail: "the last heartbeat was 2012 ms ago",
      },
      {
        kind: "kernel-probe",
        source: "aggregator-1",
        outcome: "no-answer",
        age: durationMs(140),
        at: unixMs(START - 140),
        detail: "TCP connect to port 9 of 192.0.2.42 got no answer within 400 ms",
      },
      ...["hv-0017", "hv-0108"].map((witness, i) => ({
        kind: "witness" as const,
        source: witness,
        outcome: "no-answer",
        age: durationMs(500),
        at: unixMs(START - 500),
        detail: `tcp-rst over the network of its stream from rack:r${i + 1}: no answer; last answered 41s ago`,
      })),
    ],
    rule: {
      name: "silence-and-witnesses",
      thresholdsMs: { declareWithWitnesses: 2_000, probeTimeout: 400 },
      because: "witnesses in 2 failure domains reached it before and get no answer",
    },
    ...over,
  };
}

export function incidentOf(over: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    id: "00112233445566778899aabbccddeeff" as IncidentId,
    node: NODE,
    shard: shardOf(NODE),
    bootId: "5f0c9c1e-9d3f-4e7f-8f6b-0c3c3f6f1a11" as BootId,
    family: "host",
    subject: "",
    origin: "silence",
    onset: 7,
    phase: "declared",
    failureClass: "host-down",
    grade: 1,
    reason: "HeartbeatSilence",
    message: "hv-0042 is silent",
    hold: null,
    announced: true,
    shadow: false,
    openedAt: START,
    endedAt: null,
    requestedAction: "fence-and-resurrect",
    transitions: [],
    actions: [],
    attributes: {},
    labels: { az: "az-1", rack: "r07" },
    hostname: "hv-0042.example.org",
    decisions: [],
    ...over,
  };
}

export interface RowOptions extends Partial<OutboxRow> {
  readonly incident?: IncidentId;
}

export function rowOf(over: RowOptions = {}): OutboxRow {
  const incident = incidentOf({
    ...(over.incident === undefined ? {} : { id: over.incident }),
    ...(over.node === undefined ? {} : { node: over.node }),
  });
  const made = newOutboxRow({
    incident: { ...incident, family: over.family ?? "host" },
    transition: over.transition ?? 1,
    destination: over.destination ?? RECOVERY,
    kind: over.kind ?? "fact",
    body: over.body ?? '{"requestedAction":{"kind":"none"}}',
    at: over.createdAt ?? START,
  });
  return { ...made, ...over };
}

export function incidentIdOf(number: number): IncidentId {
  return number.toString(16).padStart(32, "0") as IncidentId;
}
