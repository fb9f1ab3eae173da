/**
 * What is wrong with the control plane itself. Notices never ask for recovery: they are kept in a
 * local journal, shown, and sent directly to every destination (the store may be what is broken).
 */
import type { NodeId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { NoticeView } from "../ports/fleet-view.ts";
import type { EngineDeps } from "./engine-deps.ts";

export interface NoticeJournal {
  append(line: string): void;
}

export interface NoticesDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly journal: NoticeJournal;
  /** Sends one notice to every destination; false when a destination did not take it. */
  readonly send: (
    notice: NoticeView,
    state: "raised" | "cleared",
    sequence: number,
  ) => Promise<boolean>;
  readonly onChange: () => void;
}

/** Trouble shorter than this is shown but not sent: a reconnect is no page. */
const SEND_AFTER: DurationMs = durationMs(2_000);
const RETRY_EVERY: DurationMs = durationMs(10_000);
const RETRIES_MAX = 60;

interface Standing {
  readonly notice: NoticeView;
  sent: boolean;
  timer: TimerHandle | null;
}

export class Notices {
  readonly #deps: NoticesDeps;
  readonly #standing = new Map<string, Standing>();
  readonly #retries = new Set<TimerHandle>();
  #sequence = 0;
  #stopped = false;

  constructor(deps: NoticesDeps) {
    this.#deps = deps;
  }

  list(): readonly NoticeView[] {
    return [...this.#standing.values()].map((one) => one.notice);
  }

  /** Idempotent by `kind`; the message of a standing notice is brought up to date. */
  raise(kind: string, message: string, nodes: readonly NodeId[] = []): void {
    const before = this.#standing.get(kind);
    if (before !== undefined) {
      if (before.notice.message === message && before.notice.nodes.length === nodes.length) return;
      this.#standing.set(kind, { ...before, notice: { ...before.notice, message, nodes } });
      this.#deps.onChange();
      return;
    }
    const notice: NoticeView = { kind, since: this.#deps.clock.wallNow(), message, nodes };
    const standing: Standing = { notice, sent: false, timer: null };
    this.#standing.set(kind, standing);
    this.#deps.logger.error(`notice raised: ${kind}`, { message });
    this.#write("raised", notice);
    standing.timer = this.#deps.timers.after(SEND_AFTER, () => {
      standing.sent = true;
      this.#send(this.#standing.get(kind)?.notice ?? notice, "raised", 0);
    });
    this.#deps.onChange();
  }

  clear(kind: string): void {
    const standing = this.#standing.get(kind);
    if (standing === undefined) return;
    standing.timer?.cancel();
    this.#standing.delete(kind);
    this.#deps.logger.info(`notice cleared: ${kind}`, { message: standing.notice.message });
    this.#write("cleared", standing.notice);
    if (standing.sent) this.#send(standing.notice, "cleared", 0);
    this.#deps.onChange();
  }

  stop(): void {
    this.#stopped = true;
    for (const standing of this.#standing.values()) standing.timer?.cancel();
    for (const timer of this.#retries) timer.cancel();
  }

  #write(state: "raised" | "cleared", notice: NoticeView): void {
    const at = this.#deps.clock.wallNow();
    this.#deps.journal.append(
      JSON.stringify({
        at,
        state,
        kind: notice.kind,
        since: notice.since,
        message: notice.message,
      }),
    );
  }

  #send(notice: NoticeView, state: "raised" | "cleared", attempt: number): void {
    if (this.#stopped) return;
    this.#sequence += 1;
    void this.#deps.send(notice, state, this.#sequence).then((taken) => {
      if (taken || attempt >= RETRIES_MAX || this.#stopped) return;
      const timer = this.#deps.timers.after(RETRY_EVERY, () => {
        this.#retries.delete(timer);
        this.#send(notice, state, attempt + 1);
      });
      this.#retries.add(timer);
    });
  }
}

/** The notices of one process, sent to whoever it sends to. */
export function noticeBoard(deps: EngineDeps, onChange: () => void): Notices {
  return new Notices({ ...deps, send: deps.sendNotice, onChange });
}
