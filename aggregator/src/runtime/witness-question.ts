/** What a witness is asked about a node, and what its report is worth. */
import type { NodeId } from "@herdbeat/shared/ids";
import type { Random } from "@herdbeat/shared/random";
import type { DurationMs, ListeningMs } from "@herdbeat/shared/time";
import type { NodeRecord } from "../core/node-record.ts";
import type { WitnessObservation, WitnessOutcome } from "../core/node-state.ts";
import {
  type AgentSession,
  CAPABILITY_ECHO,
  WITNESS_PROBES_MAX,
  type WitnessProbe,
  type WitnessReport,
} from "../ports/agent-listener.ts";

export interface WitnessQuestion {
  readonly id: number;
  readonly index: number;
  readonly node: NodeId;
  readonly witness: NodeId;
  readonly domain: string;
  readonly session: AgentSession;
  readonly askedAt: ListeningMs;
  /** All our own stalls until then. */
  readonly discounted: number;
  readonly probes: readonly WitnessProbe[];
  readonly isUrgent: boolean;
}

const NONCE_BYTES = 16;
const NO_NONCE = new Uint8Array(0);
/** Clocks of two machines, and our turn: a deadline is not met to the millisecond. */
const EARLY_SLACK_MS = 50;

/** The port on which a node answers echo questions; 0 where it does not. */
export function echoPortOf(capabilities: readonly string[]): number {
  const text = capabilities.find((one) => one.startsWith(CAPABILITY_ECHO));
  const digits = text?.slice(CAPABILITY_ECHO.length) ?? "";
  const port = /^\d{1,5}$/.test(digits) ? Number(digits) : 0;
  return port <= 65_535 ? port : 0;
}

/** Over the network of the node's stream, and over each further one that both are in. */
export function probesFor(
  subject: NodeRecord,
  witness: NodeRecord,
  ports: { readonly kernel: number; readonly echo: number },
  random: Random,
): readonly WitnessProbe[] {
  const probes: WitnessProbe[] = [];
  const add = (networkRole: string, address: string): void => {
    probes.push({ kind: "tcp-rst", networkRole, address, port: ports.kernel, nonce: NO_NONCE });
    if (ports.echo === 0) return;
    const nonce = bytesOf(random.hex(NONCE_BYTES));
    probes.push({ kind: "udp-echo", networkRole, address, port: ports.echo, nonce });
  };
  if (subject.address !== "") add("", subject.address);
  for (const { role, addresses } of subject.networks) {
    const address = addresses.find(isAddress);
    const isShared = witness.networks.some((one) => one.role === role && one.addresses.length > 0);
    if (role === "" || address === undefined || !isShared) continue;
    if (addresses.includes(subject.address)) continue;
    add(role, address);
  }
  return probes.slice(0, WITNESS_PROBES_MAX);
}

/** Agents tell their addresses themselves: a name would be looked up, wherever that leads. */
function isAddress(text: string): boolean {
  return /^[0-9a-fA-F:.]{2,45}$/.test(text) && /[.:]/.test(text);
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

/**
 * One observation for each probe of the question, or null for a report that answers anything else:
 * who is confused in one thing is believed in none. What is missing was not seen.
 */
export function observationsOf(
  question: WitnessQuestion,
  report: WitnessReport,
  took: DurationMs,
  timeout: DurationMs,
  hasStalled: boolean,
): readonly WitnessObservation[] | null {
  const { probes } = question;
  const seen = new Map<WitnessProbe, WitnessReport["observations"][number]>();
  for (const one of report.observations) {
    const probe = probes.find(
      ({ kind, networkRole, address }) =>
        kind === one.kind && networkRole === one.networkRole && address === one.address,
    );
    if (probe === undefined || seen.has(probe)) return null;
    seen.set(probe, one);
  }
  return probes.map((probe) => {
    const one = seen.get(probe);
    const outcome = one === undefined ? "cannot-ask" : outcomeOf(one.outcome, took, timeout);
    return {
      kind: probe.kind,
      network: probe.networkRole,
      // While we stalled the report, or the answer to it, may have waited unread.
      outcome: outcome === "no-answer" && hasStalled ? "cannot-ask" : outcome,
      authenticated:
        one !== undefined && outcome === "answered" && isAuthenticated(probe, one.proof),
    };
  });
}

function outcomeOf(word: string, took: DurationMs, timeout: DurationMs): WitnessOutcome {
  switch (word) {
    // A refusal comes from the kernel: it lives.
    case "answered":
    case "refused":
      return "answered";
    case "unreachable":
      return "no-answer";
    case "timeout":
      // Who gave up before the deadline did not wait for the answer.
      return took + EARLY_SLACK_MS < timeout ? "cannot-ask" : "no-answer";
    default:
      return "cannot-ask";
  }
}

/**
 * Whether an echo could have come from the node alone, by its key and our nonce. The node's key is
 * not known here yet: no answer is believed to be more than somebody's.
 */
export function isAuthenticated(_probe: WitnessProbe, _proof: Uint8Array): boolean {
  return false;
}
