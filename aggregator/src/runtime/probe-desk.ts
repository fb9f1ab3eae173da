/**
 * Asks the kernels of nodes: urgently where the core wants it, otherwise each node about once a
 * minute so that silence can count later. A question during which this process stalled is void:
 * the answer may have been there and not been read in time.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import type { DurationMs, ListeningMs, UnixMs } from "@herdbeat/shared/time";
import type { KernelProbe } from "../ports/kernel-probe.ts";

export interface ProbeResult {
  readonly index: number;
  /** Indexes are used again; the answer counts only for this node. */
  readonly node: NodeId;
  readonly askedAt: ListeningMs;
  readonly outcome: "answered" | "no-answer" | "cannot-ask";
  readonly detail: string;
  readonly at: UnixMs;
}

export interface ProbeDeskDeps {
  readonly probe: KernelProbe;
  readonly timeout: DurationMs;
  /** All time discounted so far; a change during a question voids it. */
  readonly discounted: () => number;
  readonly wallNow: () => UnixMs;
  readonly onResult: (result: ProbeResult) => void;
}

/** A stall of this length within a question's deadline may have swallowed the answer. */
const STALL_VOIDS_MS = 50;

/** Peacetime questions at once; urgent ones are not counted against it. */
const PEACETIME_IN_FLIGHT_MAX = 64;

export class ProbeDesk {
  readonly #deps: ProbeDeskDeps;
  readonly #asking = new Set<number>();
  #peacetimeInFlight = 0;

  constructor(deps: ProbeDeskDeps) {
    this.#deps = deps;
  }

  isAsking(index: number): boolean {
    return this.#asking.has(index);
  }

  urgent(index: number, node: NodeId, address: string, askedAt: ListeningMs): void {
    if (!this.#asking.has(index)) void this.#ask(index, node, address, askedAt);
  }

  /** False when enough questions are under way. */
  peacetime(index: number, node: NodeId, address: string, askedAt: ListeningMs): boolean {
    if (this.#peacetimeInFlight >= PEACETIME_IN_FLIGHT_MAX) return false;
    if (this.#asking.has(index)) return true;
    this.#peacetimeInFlight += 1;
    void this.#ask(index, node, address, askedAt).finally(() => {
      this.#peacetimeInFlight -= 1;
    });
    return true;
  }

  async #ask(index: number, node: NodeId, address: string, askedAt: ListeningMs): Promise<void> {
    this.#asking.add(index);
    const discountedBefore = this.#deps.discounted();
    const outcome = await this.#deps.probe.probe(address, this.#deps.timeout);
    this.#asking.delete(index);
    const base = { index, node, askedAt, at: this.#deps.wallNow() };
    switch (outcome.kind) {
      case "answered":
        this.#deps.onResult({
          ...base,
          outcome: "answered",
          detail: `${outcome.how} after ${Math.round(outcome.roundTrip)} ms`,
        });
        return;
      case "no-answer":
        if (this.#deps.discounted() - discountedBefore > STALL_VOIDS_MS) {
          this.#deps.onResult({
            ...base,
            outcome: "cannot-ask",
            detail: "void: this aggregator stalled while it asked",
          });
        } else {
          this.#deps.onResult({
            ...base,
            outcome: "no-answer",
            detail: `no answer within ${this.#deps.timeout} ms`,
          });
        }
        return;
      case "cannot-ask":
        this.#deps.onResult({ ...base, outcome: "cannot-ask", detail: outcome.why });
        return;
    }
  }
}
