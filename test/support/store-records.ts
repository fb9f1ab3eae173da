/** Records as the stores keep them, complete and ordinary; a test changes what it is about. */
import type { IncidentPhase, IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import { type OutboxRow, rowIdOf, webhookIdOf } from "@herdbeat/aggregator/core/outbox";
import type { HistoryEntry, Ownership, ShardStore } from "@herdbeat/aggregator/ports/shard-store";
import type {
  AggregatorId,
  BootId,
  DestinationName,
  FencingToken,
  Incarnation,
  IncidentId,
  NodeId,
  SessionEpoch,
  ShardId,
} from "@herdbeat/shared/ids";
import { durationMs, type UnixMs, unixMs } from "@herdbeat/shared/time";

export const SHARD = 17 as ShardId;
export const NODE = "hv-1" as NodeId;
export const NOW: UnixMs = unixMs(1_790_000_000_000);
export const GENERATION = "0123456789abcdef";

export function nodeRecord(changes: Partial<NodeRecord> = {}): NodeRecord {
  return {
    id: NODE,
    hostname: "hv-1.example",
    address: "192.0.2.1",
    labels: { az: "az-1", rack: "r7" },
    networks: [{ role: "admin", interface: "eth0", addresses: ["192.0.2.1", "2001:db8::1"] }],
    bootId: "11111111-2222-3333-4444-555555555555" as BootId,
    hardwareId: "board-1",
    processId: "p-1",
    incarnation: 1_790_000_000 as Incarnation,
    sessionEpoch: 1 as SessionEpoch,
    acknowledgedTransition: 0,
    agentVersion: "0.1.0",
    heartbeatIntervalMs: 1_000,
    state: "alive",
    stateSince: NOW,
    stateReason: "it sends heartbeats",
    lastSeenAt: NOW,
    registeredAt: NOW,
    retired: false,
    shadow: false,
    conditions: [
      {
        monitor: "network-link",
        subject: "eth1",
        status: "problem",
        failureClass: "nic-down",
        reason: "LinkDown",
        message: "eth1 has no carrier",
        since: NOW,
        transition: 4,
        attributes: { speed: "25000" },
      },
    ],
    inventoryJson: '{"cpu":"x"}',
    ...changes,
  };
}

export function incidentRecord(
  phase: IncidentPhase = "declared",
  changes: Partial<IncidentRecord> = {},
): IncidentRecord {
  return {
    id: "0".repeat(31).concat("1") as IncidentId,
    node: NODE,
    shard: SHARD,
    bootId: "11111111-2222-3333-4444-555555555555" as BootId,
    family: "host",
    origin: "silence",
    subject: "",
    onset: 1,
    phase,
    failureClass: "host-down",
    grade: 1,
    reason: "NoHeartbeat",
    message: "silent for 2 s",
    hold: { reason: "grade-too-low", since: NOW, releasedBy: "a better proof" },
    announced: true,
    shadow: false,
    openedAt: NOW,
    endedAt: phase === "declared" || phase === "committed" ? null : NOW,
    requestedAction: "none",
    transitions: [
      {
        number: 1,
        kind: "declared",
        at: NOW,
        failureClass: "host-down",
        grade: 1,
        message: "silent for 2 s",
        evidence: [
          {
            kind: "kernel-probe",
            source: "agg-1",
            outcome: "no-answer",
            age: durationMs(12.5),
            at: NOW,
            detail: "no answer within 500 ms",
          },
        ],
        rule: { name: "silence", thresholdsMs: { declareAfter: 3_000 }, because: "nobody looked" },
      },
    ],
    actions: [],
    attributes: {},
    labels: { az: "az-1" },
    hostname: "hv-1.example",
    decisions: ['declared 1a2b3c4d {"core":"1","at":12345.678}'],
    ...changes,
  };
}

export function outboxRow(changes: Partial<OutboxRow> = {}): OutboxRow {
  const incident = incidentRecord().id;
  const webhookId = webhookIdOf(incident, 1);
  const destination = "recovery" as DestinationName;
  return {
    rowId: rowIdOf(webhookId, destination),
    webhookId,
    destination,
    incident,
    transition: 1,
    node: NODE,
    family: "host",
    kind: "fact",
    body: '{"class":"host-down"}',
    createdAt: NOW,
    attempts: 0,
    lastAttemptAt: null,
    nextAttemptAt: NOW,
    state: "waiting",
    claimedBy: "",
    lastStatus: null,
    lastError: "",
    ...changes,
  };
}

export function historyEntry(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return { at: NOW, node: NODE, kind: "state", json: '{"to":"suspect"}', ...changes };
}

/** Takes a shard that nobody has, creating it. */
export async function own(
  store: ShardStore,
  self = "agg-1",
  shard: ShardId = SHARD,
): Promise<Ownership> {
  const { owner } = await store.load(shard);
  const outcome = await store.claim({
    shard,
    self: self as AggregatorId,
    expected: owner,
    tokenSeen: 0 as FencingToken,
    now: NOW,
    create: { generationId: GENERATION },
  });
  if (outcome.kind !== "claimed") throw new Error(`the shard was not claimed: ${outcome.kind}`);
  return { shard, ...outcome.owner, generationId: outcome.generation.id };
}
