/** What herdctl can end with; scripts rely on these numbers. */
import { type ErrorCode, HealthError } from "@herdbeat/shared/errors";

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  unreachable: 5,
  storeUnavailable: 69,
  denied: 77,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Ends the command with a sentence for people and a number for scripts. */
export class CliError extends HealthError {
  readonly code: ErrorCode;
  readonly exitCode: ExitCode;
  /** More lines, each a hint or a detail. */
  readonly hints: readonly string[];

  constructor(
    exitCode: ExitCode,
    code: ErrorCode,
    message: string,
    more: { readonly hints?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.exitCode = exitCode;
    this.code = code;
    this.hints = more.hints ?? [];
  }
}

export function usageError(message: string, hints: readonly string[] = []): CliError {
  return new CliError(EXIT.usage, "HB_API_BAD_REQUEST", message, { hints });
}
