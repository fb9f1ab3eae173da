/** What a simulated agent does when it is asked to look at another node. */
import type { WitnessReport, WitnessRequest } from "@herdbeat/aggregator/ports/agent-listener";
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

/** Agents reach each other while they have power, also those that no aggregator reaches. */
export function look(
  world: SimWorld,
  witness: SimAgent,
  request: WitnessRequest,
  tell: (report: WitnessReport) => void,
): void {
  const observations = request.probes.map(({ kind, networkRole, address }) => ({
    kind,
    networkRole,
    address,
    outcome: world.agents.get(address)?.powered === true ? "refused" : "timeout",
    proof: new Uint8Array(0),
  }));
  const isWaiting = observations.some(({ outcome }) => outcome === "timeout");
  const delay = isWaiting ? request.timeout : ROUND_TRIP;
  world.time.at(world.time.now + delay, witness.process, () =>
    tell({ requestId: request.requestId, nodeId: request.nodeId, observations }),
  );
}
