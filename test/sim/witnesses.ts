/** What a simulated agent does when it is asked to look at another node. */
import type { SimAgent } from "./agents.ts";
import type { SimWorld } from "./world.ts";

const ROUND_TRIP = 2;

/** Makes all agents witnesses, each in a rack of its own; before they say hello. */
export function makeWitnesses(world: SimWorld): void {
  for (const agent of world.agents.values()) {
    agent.capabilities = ["witness"];
    agent.labels = { rack: `rack of ${agent.id}` };
  }
}

interface Question {
  readonly timeoutMs: number;
  readonly probes: readonly {
    readonly kind?: string | null;
    readonly networkRole?: string | null;
    readonly address?: string | null;
  }[];
}

interface Observation {
  readonly kind: string;
  readonly networkRole: string;
  readonly address: string;
  readonly outcome: string;
}

/** Agents reach each other while they have power, also those that no aggregator reaches. */
export function look(
  world: SimWorld,
  witness: SimAgent,
  question: Question,
  tell: (observations: Observation[]) => void,
): void {
  const observations = question.probes.map(({ kind, networkRole, address }) => ({
    kind: kind ?? "",
    networkRole: networkRole ?? "",
    address: address ?? "",
    outcome: world.agents.get(address ?? "")?.powered === true ? "refused" : "timeout",
  }));
  const isWaiting = observations.some(({ outcome }) => outcome === "timeout");
  const delay = isWaiting ? question.timeoutMs : ROUND_TRIP;
  world.time.at(world.time.now + delay, witness.process, () => tell(observations));
}
