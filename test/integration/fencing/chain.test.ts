// deadline: 180s
// needs: store network fencing
// A host dies without a word: declared, committed, its power really cut through fence_ipmilan in a
// simulated BMC, and recovery asked for with grade 5. Real aggregator process, real streams; the
// agents are clients of this file, and a death is packets that are dropped in a network namespace.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { PacketDrop } from "../../fleet/silent-death.ts";
import { incident } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { type IpmiSimulator, startIpmiSimulator } from "../../support/ipmi-simulator.ts";
import { onlyWith } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { WitnessingClient } from "../../support/witnessing-client.ts";

const possible = await enterNamespace();

const test = suite("chain-fencing");
const run = onlyWith(test, "needs-netns", possible);

const NODES = 6;
const DEAD = "w-3";

function config(bmc: IpmiSimulator, secretFile: string): string {
  const options = JSON.stringify(bmc.options);
  const secret = `\${file:${secretFile}}`;
  return `detection: {probe: {peacetimeInterval: 1s}}
policy: {host-down: {action: recover, minGrade: 5}}
fencing:
  testInterval: 10s
  testedWithin: 60s
  devices:
    bmc: {agent: fence_ipmilan, options: ${options}, secrets: {password: '${secret}'}, nodes: [${DEAD}], timeout: 20s}
`;
}

interface NodeFencing {
  readonly fencing: { readonly possible: boolean | null };
}

interface Shown {
  readonly phase: string;
  readonly grade: number;
  readonly hold: { readonly reason: string } | null;
  readonly actions: readonly { readonly kind: string; readonly state: string }[];
  readonly deliveries: readonly { readonly kind: string; readonly state: string }[];
  readonly timeline: readonly { readonly kind: string; readonly grade: number }[];
}

async function withFleet(use: (stack: Stack, bmc: IpmiSimulator) => Promise<void>): Promise<void> {
  const dir = makeTempDir("fencing-chain");
  const bmc = await startIpmiSimulator(dir.path);
  const secret = join(dir.path, "bmc.password");
  writeFileSync(secret, `${bmc.password}\n`, { mode: 0o600 });
  const stack = await startStack({
    dir: join(dir.path, "stack"),
    aggregators: 1,
    runFrom: "build",
    extraConfig: config(bmc, secret),
  });
  const clients: WitnessingClient[] = [];
  try {
    const [endpoint] = stack.aggregators.map(({ stream }) => stream);
    for (let i = 1; i <= NODES; i++)
      clients.push(new WitnessingClient(endpoint ?? "", `w-${i}`, `127.77.0.${i}`));
    await eventually(() => clients.filter(({ reached }) => reached.has(DEAD)).length >= 3, {
      withinMs: 30_000,
      what: "three witnesses",
    });
    await eventually(
      async () => (await stack.get<NodeFencing>(`/api/v1/nodes/${DEAD}`)).fencing.possible,
      { withinMs: 30_000, what: "a tested fence device" },
    );
    await use(stack, bmc);
  } catch (error) {
    console.log(stack.logs());
    throw error;
  } finally {
    for (const client of clients) client.stop();
    await stack.stop();
    await bmc.unplug();
    dir.remove();
  }
}

run(
  "a silent death is fenced, and recovery is asked for with grade 5 when its power is off",
  () =>
    withFleet(async (stack, bmc) => {
      assert.is(bmc.power(), "on");
      await new PacketDrop().add(["127.77.0.3"]);
      const { id } = await incident(stack, { node: DEAD, class: "host-down" });
      const shown = await eventually(
        async () => {
          const now = await stack.get<Shown>(`/api/v1/incidents/${id}`);
          const isAsked = now.deliveries.some(
            ({ kind, state }) => kind === "request" && state === "delivered",
          );
          return isAsked ? now : null;
        },
        { withinMs: 60_000, everyMs: 200, what: "an accepted request" },
      );
      assert.is(bmc.power(), "off");
      assert.is(bmc.cuts(), 1);
      assert.equal([shown.phase, shown.grade, shown.hold], ["committed", 5, null]);
      assert.equal(
        shown.actions.filter(({ kind }) => kind === "fence").map(({ state }) => state),
        ["succeeded"],
      );
      assert.equal(
        shown.timeline.map(({ kind, grade }) => [kind, grade]),
        [
          ["declared", 1],
          ["committed", 1],
          ["changed", 5],
        ],
      );
      const requests = shown.deliveries.filter(({ kind }) => kind === "request");
      assert.is(requests.length, 1, "asked once");
    }),
  120_000,
);

test.run();
