import type { DurationMs } from "@herdbeat/shared/time";
import type { AnswerRule } from "../core/service-profile.ts";

/** The service manager of the host. */
export interface ServiceManager {
  /** False where none runs (containers, rescue systems): then only processes can be watched. */
  isPresent(): boolean;
  /**
   * Its text about these units, `Key=Value` lines, an empty line between units. Runs in a child that
   * is killed after `timeout`; rejects then, and when the manager refuses.
   */
  show(units: readonly string[], timeout: DurationMs): Promise<string>;
  /** Whether the whole host is on its way down; false when that cannot be told in time. */
  isHostStopping(timeout: DurationMs): Promise<boolean>;
  /**
   * Whether any process is left in a unit's control group. Null when that cannot be told. Cannot
   * block; asks the kernel, not the manager.
   */
  isPopulated(controlGroup: string): boolean | null;
}

export interface ProcessIdentity {
  readonly pid: number;
  /** Path of the program it runs; null when the kernel does not let us see it. */
  readonly executable: string | null;
  /** Clock ticks since boot at which it started: with the pid, an identity. */
  readonly startTicks: number;
}

/** Reads of /proc that cannot block. */
export interface ProcessTable {
  /** Null when there is no such process, or only its zombie. */
  identify(pid: number): ProcessIdentity | null;
  /** Processes that run exactly this program. */
  findByExecutable(path: string): readonly ProcessIdentity[];
  /** The number in a pid file; null when there is none. Not on the event loop. */
  readPidFile(path: string): Promise<number | null>;
}

export type ServiceCheck =
  /** A GET that must be answered with a status below 500. */
  | { readonly kind: "http"; readonly url: string; readonly timeout: DurationMs }
  /** A connection that must be accepted. */
  | { readonly kind: "tcp"; readonly address: string; readonly timeout: DurationMs }
  | { readonly kind: "unix"; readonly path: string; readonly timeout: DurationMs }
  /** Bytes that are sent, and what the answer says. What no rule knows is an impostor. */
  | {
      readonly kind: "exchange";
      readonly over: "tcp" | "udp" | "unix";
      /** `address:port` with a literal address, or a path. */
      readonly target: string;
      /** Bytes as latin1. */
      readonly send: string;
      readonly rules: readonly AnswerRule[];
      readonly timeout: DurationMs;
    }
  /** The process, or a child of it, must hold a connection to one of these ports of another. */
  | { readonly kind: "connected"; readonly ports: readonly number[]; readonly timeout: DurationMs }
  /** A file that the service writes again and again. */
  | {
      readonly kind: "fresh-file";
      readonly path: string;
      readonly maxAge: DurationMs;
      readonly timeout: DurationMs;
    };

export interface CheckResult {
  readonly outcome:
    | "answered"
    | "refused"
    | "timeout"
    | "wrong-answer"
    /** It answers and says that it does not serve. */
    | "not-serving"
    /** Something else answers. */
    | "impostor"
    /** The answer says neither. */
    | "untold";
  readonly detail: string;
  readonly took: DurationMs;
  /** Of the rule that decided. */
  readonly reason?: string;
}

export interface ServiceChecks {
  /** Never rejects; ends within the check's timeout. `pid`: of the service, where it is known. */
  run(check: ServiceCheck, pid: number | null): Promise<CheckResult>;
}
