/**
 * The log: JSON lines on standard output, written synchronously so that the last line before a crash
 * is there. Under journald each line begins with its priority (sd-daemon(3)).
 */
import type { LogFields, Logger } from "@herdbeat/shared/logger";
import { destination, type LevelWithSilent, type Logger as Pino, pino } from "pino";

export interface LogOptions {
  readonly level: LevelWithSilent;
  /** Set by systemd when standard output is the journal. */
  readonly underJournal: boolean;
}

const PRIORITY: Readonly<Record<string, string>> = {
  "20": "<7>",
  "30": "<6>",
  "40": "<4>",
  "50": "<3>",
};

export function createLogger({ level, underJournal }: LogOptions): Logger {
  const output = destination({ dest: 1, sync: true });
  const stream = underJournal
    ? {
        write(line: string): void {
          const found = /"level":(?<level>\d+)/.exec(line)?.groups?.["level"];
          output.write((PRIORITY[found ?? ""] ?? "<6>") + line);
        },
      }
    : output;
  return wrap(
    pino({ level, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` }, stream),
  );
}

function wrap(inner: Pino): Logger {
  return {
    debug: (message: string, fields: LogFields = {}) => inner.debug(fields, message),
    info: (message: string, fields: LogFields = {}) => inner.info(fields, message),
    warn: (message: string, fields: LogFields = {}) => inner.warn(fields, message),
    error: (message: string, fields: LogFields = {}) => inner.error(fields, message),
    child: (fields: LogFields) => wrap(inner.child(fields)),
  };
}
