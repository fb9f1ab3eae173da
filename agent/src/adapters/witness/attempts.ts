/**
 * One probe: the same question three times, because a single lost packet must not count as silence.
 *
 * Guarantee: the first answer ends it; `timeout` and `unreachable` only come when every attempt went
 * out and had a third of the timeout to be answered, also when this process stalled meanwhile.
 * Mechanism: one timer at a time, each third begins when the one before it is over. At the end,
 * what the kernel had received by then is read before silence is concluded.
 */
import { type DurationMs, durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import type { WitnessOutcome } from "../../core/messages.ts";

export const ATTEMPTS = 3;

/** What one attempt may learn. The last two are not the end: a later attempt may be answered. */
export type Word = "answered" | "refused" | "unreachable" | "error";

export interface Questioner {
  /** Asks once more; never throws. */
  ask(): void;
  /** Nothing is heard and nothing is held afterwards. */
  close(): void;
}

export type OpenQuestioner = (heard: (word: Word, proof?: Uint8Array) => void) => Questioner;

export interface ProbeEnd {
  readonly outcome: WitnessOutcome;
  readonly proof: Uint8Array;
}

export interface RunningProbe {
  readonly ended: Promise<ProbeEnd>;
  /** Ends it as `error`. */
  cancel(): void;
}

const NO_PROOF = new Uint8Array(0);

export function runProbe(open: OpenQuestioner, timeout: DurationMs, timers: Timers): RunningProbe {
  let cancel = (): void => {};
  const ended = new Promise<ProbeEnd>((resolve) => {
    let silence: "timeout" | "unreachable" | "error" = "timeout";
    let timer: TimerHandle | null = null;
    let questioner: Questioner | null = null;
    let isOver = false;
    const end = (outcome: WitnessOutcome, proof: Uint8Array = NO_PROOF): void => {
      if (isOver) return;
      isOver = true;
      timer?.cancel();
      questioner?.close();
      resolve({ outcome, proof });
    };
    const attempt = (left: number): void => {
      if (left === 0) {
        timer = timers.afterDrain(() => end(silence));
        return;
      }
      questioner?.ask();
      timer = timers.after(durationMs(timeout / ATTEMPTS), () => attempt(left - 1));
    };
    cancel = () => end("error");
    questioner = open((word, proof) => {
      if (word === "answered" || word === "refused") end(word, proof);
      // An attempt that never left proves nothing, so it outranks the others' silence.
      else if (silence !== "error") silence = word;
    });
    attempt(ATTEMPTS);
  });
  return { ended, cancel: () => cancel() };
}

/** Packets went out, and a router or our own kernel found nobody at that address. */
const NOBODY_THERE = new Set(["EHOSTUNREACH", "EHOSTDOWN"]);
const KERNEL_REFUSED = new Set(["ECONNREFUSED", "ECONNRESET"]);

/** Null: silence, which is for the timeout to conclude. ENETUNREACH is an error: mostly our own route. */
export function wordFor(error: Error): Word | null {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (KERNEL_REFUSED.has(code)) return "refused";
  if (NOBODY_THERE.has(code)) return "unreachable";
  return code === "ETIMEDOUT" ? null : "error";
}
