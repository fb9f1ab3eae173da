/** What witnesses saw, as evidence of a verdict and in words for people. Pure. */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { durationMs, type ListeningMs } from "@herdbeat/shared/time";
import type { DetectionLimits } from "./detection-config.ts";
import type { Evidence } from "./incident.ts";
import type { Instant, NodeState, WitnessMemory } from "./node-state.ts";
import { isProvenPath, type WitnessView } from "./witness-memory.ts";

/** An incident holds the newest observations; a node with many networks has more. */
const EVIDENCE_MAX = 12;

/** One piece for each way in which a witness was asked since the doubt began. */
export function witnessEvidence(
  state: NodeState,
  since: ListeningMs,
  now: Instant,
  limits: DetectionLimits,
): readonly Evidence[] {
  return state.witnesses
    .filter((one) => one.lastAskedAt >= since)
    .slice(-EVIDENCE_MAX)
    .map((one) => ({
      kind: "witness",
      source: one.witness,
      outcome: outcomeOf(state, one, limits),
      age: durationMs(Math.max(0, now.listening - one.lastAskedAt)),
      at: now.wall,
      detail: `${one.kind} over ${one.network === "" ? "the network of its stream" : `network ${one.network}`} from ${one.domain}: ${sawOf(one)}; ${provenOf(one, now)}`,
    }));
}

function outcomeOf(state: NodeState, path: WitnessMemory, limits: DetectionLimits): string {
  const isProof = path.lastOutcome !== "no-answer" || isProvenPath(state, path, limits);
  return isProof ? path.lastOutcome : "never-proven";
}

function sawOf({ lastOutcome, authenticated }: WitnessMemory): string {
  switch (lastOutcome) {
    case "answered":
      return authenticated ? "answered by the node itself" : "answered, by whoever is there";
    case "no-answer":
      return "no answer";
    case "cannot-ask":
      return "could not be asked";
  }
}

function provenOf({ provenAt }: WitnessMemory, now: Instant): string {
  if (provenAt === null) return "never answered before";
  return `last answered ${formatDuration(durationMs(Math.max(0, now.wall - provenAt)))} ago`;
}

/** The same words as long as the same witnesses say the same. */
export function contradiction(view: WitnessView): string {
  return `${view.seeing.join(", ")} alone gets an answer, which anybody could give; ${view.blind.join(" and ")}, who reached it before, get none`;
}
