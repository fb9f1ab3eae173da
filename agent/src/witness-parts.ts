/** The agent as a witness: what looks at others, and what answers when others look. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { EchoResponder } from "./adapters/witness/echo-responder.ts";
import { Prober } from "./adapters/witness/prober.ts";
import type { AgentConfig } from "./config.ts";
import type { Witness } from "./ports/witness.ts";

export interface WitnessParts {
  readonly witness: Witness | null;
  /** What a Hello says of it, as of now. */
  capabilities(): readonly string[];
  /** The aggregator's name for this node: what signatures must name. It knows the last key by now. */
  named(nodeId: NodeId): void;
  /** Of the certificate that a stream is being opened with. */
  useKey(pem: Buffer): void;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export function createWitnessParts(
  config: AgentConfig,
  own: { readonly nodeId: NodeId; readonly bootId: string },
  logger: Logger,
  metrics: Metrics,
): WitnessParts {
  if (!config.witness.enabled) {
    return {
      witness: null,
      capabilities: () => [],
      named: () => {},
      useKey: () => {},
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    };
  }
  let { nodeId } = own;
  // A renewed key signs once an aggregator has welcomed us with it: the one that asks meanwhile knows the old.
  let nextKey: Buffer | null = null;
  const { listen, port } = config.witness;
  const common = { clock: systemClock, logger, metrics };
  const prober = new Prober({ ...common, timers: systemTimers, networks: config.networks });
  const responder = new EchoResponder({
    ...common,
    listen,
    port,
    identity: () => ({ nodeId, bootId: own.bootId }),
  });
  return {
    witness: prober,
    capabilities: () => {
      const { port: bound } = responder;
      // Addresses that came since the last Hello; its own networks are read anew as well.
      void responder.listen();
      return bound === null ? ["witness"] : ["witness", `udp-echo:${bound}`];
    },
    named: (name) => {
      nodeId = name;
      if (nextKey !== null) responder.useKey(nextKey);
    },
    useKey: (pem) => {
      nextKey = pem;
    },
    start: () => responder.listen(),
    stop: () => {
      prober.stop();
      responder.stop();
      return Promise.resolve();
    },
  };
}
