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
import type { EchoWorth } from "../ports/echo-verifier.ts";

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

/** How a report came, and what tells a node's own echo from anybody's. */
export interface ReportContext {
  readonly took: DurationMs;
  readonly timeout: DurationMs;
  readonly hasStalled: boolean;
  readonly worthOf: (reply: Uint8Array, nonce: Uint8Array) => EchoWorth;
}

/**
 * One observation for each probe of the question, or null for a report that answers anything else:
 * who is confused in one thing is believed in none. What is missing was not seen.
 */
export function observationsOf(
  question: WitnessQuestion,
  report: WitnessReport,
  context: ReportContext,
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
    const { kind, networkRole: network } = probe;
    const one = seen.get(probe);
    const outcome = one === undefined ? "cannot-ask" : outcomeOf(one.outcome, context);
    // A refusal of the echo's port comes from the kernel, and is nobody's signature.
    if (kind !== "udp-echo" || one?.outcome !== "answered")
      return { kind, network, outcome, authenticated: false };
    const worth = context.worthOf(one.proof, probe.nonce);
    // An old echo, or one by another node's key, is no word of this node.
    return worth === "forged"
      ? { kind, network, outcome: "cannot-ask", authenticated: false }
      : { kind, network, outcome, authenticated: worth === "authenticated" };
  });
}

function outcomeOf(word: string, { took, timeout, hasStalled }: ReportContext): WitnessOutcome {
  switch (word) {
    // A refusal comes from the kernel: it lives.
    case "answered":
    case "refused":
      return "answered";
    // While we stalled the report, or the answer to it, may have waited unread.
    case "unreachable":
      return hasStalled ? "cannot-ask" : "no-answer";
    case "timeout":
      // Who gave up before the deadline did not wait for the answer.
      return hasStalled || took + EARLY_SLACK_MS < timeout ? "cannot-ask" : "no-answer";
    default:
      return "cannot-ask";
  }
}
