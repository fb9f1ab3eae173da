// deadline: 120s
// needs: store network
// Real aggregator, real streams, real deaths by dropped packets in a network namespace; the agents
// are clients of this file that look at each other with the aggregator's own kind of probe.
import * as assert from "uvu/assert";
import { PacketDrop } from "../../fleet/silent-death.ts";
import { incident } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { WitnessingClient } from "../../support/witnessing-client.ts";

const possible = await enterNamespace();

const test = suite("chain-witnesses");
const run = onlyWith(test, "needs-netns", possible);

const CONFIG = "detection: {probe: {peacetimeInterval: 1s}}\n";
const NODES = 5;

function names(clients: readonly WitnessingClient[]): readonly string[] {
  return clients.map((_, i) => `w-${i + 1}`);
}

function reachedBy(clients: readonly WitnessingClient[], name: string): number {
  return clients.filter(({ reached }) => reached.has(name)).length;
}

async function withWitnesses(use: (stack: Stack) => Promise<void>): Promise<void> {
  const dir = makeTempDir("witnesses");
  const stack = await startStack({ dir: dir.path, aggregators: 1, extraConfig: CONFIG });
  const clients: WitnessingClient[] = [];
  try {
    for (let i = 1; i <= NODES; i++)
      clients.push(
        new WitnessingClient(stack.aggregators[0]?.stream ?? "", `w-${i}`, `127.77.0.${i}`),
      );
    await eventually(() => names(clients).every((name) => reachedBy(clients, name) >= 3), {
      withinMs: 20_000,
      what: "three witnesses for every node",
    });
    await use(stack);
  } catch (error) {
    console.log(stack.logs());
    throw error;
  } finally {
    for (const client of clients) client.stop();
    await stack.stop();
    dir.remove();
  }
}

run(
  "a death that three racks see is declared with grade 1 and their evidence",
  () =>
    withWitnesses(async (stack) => {
      await new PacketDrop().add(["127.77.0.3"]);
      const { id } = await incident(stack, { node: "w-3", class: "host-down" });
      const declared = await stack.get<{
        readonly grade: number;
        readonly timeline: readonly {
          readonly rule: { readonly name: string };
          readonly evidence: readonly { readonly kind: string; readonly outcome: string }[];
        }[];
      }>(`/api/v1/incidents/${id}`);
      assert.is(declared.grade, 1);
      const [first] = declared.timeline;
      assert.is(first?.rule.name, "silence-and-witnesses");
      const seen = first?.evidence.filter(({ kind }) => kind === "witness");
      assert.ok((seen?.length ?? 0) >= 2, JSON.stringify(first));
    }),
  60_000,
);

test.run();
