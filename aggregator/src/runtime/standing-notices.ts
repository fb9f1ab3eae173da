/** Troubles of the control plane that follow from its state: raised while they last, cleared with them. */
import type { ShardId } from "@herdbeat/shared/ids";
import type { StoreHealth } from "../ports/fleet-store.ts";
import type { NodeTable } from "./node-table.ts";
import type { Notices } from "./notices.ts";

export interface Standing {
  readonly store: StoreHealth;
  readonly foreign: ReadonlyMap<ShardId, string>;
  readonly lostShare: number;
  /** More than this of the last minute lost: hand over and say so. */
  readonly lostShareMax: number;
}

/** Looking through the whole fleet for unseen nodes is not for every turn. */
const UNSEEN_EVERY_TURNS = 50;

export class StandingNotices {
  readonly #notices: Notices;
  readonly #table: NodeTable;
  #turns = 0;

  constructor(notices: Notices, table: NodeTable) {
    this.#notices = notices;
    this.#table = table;
  }

  /** Called every turn. */
  follow({ store, foreign, lostShare, lostShareMax }: Standing): void {
    this.#while(store.state === "down", "store-down", () => {
      const why = store.detail === "" ? "no connection" : store.detail;
      return `the store does not answer (${why}): no verdict on any node until it does; agents are unaffected`;
    });
    this.#while(foreign.size > 0, "store-held", () => {
      const [first] = foreign.values();
      return `${foreign.size} of 64 shards are on hold: ${first}; restore the store's data or run \`herdctl store adopt\``;
    });
    this.#while(lostShare > lostShareMax, "control-plane-down", () => {
      return `this aggregator lost more than ${lostShareMax * 100} % of the last minute to stalls and hands its shards over`;
    });
    this.#turns += 1;
    if (this.#turns % UNSEEN_EVERY_TURNS === 0) this.#noteUnseen();
  }

  #while(stands: boolean, kind: string, message: () => string): void {
    if (stands) this.#notices.raise(kind, message());
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
