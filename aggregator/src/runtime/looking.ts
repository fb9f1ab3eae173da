/** The two ways to look at a node that is not heard: our own probe and its witnesses. */
import type { Metrics } from "@herdbeat/shared/metrics";
import type { Random } from "@herdbeat/shared/random";
import type { Clock } from "@herdbeat/shared/time";
import type { DetectionLimits } from "../core/detection-config.ts";
import type { EchoVerifier } from "../ports/echo-verifier.ts";
import type { KernelProbe } from "../ports/kernel-probe.ts";
import type { NodeTable } from "./node-table.ts";
import { ProbeDesk } from "./probe-desk.ts";
import type { TurnLoop } from "./turn-loop.ts";
import { WitnessDesk } from "./witness-desk.ts";

export interface LookingDeps {
  readonly turns: TurnLoop;
  readonly table: NodeTable;
  readonly clock: Clock;
  readonly random: Random;
  readonly metrics: Metrics;
  readonly probe: KernelProbe;
  readonly probePort: number;
  readonly echoes: EchoVerifier;
  readonly limits: DetectionLimits;
}

/** Gives the loop both ways to ask about a node; the witnesses are told of sessions, too. */
export function installLooking(deps: LookingDeps): WitnessDesk {
  const witnesses = witnessDesk(deps);
  deps.turns.probes = probeDesk(deps);
  deps.turns.witnesses = witnesses;
  return witnesses;
}

function probeDesk({ turns, clock, probe, limits }: LookingDeps): ProbeDesk {
  return new ProbeDesk({
    probe,
    timeout: limits.probeTimeout,
    discounted: () => turns.discounted,
    wallNow: () => clock.wallNow(),
    onResult: ({ index, node, askedAt, outcome, detail }) => {
      turns.post(index, node, { kind: "probed", askedAt, outcome, detail });
    },
  });
}

function witnessDesk(deps: LookingDeps): WitnessDesk {
  const { turns, table, random, metrics, limits, probePort, echoes } = deps;
  return new WitnessDesk({
    table,
    limits,
    port: probePort,
    echoes,
    random,
    metrics,
    now: () => turns.now(),
    discounted: () => turns.discounted,
    post: (index, node, event) => turns.post(index, node, event),
  });
}
