/**
 * The JSON that the API speaks: types only, no imports at run time, so every client may use them.
 *
 * Instants are RFC 3339 UTC texts; in stream tuples they are unix milliseconds. Measured times carry
 * `Ms` and are integers, because rounded text would lose evidence. Absent knowledge is `null`.
 * Fields are added, never renamed or removed, within `/api/v1`. `cluster-dto.ts` has shards, aggregators,
 * sessions and problems, `stream-dto.ts` the event stream. The `*-schemas.ts` files state the same as
 * JSON Schema; a test validates every answer against them.
 */
import type { ActionState, IncidentPhase, TransitionKind } from "../../core/incident.ts";
import type { NodeStateName } from "../../core/node-record.ts";

/** One page of a list. `next` is opaque; pass it back as `cursor`. `total` counts what the filter matches. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
  readonly total: number;
  readonly asOf: string;
}

/** A list of nodes also counts the matches by state. */
export interface NodePage extends Page<NodeRow> {
  readonly counts: Readonly<Partial<Record<NodeStateName, number>>>;
}

export interface NodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly state: NodeStateName;
  readonly stateSince: string;
  /** One sentence: why the state is what it is. */
  readonly stateReason: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly shard: number;
  /** The aggregator that owns the shard; null when nobody does. */
  readonly owner: string | null;
  /** True when the answering aggregator is the owner; else the row is as of the last store read. */
  readonly live: boolean;
  readonly connected: boolean | null;
  readonly lastHeartbeatAgeMs: number | null;
  readonly lastSeenAt: string;
  readonly agentVersion: string;
  /** How many conditions are not ok. */
  readonly problems: number;
  readonly openIncidents: readonly string[];
  readonly shadow: boolean;
  readonly retired: boolean;
  /** When this row was true. */
  readonly asOf: string;
}

export interface ConditionDto {
  readonly monitor: string;
  readonly subject: string;
  readonly status: "ok" | "problem" | "unknown";
  readonly class: string;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
  readonly transition: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** One sentence: what this means for the node and which incident it feeds, if any. */
  readonly why: string;
  /** The open incident that this condition feeds. */
  readonly incident: string | null;
}

export interface HistoryDto {
  readonly at: string;
  readonly kind: "state" | "incident" | "delivery" | "action";
  readonly detail: unknown;
}

/** Why a silent node was not judged. */
export interface RefusalDto {
  readonly at: string;
  readonly because: string;
  readonly replay: ReplayedDecisionDto;
}

/** Whether and by what the node's power can be cut. */
export interface FencingDto {
  /** Null: another aggregator owns the node and knows. */
  readonly possible: boolean | null;
  /** The first to be tried first. */
  readonly devices: readonly {
    readonly device: string;
    readonly state: "tested" | "failed" | "untested";
    readonly power: "on" | "off" | null;
    readonly detail: string;
    readonly testedAt: string | null;
  }[];
}

export interface NodeDetail extends NodeRow {
  readonly networks: readonly {
    readonly role: string;
    readonly interface: string;
    readonly addresses: readonly string[];
  }[];
  readonly bootId: string;
  readonly hardwareId: string;
  readonly processId: string;
  readonly incarnation: number;
  readonly sessionEpoch: number;
  readonly acknowledgedTransition: number;
  readonly heartbeatIntervalMs: number;
  readonly registeredAt: string;
  readonly ownLagMs: number | null;
  readonly kernelProbe: { readonly lastAnswerAgeMs: number | null; readonly lastOutcome: string };
  readonly fencing: FencingDto;
  readonly conditions: readonly ConditionDto[];
  /** The last time that it was silent and not judged; null when that never happened. */
  readonly refusal: RefusalDto | null;
  readonly incidents: readonly IncidentRow[];
  /** Newest first; `history=N` (0..200, default 50) bounds it. */
  readonly history: readonly HistoryDto[];
  /** What the agent told about hardware and software; any JSON. */
  readonly inventory: unknown;
}

export interface HoldDto {
  readonly reason: string;
  readonly since: string;
  readonly releasedBy: string;
}

export interface IncidentRow {
  readonly id: string;
  readonly node: string;
  readonly hostname: string;
  readonly shard: number;
  readonly phase: IncidentPhase;
  readonly open: boolean;
  readonly class: string;
  readonly family: string;
  /** Who made the verdict: `silence` (an aggregator) or `condition:<monitor>` (the agent). */
  readonly origin: string;
  /** Empty for the node itself; else an interface, a guest's UUID, a service ... */
  readonly subject: string;
  /** What people call the subject (a guest's name); the subject itself when it has no other name. */
  readonly subjectName: string;
  readonly grade: number;
  readonly gradeName: string;
  readonly reason: string;
  readonly message: string;
  /** Why nothing irreversible happens yet; null when nothing is waited for. */
  readonly hold: HoldDto | null;
  readonly announced: boolean;
  readonly shadow: boolean;
  /** The drill that it was played for; null: it is real. */
  readonly drill: string | null;
  readonly openedAt: string;
  readonly endedAt: string | null;
  readonly requestedAction: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Number of the last transition; the incident changed when it or `actions` did. */
  readonly transition: number;
  readonly actions: Readonly<Record<ActionState, number>>;
}

