// An agent that beats and looks at others when it is asked to, as the real one does.
import { TcpKernelProbe } from "@herdbeat/aggregator/adapters/kernel-probe/tcp-kernel-probe";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import { StreamClient } from "./stream-client.ts";

/** An agent that beats and looks at others; it has no agent's own worries. */
export class WitnessingClient {
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
