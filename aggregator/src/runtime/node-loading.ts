/** States of nodes that this process begins to look after. */
import type { BootId, Incarnation, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import type { ListeningMs, UnixMs } from "@herdbeat/shared/time";
import { isDamagedDrill } from "../core/drill.ts";
import { type IncidentRecord, isOpen } from "../core/incident.ts";
import type { NodeRecord } from "../core/node-record.ts";
import type { NodeHealth, NodeState, ProbeMemory } from "../core/node-state.ts";
import { IDENTITY } from "../core/session-verdict.ts";
import { PATH, unsteadySince } from "../core/steadiness.ts";

const NO_PROBE: ProbeMemory = {
  provenAt: null,
  failingSince: null,
  lastAskedAt: null,
  lastAnsweredAt: null,
  lastOutcome: "never-asked",
  outcomeAskedAt: null,
  lastDetail: "",
};

/** A node that was never heard of before; its hello fills in the rest. */
export function newNodeState(
  node: NodeId,
  now: ListeningMs,
  wall: UnixMs,
  shadow: boolean,
): NodeState {
  const record: NodeRecord = {
    id: node,
    hostname: "",
    address: "",
    labels: {},
    networks: [],
    bootId: "" as BootId,
    hardwareId: "",
    processId: "",
    incarnation: 0 as Incarnation,
    sessionEpoch: 0 as SessionEpoch,
    acknowledgedTransition: 0,
    agentVersion: "",
    heartbeatIntervalMs: 1_000,
    state: "awaited",
    stateSince: wall,
    stateReason: "new",
    lastSeenAt: wall,
    registeredAt: wall,
    retired: false,
    shadow,
    conditions: [],
    inventoryJson: "",
  };
  return {
    record,
    health: { state: "awaited", since: now, afterStoreLoss: false },
    connected: false,
    lastHeardAt: now,
    probe: NO_PROBE,
    witnesses: [],
    steadiness: null,
    conflictAt: null,
    drill: null,
    incidents: [],
  };
}

/**
 * A node that another process, or an earlier life of this one, looked after. Its silence counts
 * from now: what happened while nobody listened is nobody's silence.
 */
export function loadedNodeState(
  record: NodeRecord,
  incidents: readonly IncidentRecord[],
  provenAt: UnixMs | null,
  now: ListeningMs,
  afterStoreLoss: boolean,
): NodeState {
  const open = incidents.filter(
    (one) => one.node === record.id && isOpen(one.phase) && !isDamagedDrill(one),
  );
  // Nobody plays a drill any more: its first tick here withdraws what was only played.
  const silence = open.find((one) => one.origin === "silence" && one.drill === undefined);
  const health: NodeHealth =
    silence === undefined
      ? { state: "awaited", since: now, afterStoreLoss }
      : { state: silence.phase === "committed" ? "committed" : "declared", since: now };
  return {
    record,
    health,
    connected: false,
    lastHeardAt: now,
    probe: { ...NO_PROBE, provenAt },
    witnesses: [],
    steadiness: open.some((one) => one.origin === PATH) ? unsteadySince(now) : null,
    // It counts anew: the two may go on here.
    conflictAt: open.some((one) => one.origin === IDENTITY) ? now : null,
    drill: null,
    incidents: open,
  };
}
