/**
 * Every agent that can be a witness, in the order of its hash. A node's witnesses are chosen among
 * its neighbours there: choosing among all of a large fleet would cost too much, once a minute and node.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import { mixed, type WitnessCandidate } from "../core/witness-choice.ts";
import type { AgentSession } from "../ports/agent-listener.ts";

export interface RingMember extends WitnessCandidate {
  readonly index: number;
  readonly session: AgentSession;
}

/** Enough that several racks are among them. */
const NEIGHBOURS = 24;
/** Sick and absent ones are passed over, so far. */
const STEPS_MAX = 64;

export class WitnessRing {
  readonly #members: RingMember[] = [];
  readonly #places = new Map<NodeId, number>();

  get size(): number {
    return this.#members.length;
  }

  put(member: RingMember): void {
    this.remove(member.id);
    const place = mixed(member.hash);
    this.#members.splice(this.#from(place), 0, member);
    this.#places.set(member.id, place);
  }

  remove(id: NodeId): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    let at = this.#from(place);
    while (this.#members[at]?.id !== id) at += 1;
    this.#members.splice(at, 1);
  }

  /** The nearest healthy members after `hash`; those that are gone are forgotten on the way. */
  near(
    hash: number,
    stateOf: (member: RingMember) => "healthy" | "sick" | "gone",
  ): readonly RingMember[] {
    const found: RingMember[] = [];
    const gone: NodeId[] = [];
    const total = this.#members.length;
    const start = this.#from(mixed(hash));
    for (let step = 0; step < Math.min(total, STEPS_MAX) && found.length < NEIGHBOURS; step++) {
      const member = this.#members[(start + step) % total];
      if (member === undefined) break;
      const state = stateOf(member);
      if (state === "healthy") found.push(member);
      if (state === "gone") gone.push(member.id);
    }
    for (const id of gone) this.remove(id);
    return found;
  }

  /** First position whose place is not below `place`. */
  #from(place: number): number {
    let low = 0;
    let high = this.#members.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const member = this.#members[middle];
      if (member !== undefined && mixed(member.hash) < place) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
