// deadline: 180s
// needs: store network
// A drill with a real agent: the node seems to die, two aggregators and a receiver do all that they do
// of a dead one, and neither the agent nor recovery notices.
import type { DrillDto, QualityDto } from "@herdbeat/aggregator/adapters/http/quality-dto";
import * as assert from "uvu/assert";
import { incidents, story } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("drill");
const NODE = "compute-1";
const LONG = 120_000;

test(
  "is measured from the played death to the receiver, told as a drill and taken back",
  async () => {
    const dir = makeTempDir("drill");
    const stack = await startStack({ dir: dir.path, aggregators: 2 });
    try {
      await stack.startAgent(NODE, "libvirt: { enabled: never }");
      await eventually(async () => (await stack.node(NODE)).state === "alive", {
        withinMs: 30_000,
        what: "a node that is alive",
      });
      const begin = async (http: string): Promise<number> => {
        const response = await fetch(`${http}/api/v1/drills`, {
          method: "POST",
          headers: { authorization: `Bearer ${stack.token}`, "content-type": "application/json" },
          body: JSON.stringify({ node: NODE }),
        });
        return response.status;
      };
      // Whoever is asked, the owner plays it; a host under pressure has an incident at times.
      const [first, second] = stack.aggregators;
      await eventually(async () => (await begin(first?.http ?? "")) === 201, {
        withinMs: 40_000,
        what: "a drill that begins",
      });
      assert.is(await begin(second?.http ?? ""), 409);
      const drill = await eventually(
        async () => {
          const { items } = await stack.get<{ readonly items: readonly DrillDto[] }>(
            "/api/v1/drills",
          );
          const [one] = items;
          return one !== undefined && one.outcome !== "running" ? one : null;
        },
        { withinMs: 30_000, what: "a drill that is over" },
      );
      assert.is(drill.outcome, "measured", drill.because);
      assert.ok(drill.declaredMs !== null && drill.durableMs !== null && drill.incident !== null);
      assert.is(drill.deliveredMs === null, false);
      await eventually(async () => (await stack.node(NODE)).state === "alive", {
        withinMs: 10_000,
        what: "the node that is itself again",
      });
      const [found] = await incidents(stack, { node: NODE });
      const told = await story(stack, drill.incident);
      assert.is(found?.id, drill.incident);
      assert.equal(
        told.timeline.map(({ kind, class: what }) => `${what} ${kind}`),
        ["host-down declared", "host-down retracted"],
      );
      const { drills, fleet } = await stack.get<QualityDto>("/api/v1/quality");
      assert.is(drills.declared.count, 1);
      assert.is(fleet.declaration.mistakes, 0);
      console.log(
        `declared ${drill.declaredMs} ms, stored ${drill.durableMs} ms, received ${drill.deliveredMs} ms after the played death`,
      );
    } finally {
      await stack.stop();
      dir.remove();
    }
  },
  LONG,
);

test.run();
