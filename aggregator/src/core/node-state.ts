/** All that the pure core knows of one node, and all that can happen to it. Plain data throughout. */
import type { FailureClass, Grade } from "@herdbeat/shared/classes";
import type { BootId, Incarnation, IncidentId, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import type { DurationMs, ListeningMs, UnixMs } from "@herdbeat/shared/time";
import type { Brake, GuardSight } from "./guard.ts";
import type { Evidence, IncidentRecord, IncidentTransition, RuleApplied } from "./incident.ts";
import type { NetworkRecord, NodeRecord, NodeStateName } from "./node-record.ts";

/** One moment on both clocks: `listening` decides, `wall` is written down. */
export interface Instant {
  readonly listening: ListeningMs;
  readonly wall: UnixMs;
}

/** See docs/failure-detection.md for the diagram. */
export type NodeHealth =
  /** We look after it but have not heard it yet (start, takeover). */
  | { readonly state: "awaited"; readonly since: ListeningMs; readonly afterStoreLoss: boolean }
  | { readonly state: "alive" }
  | { readonly state: "suspect"; readonly since: ListeningMs; readonly cause: "silence" | "closed" }
  /** Its kernel answers (or closed the stream properly), its agent does not. */
  | {
      readonly state: "agent-down";
      readonly since: ListeningMs;
      readonly lastAnswerAt: ListeningMs;
    }
  | {
      readonly state: "agent-stalled";
      readonly since: ListeningMs;
      /** `isolated`: we get no answer, and a witness does. */
      readonly cause: "silence" | "isolated";
      readonly lastAnswerAt: ListeningMs;
    }
  /** It said goodbye. */
  | {
      readonly state: "left";
      readonly since: ListeningMs;
      readonly wholeHost: boolean;
      readonly lastAnswerAt: ListeningMs;
    }
  /** Declared down; a live session of the same boot retracts it. */
  | { readonly state: "declared"; readonly since: ListeningMs }
  /** An irreversible consequence began; out until the incident closes. */
  | { readonly state: "committed"; readonly since: ListeningMs }
  /** Registered, never heard since the store lost its data. Paged, never declared. */
  | { readonly state: "unseen"; readonly since: ListeningMs };

export interface ProbeMemory {
  /** When a probe was last answered, for the proven-probe rule; survives a change of owner. */
  readonly provenAt: UnixMs | null;
  /** When the first of the probes was asked that have gone unanswered since the last answer. */
  readonly failingSince: ListeningMs | null;
  readonly lastAskedAt: ListeningMs | null;
  readonly lastAnsweredAt: ListeningMs | null;
  readonly lastOutcome: "answered" | "no-answer" | "cannot-ask" | "never-asked";
  /** When the question was asked that `lastOutcome` settled; an older one says nothing of a doubt. */
  readonly outcomeAskedAt: ListeningMs | null;
  readonly lastDetail: string;
}

/** What one witness sees of the node in one way over one network. All instants are those of the question. */
export interface WitnessMemory {
  readonly witness: NodeId;
  /** Failure domain of the witness, `rack:a1`, `az:a`, or `host:<id>` where it has no label. */
  readonly domain: string;
  readonly kind: WitnessKind;
  /** Role of the network; empty = the one that the node's stream comes over. */
  readonly network: string;
  /** When it was last answered; for the proven-probe rule. */
  readonly provenAt: UnixMs | null;
  readonly lastAskedAt: ListeningMs;
  readonly lastAnsweredAt: ListeningMs | null;
  /** When the first of the questions was asked that have gone unanswered since the last answer. */
  readonly failingSince: ListeningMs | null;
  readonly lastOutcome: WitnessOutcome;
  /** Whether the last answer could have come from the node alone. */
  readonly authenticated: boolean;
}

export type WitnessKind = "tcp-rst" | "udp-echo";
/** `cannot-ask`: no word of it that counts, for whatever reason. */
export type WitnessOutcome = "answered" | "no-answer" | "cannot-ask";

export interface WitnessObservation {
  readonly kind: WitnessKind;
  readonly network: string;
  readonly outcome: WitnessOutcome;
  readonly authenticated: boolean;
}

/** How well a living node is heard; see steadiness.ts. */
export interface Steadiness {
  /** Doubts that ended by its being heard, since it was steady last. */
  readonly doubts: number;
  /** When a heartbeat was last late. */
  readonly lateAt: ListeningMs | null;
  /** The last sign of it: from then on its steadiness is counted. */
  readonly lastAt: ListeningMs;
  /** It is named: an incident says so. */
  readonly isUnsteady: boolean;
}

/** A death that is only played, see drill.ts: what the node really does is kept apart meanwhile. */
export interface DrillState {
  readonly id: string;
  readonly since: ListeningMs;
  /** Over at the latest then. */
  readonly until: ListeningMs;
  /** When the node was really heard last. */
  readonly heardAt: ListeningMs;
  /** What was really answered. */
  readonly probe: ProbeMemory;
  readonly witnesses: readonly WitnessMemory[];
  /** Real answers that will count as none at their deadline; at most HELD_ANSWERS_MAX. */
  readonly held: readonly HeldAnswer[];
}

export type HeldAnswer = Extract<NodeEvent, { kind: "probed" | "witnessed" }>;

export interface NodeState {
  /** Durable facts. A changed record is persisted by the runtime. */
  readonly record: NodeRecord;
  readonly health: NodeHealth;
  readonly connected: boolean;
  readonly lastHeardAt: ListeningMs;
  readonly probe: ProbeMemory;
  /** At most WITNESS_PATHS_MAX. */
  readonly witnesses: readonly WitnessMemory[];
  /** Null: steady. */
  readonly steadiness: Steadiness | null;
  /** When two live sessions last claimed to be this node; null = never. No verdicts for a while after. */
  readonly conflictAt: ListeningMs | null;
  /** Null: nothing is played. */
  readonly drill: DrillState | null;
  /** Open incidents of this node. */
  readonly incidents: readonly IncidentRecord[];
}

export interface HelloFacts {
  readonly hostname: string;
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly networks: readonly NetworkRecord[];
  readonly bootId: BootId;
  readonly hardwareId: string;
  readonly processId: string;
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  readonly lastTransition: number;
  readonly agentVersion: string;
  readonly heartbeatIntervalMs: number;
  readonly inventoryJson: string;
}

/** One reported condition, its age already turned into an instant by the runtime. */
export interface ReportedCondition {
  readonly monitor: string;
  readonly subject: string;
  readonly status: "ok" | "problem" | "unknown";
  readonly failureClass: string;
  readonly reason: string;
  readonly message: string;
  readonly since: UnixMs;
  readonly transition: number;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What this aggregator knows of its own ability to see. */
export interface OwnSight {
  readonly gateway: "answers" | "silent" | "none" | "unknown";
  /** Nodes this process looks after, besides the one judged. */
  readonly othersTotal: number;
  /** Of those, how many were heard within `suspectAfter`. */
  readonly othersHeard: number;
}

export type NodeEvent =
  | { readonly kind: "hello"; readonly facts: HelloFacts }
  /** A frame of the welcomed session arrived while the node was not `alive`. */
  | {
      readonly kind: "heard";
      readonly at: ListeningMs;
      /** How late the agent says that it ran itself; absent in decisions of earlier versions. */
      readonly ownLagMs?: number;
    }
  /** A heartbeat came later than the agent's own lateness explains. */
  | { readonly kind: "late" }
  | {
      readonly kind: "closed";
      readonly cause: "peer-closed" | "network-error" | "local";
      readonly heardAt: ListeningMs;
    }
  | {
      readonly kind: "goodbye";
      readonly reason: string;
      readonly message: string;
      readonly heardAt: ListeningMs;
    }
  | {
      readonly kind: "probed";
      readonly askedAt: ListeningMs;
      readonly outcome: "answered" | "no-answer" | "cannot-ask";
      readonly detail: string;
    }
  /** A witness answered a question about this node. */
  | {
      readonly kind: "witnessed";
      readonly witness: NodeId;
      readonly domain: string;
      readonly askedAt: ListeningMs;
      readonly observations: readonly WitnessObservation[];
    }
  | {
      readonly kind: "tick";
      readonly lastHeardAt: ListeningMs;
      readonly own: OwnSight;
      readonly guard: GuardSight;
    }
  /** The store said whether this incident may be committed now; what was seen when it did. */
  | {
      readonly kind: "permit";
      readonly incident: IncidentId;
      readonly outcome: "granted" | "refused";
      /** What ends a refusal. */
      readonly releasedBy: string;
      readonly lastHeardAt: ListeningMs;
      readonly own: OwnSight;
      readonly guard: GuardSight;
    }
  /** An operator lets the node seem to die. */
  | {
      readonly kind: "drill-begin";
      readonly id: string;
      readonly until: ListeningMs;
      readonly heardAt: ListeningMs;
    }
  | { readonly kind: "drill-end"; readonly why: string }
  /** What came of cutting its power, for an incident that was committed. */
  | {
      readonly kind: "fenced";
      readonly incident: IncidentId;
      /** `unanswered`: nobody confirms that it is off. */
      readonly outcome: "off" | "unanswered";
      readonly by: { readonly kind: "device" | "operator"; readonly name: string };
      readonly lastHeardAt: ListeningMs;
      /** For people: bounded by whoever made the event. */
      readonly detail: string;
    }
  /** An operator ends a committed incident of the host. */
  | {
      readonly kind: "close";
      readonly incident: IncidentId;
      readonly by: string;
      readonly reason: string;
      readonly lastHeardAt: ListeningMs;
    }
  /** Two live sessions replace each other: neither is believed. */
  | { readonly kind: "conflict"; readonly detail: string }
  | { readonly kind: "event"; readonly transition: number; readonly condition: ReportedCondition }
  | { readonly kind: "conditions"; readonly conditions: readonly ReportedCondition[] };

/** A judgement about one subject, before it becomes part of an incident's life. */
export type Verdict =
  | {
      readonly kind: "open";
      readonly origin: string;
      readonly subject: string;
      readonly onset: number;
      readonly failureClass: FailureClass;
      readonly grade: Grade;
      readonly reason: string;
      readonly message: string;
      readonly evidence: readonly Evidence[];
      readonly rule: RuleApplied;
      readonly attributes: Readonly<Record<string, string>>;
      readonly announce: boolean;
    }
  | {
      readonly kind: "announce";
      readonly origin: string;
      readonly subject: string;
    }
  /** Nothing irreversible yet: why, and what releases it; null: nothing holds it any more. */
  | {
      readonly kind: "hold";
      readonly origin: string;
      readonly subject: string;
      readonly brake: Brake | null;
    }
  /** An irreversible consequence begins. */
  | {
      readonly kind: "commit";
      readonly origin: string;
      readonly subject: string;
      readonly request: boolean;
      readonly rule: string;
      readonly because: string;
    }
  | {
      readonly kind: "end";
      readonly origin: string;
      readonly subject: string;
      readonly as: "retracted" | "cleared";
      readonly message: string;
      readonly evidence: readonly Evidence[];
    };

export type Effect =
  /** Ask the node's kernel now. */
  | { readonly kind: "probe" }
  /** Ask all witnesses of the node now. */
  | { readonly kind: "ask-witnesses" }
  /** A transition to persist with its incident and to tell the world, in this order. */
  | {
      readonly kind: "transition";
      readonly incident: IncidentRecord;
      readonly transition: IncidentTransition;
      readonly expect: "declared" | "committed" | null;
      /** False: keep it in the record, send nothing (not announced yet, or ignored by policy). */
      readonly deliver: boolean;
      /** True: it asks for recovery, of one receiver; false: it only tells, everybody. */
      readonly request: boolean;
    }
  /** Ask the store whether this incident may be committed. */
  | { readonly kind: "ask-permit"; readonly incident: IncidentId }
  /** What holds the incident changed: to persist, and to tell nobody. */
  | { readonly kind: "hold"; readonly incident: IncidentRecord }
  /** Everything up to this transition may be acknowledged once persisted. */
  | { readonly kind: "acknowledge"; readonly transition: number }
  /** The node's visible state changed; goes to its history. */
  | {
      readonly kind: "state";
      readonly from: NodeStateName;
      readonly to: NodeStateName;
      readonly because: string;
    };

export interface Step {
  readonly state: NodeState;
  /** In the order the shell must perform them, all of them after persisting. */
  readonly effects: readonly Effect[];
}

export const NO_EFFECTS: readonly Effect[] = [];

export function silenceOf(state: NodeState, now: Instant): DurationMs {
  return Math.max(0, now.listening - state.lastHeardAt) as DurationMs;
}
