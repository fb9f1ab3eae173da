// deadline: 120s
// needs: store network
// Real aggregator, real streams, real deaths by dropped packets in a network namespace; the agents
// are clients of this file that look at each other with the aggregator's own kind of probe.
import { TcpKernelProbe } from "@herdbeat/aggregator/adapters/kernel-probe/tcp-kernel-probe";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { PacketDrop } from "../../fleet/silent-death.ts";
import { incident } from "../../support/chain.ts";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { onlyWith } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { StreamClient } from "../../support/stream-client.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const possible = await enterNamespace();

const test = suite("chain-witnesses");
const run = onlyWith(test, "needs-netns", possible);

const CONFIG = "detection: {probe: {peacetimeInterval: 1s}}\n";
const NODES = 5;

/** An agent that beats and looks at others; it has no agent's own worries. */
class WitnessingClient {
  /** Nodes that answered it. */
  readonly reached = new Set<string>();
  readonly #probe = new TcpKernelProbe({ clock: systemClock, timers: systemTimers, port: 9 });
  readonly #beat: NodeJS.Timeout;
  readonly #connect: () => StreamClient;
  #client: StreamClient;
  #sequence = 0;
  #read = 0;

  constructor(endpoint: string, name: string, localAddress: string) {
    this.#connect = () => {
      const client = new StreamClient(endpoint, { localAddress });
      client.hello({
        nodeId: name,
        capabilities: ["witness"],
        labels: [{ key: "rack", value: `rack of ${name}` }],
      });
      return client;
    };
    this.#client = this.#connect();
    this.#beat = setInterval(() => this.#turn(), 100);
  }

  stop(): void {
    clearInterval(this.#beat);
    this.#client.socket.destroy();
  }

  #turn(): void {
    // Sent away: nobody owns its shard yet.
    if (this.#client.closed) {
      this.#client = this.#connect();
      this.#sequence = 0;
      this.#read = 0;
    }
    const { frames } = this.#client;
    if (!frames.some(({ kind }) => kind === "welcome")) return;
    this.#sequence += 1;
    if (this.#sequence % 10 === 1) this.#client.heartbeat(this.#sequence);
    for (const frame of frames.slice(this.#read))
      if (frame.kind === "witnessRequest") void this.#look(frame.body);
    this.#read = frames.length;
  }

  async #look(request: {
    readonly requestId: number;
    readonly nodeId: string;
    readonly probes: readonly { readonly address?: string | null }[];
    readonly timeoutMs: number;
  }): Promise<void> {
    const address = request.probes[0]?.address ?? "";
    const seen = await this.#probe.probe(address, durationMs(request.timeoutMs));
    const outcome = seen.kind === "answered" ? seen.how.replace("accepted", "answered") : "timeout";
    if (outcome !== "timeout") this.reached.add(request.nodeId);
    this.#client.send({
      kind: "witnessReport",
      body: {
        requestId: request.requestId,
        nodeId: request.nodeId,
        observations: [{ kind: "tcp-rst", networkRole: "", address, outcome }],
      },
    });
  }
}

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
