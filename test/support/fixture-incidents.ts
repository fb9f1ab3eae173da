/** Made-up incidents in every phase, with deliveries and actions, on the nodes of fixture-nodes.ts. */
import type {
  Evidence,
  Hold,
  IncidentAction,
  IncidentPhase,
  IncidentRecord,
  IncidentTransition,
  RuleApplied,
  TransitionKind,
} from "@herdbeat/aggregator/core/incident";
import { rowIdOf, webhookIdOf } from "@herdbeat/aggregator/core/outbox";
import type { DeliveryView } from "@herdbeat/aggregator/ports/fleet-view";
import { type FailureClass, familyOf, type Grade } from "@herdbeat/shared/classes";
import { type DestinationName, fnv1a32, type IncidentId, shardOf } from "@herdbeat/shared/ids";
import { durationMs, type UnixMs, unixMs } from "@herdbeat/shared/time";
import { FIXTURE_START, fixtureBootId, fixtureNodeId, fixtureRecord } from "./fixture-nodes.ts";

export const CONTROLLER = "controller" as DestinationName;
export const PAGER = "pager" as DestinationName;

interface Plan {
  readonly node: number;
  readonly failureClass: FailureClass;
  readonly phase: IncidentPhase;
  readonly grade: Grade;
  readonly subject?: string;
  readonly reason: string;
  readonly message: string;
  readonly ago: number;
  readonly hold?: Hold["reason"];
  /** The monitor that reported it; absent for verdicts from silence. */
  readonly monitor?: string;
  readonly actions?: readonly IncidentAction[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly steps: readonly TransitionKind[];
}

const at = (ago: number): UnixMs => unixMs(FIXTURE_START - ago);

const action = (
  id: string,
  kind: string,
  state: IncidentAction["state"],
  progress: number | null,
): IncidentAction => ({
  id,
  kind,
  state,
  progress,
  message: `${kind} ${state}`,
  by: "recovery",
  createdAt: at(40_000),
  updatedAt: at(20_000),
});

const PLANS: readonly Plan[] = [
  {
    node: 7,
    failureClass: "host-down",
    phase: "declared",
    grade: 1,
    reason: "NoAnswer",
    message: "no heartbeat and no answer on any network",
    ago: 12_000,
    hold: "grade-too-low",
    steps: ["declared"],
  },
  {
    node: 8,
    failureClass: "host-down",
    phase: "committed",
    grade: 5,
    reason: "PoweredOff",
    message: "the fence agent confirmed OFF",
    ago: 95_000,
    actions: [
      action("fence-1", "fence", "succeeded", 100),
      action("evacuate-1", "evacuate", "running", 60),
    ],
    steps: ["declared", "changed", "committed"],
  },
  {
    node: 2,
    failureClass: "libvirt-hung",
    phase: "declared",
    grade: 4,
    reason: "NoAnswer",
    message: "libvirtd accepts connections and answers none",
    ago: 11_000,
    monitor: "libvirt-daemon",
    steps: ["declared"],
  },
  {
    node: 5,
    failureClass: "guest-crashed",
    phase: "declared",
    grade: 4,
    subject: "6f1e2d3c-0000-4000-8000-000000000005",
    reason: "Crashed",
    message: "QEMU ended with signal 11",
    ago: 89_000,
    monitor: "guest-state",
    attributes: { name: "web-1", project: "shop", flavor: "m1.large" },
    actions: [action("restart-1", "restart-guest", "failed", null)],
    steps: ["declared"],
  },
  {
    node: 13,
    failureClass: "nic-down",
    phase: "declared",
    grade: 4,
    subject: "ens1f1",
    reason: "NoCarrier",
    message: "tenant network has no carrier",
    ago: 299_000,
    hold: "disruption-guard",
    monitor: "network-link",
    steps: ["declared"],
  },
  {
    node: 11,
    failureClass: "agent-down",
    phase: "declared",
    grade: 0,
    reason: "StreamClosed",
    message: "the agent's stream closed while the kernel answers",
    ago: 61_000,
    steps: ["declared"],
  },
  {
    node: 1,
    failureClass: "host-down",
    phase: "retracted",
    grade: 0,
    reason: "Refuted",
    message: "a live session of the same boot came back",
    ago: 3_600_000,
    steps: ["declared", "retracted"],
  },
  {
    node: 4,
    failureClass: "storage-degraded",
    phase: "cleared",
    grade: 4,
    subject: "/var/lib/nova",
    reason: "Relieved",
    message: "one path is slow",
    ago: 7_200_000,
    monitor: "storage-path",
    steps: ["declared", "cleared"],
  },
  {
    node: 9,
    failureClass: "host-rebooted",
    phase: "closed",
    grade: 4,
    reason: "NewBoot",
    message: "came back with a new boot id",
    ago: 86_400_000,
    actions: [action("ack-1", "acknowledge", "succeeded", null)],
    steps: ["declared", "committed", "node-returned", "closed"],
  },
];

const SILENCE_RULE: RuleApplied = {
  name: "silence-two-witnesses",
  thresholdsMs: { suspectAfter: 1_500, declareAfter: 2_000, fenceAfter: 5_000 },
  because: "two healthy witnesses with proven probes got no answer",
};
const CONDITION_RULE: RuleApplied = {
  name: "reported-condition",
  thresholdsMs: { settle: 2_000 },
  because: "the agent reported the condition and it lasted",
};

function evidenceOf(plan: Plan, when: UnixMs): readonly Evidence[] {
  const seen = (
    kind: Evidence["kind"],
    source: string,
    outcome: string,
    age: number,
    detail: string,
  ) => ({
    kind,
    source,
    outcome,
    age: durationMs(age),
    at: unixMs(when - age),
    detail,
  });
  if (plan.monitor !== undefined) {
    return [seen("condition", "agent", "problem", 2_100, plan.message)];
  }
  return [
    seen("heartbeat-silence", "agg-1", "silent", 2_400, "last heartbeat 2.4 s before"),
    seen("kernel-probe", "agg-1", "no-answer", 900, "TCP connect to the admin address timed out"),
    seen("gateway-probe", "agg-1", "answered", 700, "our own gateway answers"),
  ];
}

function toIncident(plan: Plan): IncidentRecord {
  const node = fixtureNodeId(plan.node);
  const { hostname, labels } = fixtureRecord(plan.node);
  const hash = fnv1a32(`${node} ${plan.failureClass}`).toString(16).padStart(8, "0");
  const transitions = plan.steps.map((kind, index): IncidentTransition => {
    const when = at(plan.ago - index * 3_000);
    return {
      number: index + 1,
      kind,
      at: when,
      failureClass: plan.failureClass,
      grade: plan.grade,
      message: plan.message,
      evidence: evidenceOf(plan, when),
      rule: plan.monitor !== undefined ? CONDITION_RULE : SILENCE_RULE,
    };
  });
  const isOpen = plan.phase === "declared" || plan.phase === "committed";
  return {
    id: hash.repeat(4) as IncidentId,
    node,
    shard: shardOf(node),
    bootId: fixtureBootId(plan.node),
    family: familyOf(plan.failureClass),
    origin: plan.monitor === undefined ? "silence" : `condition:${plan.monitor}`,
    subject: plan.subject ?? "",
    onset: 4,
    phase: plan.phase,
    failureClass: plan.failureClass,
    grade: plan.grade,
    reason: plan.reason,
    message: plan.message,
    hold:
      plan.hold === undefined
        ? null
        : {
            reason: plan.hold,
            since: at(plan.ago - 500),
            releasedBy: "better proof, or an operator",
          },
    announced: true,
    shadow: false,
    openedAt: at(plan.ago),
    endedAt: isOpen ? null : (transitions.at(-1)?.at ?? at(0)),
    requestedAction: plan.phase === "committed" ? "fence-and-resurrect" : "none",
    transitions,
    actions: plan.actions ?? [],
    attributes: plan.attributes ?? {},
    labels,
    hostname,
    decisions: [],
  };
}

export function fixtureIncidents(): readonly IncidentRecord[] {
  return PLANS.map(toIncident);
}

/** One hand-off per transition to the controller, the first also to the pager, which is broken. */
export function fixtureDeliveries(incident: IncidentRecord): readonly DeliveryView[] {
  const rows = incident.transitions.map((step) => row(incident, step, CONTROLLER));
  const first = incident.transitions[0];
  return first === undefined ? rows : [...rows, row(incident, first, PAGER)];
}

function row(
  incident: IncidentRecord,
  step: IncidentTransition,
  destination: DestinationName,
): DeliveryView {
  const webhookId = webhookIdOf(incident.id, step.number);
  const broken = destination === PAGER;
  return {
    rowId: rowIdOf(webhookId, destination),
    webhookId,
    destination,
    incident: incident.id,
    transition: step.number,
    node: incident.node,
    family: incident.family,
    kind: step.kind === "committed" ? "request" : "fact",
    body: "{}",
    createdAt: step.at,
    attempts: broken ? 4 : 1,
    lastAttemptAt: unixMs(step.at + 180),
    nextAttemptAt: unixMs(step.at + 30_000),
    state: broken ? "waiting" : "delivered",
    claimedBy: "",
    lastStatus: broken ? 503 : 202,
    lastError: broken ? "HTTP 503" : "",
    ...(broken ? {} : { settledAt: unixMs(step.at + 180) }),
  };
}
