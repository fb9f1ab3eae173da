import type { RedisLink } from "@herdbeat/aggregator/adapters/redis/redis-link";
import { RedisShardStore } from "@herdbeat/aggregator/adapters/redis/redis-shard-store";
import { ScriptRunner } from "@herdbeat/aggregator/adapters/redis/script-runner";
import type { Ownership } from "@herdbeat/aggregator/ports/shard-store";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { SHARD } from "../../../../support/store-records.ts";
import { suite } from "../../../../support/suite.ts";

const test = suite("waiting for replicas");

const OWNERSHIP: Ownership = {
  shard: SHARD,
  aggregator: "agg-1" as AggregatorId,
  token: 7 as FencingToken,
  generationId: "g",
};

/** A link that says CLAIMED, and then what `wait` says; its epoch changes when `reconnects` tells. */
function linkWith(given: {
  readonly count: unknown;
  readonly reconnects?: "before-wait" | "during-wait";
  readonly fails?: boolean;
}): { readonly link: RedisLink; readonly sent: string[] } {
  const sent: string[] = [];
  let epoch = 1;
  const link: RedisLink = {
    spansSlots: true,
    start: async () => {},
    stop: async () => {},
    epoch: () => `${epoch}`,
    health: () => ({ state: "up", since: unixMs(0), detail: "", description: "" }),
    send: async (_operation, command) => {
      sent.push(command[0] ?? "");
      if (command[0] !== "WAIT") {
        if (given.reconnects === "before-wait") epoch += 1;
        return ["CLAIMED"];
      }
      assert.equal(command, ["WAIT", "2", "400"]);
      if (given.reconnects === "during-wait") epoch += 1;
      if (given.fails === true) throw new Error("no reply");
      return given.count;
    },
  };
  return { link, sent };
}

async function claim(link: RedisLink) {
  const scripts = new ScriptRunner(link);
  const replicas = { required: 2, timeout: durationMs(400), link, scripts };
  const store = new RedisShardStore({ link, scripts, replicas });
  return store.claimRow(OWNERSHIP, "row-1");
}

for (const [what, given, replicasMet] of [
  ["as many as are required", { count: 2 }, true],
  ["more than are required", { count: 3 }, true],
  ["fewer than are required", { count: 1 }, false],
  ["none", { count: 0 }, false],
  ["an answer that is no number", { count: "2" }, false],
  ["no answer", { count: 2, fails: true }, false],
  ["enough, but of another connection", { count: 2, reconnects: "during-wait" }, false],
] as const) {
  test(`says ${replicasMet} when the server counts ${what}`, async () => {
    const { link } = linkWith(given);
    assert.equal(await claim(link), { kind: "done", replicasMet });
  });
}

test("does not even ask a connection that did not write the claim", async () => {
  const { link, sent } = linkWith({ count: 2, reconnects: "before-wait" });
  assert.equal(await claim(link), { kind: "done", replicasMet: false });
  assert.not.ok(sent.includes("WAIT"));
});

test.run();
