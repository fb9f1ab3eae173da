/** After everything was healed: what must come true within a bound. */
import { SHARD_COUNT } from "@herdbeat/shared/ids";
import type { CheckerName, Checkers } from "./checkers.ts";
import { hasHeld, type SimOperator } from "./operator.ts";
import type { SimWorld } from "./world.ts";

/** Takeover, the reconnect bound, a silent stream's end and the declaration, with room. */
const NODES_WITHIN_MS = 180_000;
/** A row that failed for long is tried again every five minutes. */
const DELIVERED_WITHIN_MS = 420_000;
const LOOK_EVERY_MS = 5_000;

interface Missing {
  readonly checker: CheckerName;
  readonly what: string;
}

/** Runs until all is well or the bound is over; tells the checkers what never came true. */
export async function converge(
  world: SimWorld,
  checkers: Checkers,
  operator: SimOperator,
  healedAt: number,
): Promise<void> {
  for (;;) {
    await world.run(LOOK_EVERY_MS);
    operator.adopt();
    checkers.lookAtQueues();
    if (checkers.violations.length > 0) return;
    const nodes = [...ownersMissing(world), ...nodesMissing(world)];
    const rows = rowsMissing(world, checkers);
    if (nodes.length + rows.length === 0) return;
    const waited = world.time.now - healedAt;
    const late = [
      ...(waited >= NODES_WITHIN_MS ? nodes : []),
      ...(waited >= DELIVERED_WITHIN_MS ? rows : []),
    ];
    for (const { checker, what } of late) checkers.fail(checker, `${what}, ${waited} ms after`);
    if (late.length > 0) return;
  }
}

function ownersMissing(world: SimWorld): readonly Missing[] {
  const owned = world.living.reduce((sum, { engine }) => sum + engine.runners.size, 0);
  const held = world.living.filter(hasHeld).map(({ id }) => id);
  if (owned === SHARD_COUNT && held.length === 0) return [];
  const what = `${owned} shards are looked after, on hold at ${held.join(", ") || "nobody"}`;
  return [{ checker: "every-shard-has-one-owner", what }];
}

function nodesMissing(world: SimWorld): readonly Missing[] {
  const missing: Missing[] = [];
  for (const agent of world.agents.values()) {
    const states = world.living.flatMap(({ engine }) => {
      const index = engine.table.indexOf(agent.id);
      return index === undefined ? [] : [engine.table.state(index).health.state];
    });
    const state = states.join("+");
    if (agent.powered) {
      if (state !== "alive")
        missing.push({
          checker: "the-living-are-alive",
          what: `${agent.id} lives and is ${state}`,
        });
    } else if (!["declared", "committed", "unseen"].includes(state)) {
      missing.push({
        checker: "the-dead-are-declared",
        what: `${agent.id} is dead and is ${state}`,
      });
    }
  }
  return missing;
}

function rowsMissing(world: SimWorld, checkers: Checkers): readonly Missing[] {
  const waiting = world.living.flatMap(({ engine }) =>
    [...engine.runners.values()].flatMap(({ outbox }) => [...outbox.keys()]),
  );
  return [...checkers.delivery.missing, ...waiting].map((row) => ({
    checker: "declared-is-told",
    what: `${row} was not delivered`,
  }));
}
