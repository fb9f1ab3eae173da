import { FAILURE_CLASSES, type FailureClass, familyOf, type Grade } from "@herdbeat/shared/classes";
import type { AggregatorId, IncidentId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";

/** The limits a verdict is made with. All on the listening clock unless said otherwise. */
export interface DetectionLimits {
  /** Silence that makes a node suspect. Must exceed one heartbeat interval by the worst jitter: > 1.2 x interval. */
  readonly suspectAfter: DurationMs;
  /**
   * Silence after which a node is declared that proven witnesses do not reach either. Must exceed
   * suspectAfter + probeTimeout, which is a witness's deadline too.
   */
  readonly declareWithWitnesses: DurationMs;
  /** Silence after which a node without witnesses is declared. Must exceed suspectAfter + probeTimeout. */
  readonly declareAfter: DurationMs;
  /** Deadline of one kernel-alive probe, ours or a witness's. */
  readonly probeTimeout: DurationMs;
  /** Time between urgent probes of one node in doubt, ours or a witness's. */
  readonly probeInterval: DurationMs;
  /** A probe counts against a node only if it was answered within this long before its last sign of life. */
  readonly provenWithin: DurationMs;
  /** Longest time an agent needs to come back after its aggregator changed; >= the agent's largest backoff. */
  readonly reconnectBound: DurationMs;
  /** A new owner lets agents return this long before it probes the absent ones. */
  readonly awaitedProbeDelay: DurationMs;
  /** Trouble of an agent on a living host is announced when it has lasted this long. */
  readonly agentPageAfter: DurationMs;
  /** Silence after which a host may be fenced whose two proven witnesses in different domains are blind. */
  readonly commitWithWitnesses: DurationMs;
  /** The same with one such witness, or several in one domain. Without any: never. */
  readonly commitWithOneWitness: DurationMs;
  /** After an announced shutdown of a host nothing is declared for this long. */
  readonly orderlyRebootWindow: DurationMs;
}

export type PolicyAction = "notify" | "recover" | "ignore";

export interface PolicyRule {
  readonly action: PolicyAction;
  /** Lowest grade at which recovery may be asked for. */
  readonly minGrade: Grade;
}

export type Policy = { readonly [C in FailureClass]?: PolicyRule };

export interface DetectionConfig {
  readonly clusterId: string;
  readonly aggregator: AggregatorId;
  readonly limits: DetectionLimits;
  readonly policy: Policy;
  readonly shadow: boolean;
  /** SHA-256 of the incident key, cut to 32 hex digits. */
  readonly incidentIdOf: (key: string) => IncidentId;
}

/** Whether the policy asks for the recovery of hosts: then somebody must be able to cut their power. */
export function needsFencing(policy: Policy): boolean {
  return FAILURE_CLASSES.some(
    (one) => familyOf(one) === "host" && policy[one]?.action === "recover",
  );
}

/** What the rule `class -> action` says where the operator says nothing: tell, and do nothing. */
export function ruleFor(policy: Policy, failureClass: FailureClass): PolicyRule {
  return policy[failureClass] ?? { action: "notify", minGrade: 5 };
}
