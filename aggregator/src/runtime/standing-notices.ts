/** Troubles of the control plane that follow from its state: raised while they last, cleared with them. */
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import type { StoreHealth } from "../ports/fleet-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { Notices } from "./notices.ts";
import type { ShardRunner } from "./shard-runner.ts";

/** A committed node whose fencing or request does not go on, and why. */
export interface Waiting {
  readonly node: NodeId;
  readonly because: string;
}

export interface Standing {
  readonly store: StoreHealth;
  readonly held: ReadonlyMap<ShardId, string>;
  /** This process hands its shards over because of its own stalls. */
  readonly tooSick: boolean;
  /** The share of the last minute above which it does. */
  readonly lostShareMax: number;
  /** Why requests for recovery are stopped by an operator; null: they are not. */
  readonly disarmedBecause: string | null;
  /** Why commits have waited long for the counts of other owners; null: none has. */
  readonly censusBecause: string | null;
  readonly fencing: {
    /** Nodes that policy wants recovered and that no fence device is known to reach. */
    impossibleFor(): readonly NodeId[];
    /** Committed nodes that no fence device confirms to be off. */
    unanswered(): readonly NodeId[];
    /** Committed nodes whose power is not cut, for a reason that no other notice tells. */
    forbidden(): readonly Waiting[];
  };
  readonly requests: {
    /** Committed nodes whose request has waited long. */
    waiting(): readonly Waiting[];
  };
}

/** Looking through the whole fleet is not for every turn. */
const LOOK_EVERY_TURNS = 20;
/** The answer changes with tests, which are minutes apart. */
const DEVICE_LOOK_EVERY_TURNS = 100;

export class StandingNotices {
  readonly #notices: Notices;
  readonly #table: NodeTable;
  readonly #runners: ReadonlyMap<ShardId, Pick<ShardRunner, "outbox">>;
  #turns = 0;

  constructor(
    notices: Notices,
    table: NodeTable,
    runners: ReadonlyMap<ShardId, Pick<ShardRunner, "outbox">>,
  ) {
    this.#runners = runners;
    this.#notices = notices;
    this.#table = table;
  }

  /** Called every turn. */
  follow(standing: Standing): void {
    const { store, held, tooSick, lostShareMax, disarmedBecause, censusBecause } = standing;
    this.#while(store.state === "down", "store-down", () => {
      const why = store.detail === "" ? "no connection" : store.detail;
      return `the store does not answer (${why}): no verdict on any node until it does; agents are unaffected`;
    });
    this.#while(held.size > 0, "store-held", () => {
      const [first] = held.values();
      return `${held.size} of 64 shards are on hold: ${first}; restore the store's data or run \`herdctl store adopt\``;
    });
    this.#while(tooSick, "control-plane-down", () => {
      return `this aggregator lost more than ${lostShareMax * 100} % of the last minute to stalls and hands its shards over`;
    });
    this.#while(disarmedBecause !== null, "disarmed", () => {
      return `${disarmedBecause}; failures are told, nothing is asked for until \`herdctl disarm off\``;
    });
    this.#while(censusBecause !== null, "census-incomplete", () => {
      return `${censusBecause}; \`herdctl hold list\` shows what waits, \`herdctl shard list\` who owns what`;
    });
    this.#turns += 1;
    if (this.#turns % LOOK_EVERY_TURNS !== 0) return;
    this.#noteUnseen();
    this.#noteParked();
    this.#noteUnanswered(standing.fencing.unanswered());
    this.#noteWaiting([...standing.fencing.forbidden(), ...standing.requests.waiting()]);
    if (this.#turns % DEVICE_LOOK_EVERY_TURNS === 0)
      this.#noteUnfenceable(standing.fencing.impossibleFor());
  }

  #noteUnanswered(nodes: readonly NodeId[]): void {
    this.#while(
      nodes.length > 0,
      "fencing-unanswered",
      () =>
        `no fence device confirms that ${nodes.length} committed hosts are off, so nothing is recovered; \`herdctl incident confirm-off\` when you have seen that they have no power`,
      nodes,
    );
  }

  #noteWaiting(waiting: readonly Waiting[]): void {
    const [first] = waiting;
    this.#while(
      first !== undefined,
      "recovery-waits",
      () =>
        `the recovery of ${waiting.length} committed nodes does not go on; of ${first?.node}: ${first?.because}`,
      [...new Set(waiting.map(({ node }) => node))],
    );
  }

  #noteUnfenceable(nodes: readonly NodeId[]): void {
    this.#while(
      nodes.length > 0,
      "fencing-impossible",
      () =>
        `policy asks for the recovery of hosts, and no tested fence device reaches ${nodes.length} of them: none of these is ever committed; \`herdctl node show\` tells why`,
      nodes,
    );
  }

  #noteParked(): void {
    let parked = 0;
    for (const { outbox } of this.#runners.values()) {
      for (const { state } of outbox.values()) if (state === "parked") parked += 1;
    }
    this.#while(parked > 0, "deliveries-parked", () => {
      return `${parked} deliveries were refused by their receiver and wait for a person; \`herdctl delivery list\` shows them`;
    });
  }

  #while(
    stands: boolean,
    kind: string,
    message: () => string,
    nodes: readonly NodeId[] = [],
  ): void {
    if (stands) this.#notices.raise(kind, message(), nodes);
    else this.#notices.clear(kind);
  }

  #noteUnseen(): void {
    const unseen = this.#table.states.flatMap((state) =>
      state?.health.state === "unseen" ? [state.record.id] : [],
    );
    if (unseen.length === 0) {
      this.#notices.clear("unseen-since-store-loss");
      return;
    }
    this.#notices.raise(
      "unseen-since-store-loss",
      `${unseen.length} registered nodes were not seen since the store lost its data; they are not declared`,
      unseen,
    );
  }
}
