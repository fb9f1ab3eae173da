/** What all production connections of a simulated aggregator share, without its server. */
import type { ConnectionContext } from "@herdbeat/aggregator/adapters/ws/agent-connection";
import { FRAME_RATE_DEFAULT, FrameRate } from "@herdbeat/aggregator/adapters/ws/frame-rate";
import {
  type ListenerCounters,
  zeroCounters,
} from "@herdbeat/aggregator/adapters/ws/listener-counters";
import type { StreamConnection } from "@herdbeat/aggregator/adapters/ws/stream-connection";
import type { AgentObserver } from "@herdbeat/aggregator/ports/agent-listener";
import { assert } from "@herdbeat/shared/assert";
import { durationMs } from "@herdbeat/shared/time";
import type { SimProcess } from "./clock.ts";

const RATE_TICK = durationMs(100);
/** As the real listener: for the last bytes and the peer's FIN. */
const CLOSING_DEADLINE = durationMs(2_000);

export class SimStreams {
  readonly counters: ListenerCounters = zeroCounters();
  readonly #process: SimProcess;
  readonly #id: string;
  readonly #rate: FrameRate;
  #context: ConnectionContext | null = null;

  constructor(process: SimProcess, id: string) {
    this.#process = process;
    this.#id = id;
    this.#rate = new FrameRate(FRAME_RATE_DEFAULT, process.clock);
  }

  get context(): ConnectionContext {
    assert(this.#context !== null, "nobody listens");
    return this.#context;
  }

  start(observer: AgentObserver): void {
    const { timers } = this.#process;
    const tick = (): void => {
      this.#rate.tick();
      timers.after(RATE_TICK, tick);
    };
    tick();
    this.#context = {
      observer,
      counters: this.counters,
      rate: this.#rate,
      framesPerSecondMax: FRAME_RATE_DEFAULT.perSecond,
      aggregatorId: this.#id,
      aggregatorVersion: "0",
      clusterId: () => "",
      insecure: false,
      settled: () => {},
      closing: (connection: StreamConnection) => {
        timers.after(CLOSING_DEADLINE, () => connection.onSocketClosed());
      },
      closed: () => {},
    };
  }
}
