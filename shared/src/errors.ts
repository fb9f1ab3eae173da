/** Base of every error thrown on purpose. `code` is permanent: tests and operators match it, never `message`. */
export abstract class HealthError extends Error {
  abstract readonly code: ErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** Every code, each explained in docs/operations.md (a test compares both lists). */
export const ERROR_CODES = [
  "HB_CONFIG_INVALID",
  "HB_FRAME_INVALID",
  "HB_STORE_UNAVAILABLE",
  "HB_STORE_REPLY_INVALID",
  "HB_STORE_SCHEMA_MISMATCH",
  "HB_STORE_NOT_FOUND",
  "HB_STORE_LOCKED",
  "HB_STORE_HELD",
  "HB_SESSION_REFUSED",
  "HB_TRANSPORT_FAILED",
  "HB_TLS_INVALID",
  "HB_PORT_IN_USE",
  "HB_WEBHOOK_FAILED",
  "HB_HYPERVISOR_UNAVAILABLE",
  "HB_PROBE_TIMEOUT",
  "HB_PROBE_FAILED",
  "HB_API_BAD_REQUEST",
  "HB_API_NOT_FOUND",
  "HB_API_UNAUTHORIZED",
  "HB_API_FORBIDDEN",
  "HB_API_CONFLICT",
  "HB_API_RATE_LIMITED",
  "HB_API_UNREACHABLE",
  "HB_INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** No reply: the operation may or may not have been applied. */
export class StoreUnavailableError extends HealthError {
  readonly code = "HB_STORE_UNAVAILABLE";
  readonly operation: string;

  /** `cause` carries the driver's error; the logger prints the chain. */
  constructor(operation: string, cause: unknown) {
    super(`store gave no reply to ${operation}`, { cause });
    this.operation = operation;
  }
}

/** The store answered something its scripts never say: mismatched versions or foreign data. */
export class StoreReplyError extends HealthError {
  readonly code = "HB_STORE_REPLY_INVALID";
  readonly operation: string;

  constructor(operation: string, detail: string, options?: ErrorOptions) {
    super(`${operation}: ${detail}`, options);
    this.operation = operation;
  }
}

/** A configuration value is wrong. `where` is `file:line:column` when the value came from a file. */
export class ConfigError extends HealthError {
  readonly code = "HB_CONFIG_INVALID";
  readonly where: string;
  readonly problems: readonly string[];

  constructor(where: string, problems: readonly string[], options?: ErrorOptions) {
    super(`configuration is not valid (${where}): ${problems.join("; ")}`, options);
    this.where = where;
    this.problems = problems;
  }
}

/** Any other operating error that needs no structured fields. */
export class OperatingError extends HealthError {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
