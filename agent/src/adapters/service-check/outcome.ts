/** What becomes of a check that ended with an error. */
import type { DurationMs } from "@herdbeat/shared/time";
import type { CheckResult } from "../../ports/services.ts";

export type Outcome = Omit<CheckResult, "took">;

export function failure(target: string, error: Error, timeout: DurationMs): Outcome {
  const code = (error as NodeJS.ErrnoException).code;
  if (error.name === "AbortError" || error.name === "TimeoutError" || code === "ETIMEDOUT") {
    return { outcome: "timeout", detail: `${target} did not answer in ${timeout} ms` };
  }
  if (code === "ECONNREFUSED" || code === "ENOENT" || code === "ECONNRESET") {
    return { outcome: "refused", detail: `${target}: ${code}` };
  }
  return { outcome: "wrong-answer", detail: `${target}: ${code ?? error.message}` };
}
