/**
 * Keeps an answer to "can we see?" at hand: asks our gateway often while somebody is in doubt. After
 * it was silent it vouches for us again only when it has answered for as long as silence takes to
 * count: what was not heard and not answered while we were cut off proves nothing.
 */
import type { Clock, DurationMs, MonotonicMs } from "@herdbeat/shared/time";
import { durationMs, elapsed } from "@herdbeat/shared/time";
import type { OwnSight } from "../core/node-state.ts";
import type { GatewayCheck } from "../ports/kernel-probe.ts";

const CALM_INTERVAL = durationMs(5_000);
const DOUBT_INTERVAL = durationMs(500);
const GATEWAY_TIMEOUT = durationMs(400);

export class OwnSightKeeper {
  readonly #gateway: GatewayCheck;
  readonly #clock: Clock;
  readonly #settle: DurationMs;
  /** The first answer after a silence; null: it was not silent since it last vouched for us. */
  #recovering: { readonly since: MonotonicMs | null } | null = null;
  #answer: OwnSight["gateway"] = "unknown";
  #askedAt: MonotonicMs | null = null;
  #asking = false;

  constructor(gateway: GatewayCheck, clock: Clock, settle: DurationMs) {
    this.#gateway = gateway;
    this.#clock = clock;
    this.#settle = settle;
  }

  get answer(): OwnSight["gateway"] {
    return this.#answer;
  }

  /** Called every turn; asks when due. */
  refresh(someoneInDoubt: boolean): void {
    const due: DurationMs = someoneInDoubt ? DOUBT_INTERVAL : CALM_INTERVAL;
    const now = this.#clock.now();
    if (this.#asking || (this.#askedAt !== null && elapsed(this.#askedAt, now) < due)) return;
    this.#asking = true;
    this.#askedAt = now;
    this.#gateway.check(GATEWAY_TIMEOUT).then(
      (answer) => {
        this.#answer = this.#settled(answer);
        this.#asking = false;
      },
      () => {
        this.#answer = "unknown";
        this.#asking = false;
      },
    );
  }

  #settled(answer: OwnSight["gateway"]): OwnSight["gateway"] {
    if (answer === "silent") this.#recovering = { since: null };
    if (answer !== "answers" || this.#recovering === null) return answer;
    const now = this.#clock.now();
    const since = this.#recovering.since ?? now;
    const isOver = elapsed(since, now) >= this.#settle;
    this.#recovering = isOver ? null : { since };
    return isOver ? "answers" : "silent";
  }
}