export interface EvidenceDto {
  readonly kind: string;
  readonly source: string;
  readonly outcome: string;
  /** How old the observation was when the verdict was made. */
  readonly ageMs: number;
  readonly at: string;
  readonly detail: string;
}

export interface RuleDto {
  readonly name: string;
  readonly thresholdsMs: Readonly<Record<string, number>>;
  readonly because: string;
}

export interface TransitionDto {
  readonly number: number;
  readonly kind: TransitionKind;
  readonly at: string;
  readonly class: string;
  readonly grade: number;
  readonly gradeName: string;
  readonly message: string;
  readonly evidence: readonly EvidenceDto[];
  readonly rule: RuleDto;
}

export interface ActionDto {
  readonly id: string;
  readonly kind: string;
  readonly state: ActionState;
  readonly progress: number | null;
  readonly message: string;
  readonly by: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Body of `POST /incidents/{id}/actions`. `by` is always the token's name. */
export interface NewAction {
  readonly kind: string;
  readonly state?: ActionState;
  readonly progress?: number | null;
  readonly message?: string;
}

/** Body of `PATCH /incidents/{id}/actions/{actionId}`; at least one field. */
export interface ActionPatch {
  readonly state?: ActionState;
  readonly progress?: number | null;
  readonly message?: string;
}

export interface DeliveryDto {
  readonly id: string;
  readonly webhookId: string;
  readonly destination: string;
  readonly incident: string;
  readonly transition: number;
  readonly node: string;
  readonly kind: "fact" | "request";
  readonly state: "waiting" | "sending" | "parked" | "delivered" | "superseded";
  readonly createdAt: string;
  readonly attempts: number;
  readonly lastAttemptAt: string | null;
  /** Null once nothing more will be tried. */
  readonly nextAttemptAt: string | null;
  /** When it was delivered or superseded, as far as history tells. */
  readonly settledAt: string | null;
  readonly claimedBy: string;
  readonly lastStatus: number | null;
  readonly lastError: string;
}

export interface DeliveryPage extends Page<DeliveryDto> {
  readonly destinations: readonly string[];
}

export interface IncidentDetail extends Omit<IncidentRow, "actions"> {
  readonly bootId: string;
  readonly onset: number;
  /** Of the last transition. */
  readonly evidence: readonly EvidenceDto[];
  readonly rule: RuleDto | null;
  /** Oldest first. */
  readonly timeline: readonly TransitionDto[];
  readonly deliveries: readonly DeliveryDto[];
  readonly actions: readonly ActionDto[];
  /** Guest name, project, flavor ... as the agent told. */
  readonly attributes: Readonly<Record<string, string>>;
  /** True when the inputs of the decision are kept and it can be replayed. */
  readonly replayable: boolean;
}

/** One step of the story. `held-back`: silent, and not judged; `not-told`: a hand-off that still waits. */
export interface StoryLineDto {
  readonly at: string;
  readonly kind: "heard" | "asked" | "held-back" | "decided" | "told" | "not-told" | "done";
  readonly text: string;
}

/** Why the incident is what it is; `lines` is the same for people, also served as text/plain. */
export interface Explanation {
  readonly incident: string;
  readonly asOf: string;
  readonly summary: readonly string[];
  /** Oldest first. */
  readonly story: readonly StoryLineDto[];
  /** Of the transition that says what is wrong, and the rule that made it. */
  readonly evidence: readonly EvidenceDto[];
  readonly rule: RuleDto | null;
  /** Found by running the decision again with one thing different. */
  readonly wouldHaveChanged: readonly string[];
  readonly holds: readonly string[];
  readonly wouldEnd: readonly string[];
  readonly replay: ReplayVerdict;
  readonly lines: readonly string[];
}

/** `incomplete`: nothing differs, but not every decision could be run again. */
export type ReplayVerdict = "agrees" | "differs" | "incomplete";

/** One decision, run again from its recorded inputs. */
export interface ReplayedDecisionDto {
  /** `declared`, `declared+committed`, `announced`, `retracted`, `refused` ... */
  readonly what: string;
  /** Version of the core that decided; empty when its inputs are damaged. */
  readonly core: string;
  readonly at: string | null;
  readonly transitions: readonly number[];
  readonly result: "agrees" | "differs" | "not-run";
  readonly differences: readonly string[];
  /** Why it was not run. */
  readonly why: string;
}

export interface ReplayDto {
  readonly incident: string;
  readonly asOf: string;
  readonly verdict: ReplayVerdict;
  readonly decisions: readonly ReplayedDecisionDto[];
  /** Transitions of which no inputs are kept. */
  readonly notKept: readonly number[];
}
