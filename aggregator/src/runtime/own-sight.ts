/** Keeps an answer to "can we see?" at hand: asks our gateway often while somebody is in doubt. */
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
  #answer: OwnSight["gateway"] = "unknown";
  #askedAt: MonotonicMs | null = null;
  #asking = false;

  constructor(gateway: GatewayCheck, clock: Clock) {
    this.#gateway = gateway;
    this.#clock = clock;
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
        this.#answer = answer;
        this.#asking = false;
      },
      () => {
        this.#answer = "unknown";
        this.#asking = false;
      },
    );
  }
}
