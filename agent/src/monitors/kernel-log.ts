/**
 * What the kernel itself says is wrong. A match holds as a condition until it was not repeated for
 * the hold time; records of before the agent's start count by their own age.
 *
 * Only records of the kernel's own facility arrive here, and patterns are anchored at the start of
 * the text: names of processes, files or USB devices inside a message cannot look like a fault.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { KernelLog, KernelRecord } from "../ports/kernel-log.ts";
import type { Monitor } from "../ports/monitor.ts";
import { KERNEL_PATTERNS, type KernelPattern } from "./kernel-patterns.ts";

/** Per look; what is beyond waits for the next one, a second later. */
const RECORDS_PER_PROBE_MAX = 512;
/** Subjects held at once; beyond it only counted. A dying disk shelf names many devices. */
const FAULTS_MAX = 64;

export interface KernelLogConfig {
  /** How long a fault stays after its last record. */
  readonly hold: DurationMs;
}

interface Fault {
  readonly pattern: KernelPattern;
  readonly subject: string;
  lastUs: number;
  count: number;
  text: string;
}

export function createKernelLogMonitor(config: KernelLogConfig, log: KernelLog): Monitor {
  const faults = new Map<string, Fault>();
  let refused = 0;

  const take = (record: KernelRecord): void => {
    const match = matchKernelText(record.text);
    if (match === null) return;
    if (match.pattern.clears !== undefined) {
      faults.delete(subjectOf(match.pattern.clears, match.object));
      return;
    }
    const subject = subjectOf(match.pattern.id, match.object);
    const known = faults.get(subject);
    if (known === undefined && faults.size >= FAULTS_MAX) {
      refused += 1;
      return;
    }
    faults.set(subject, {
      pattern: match.pattern,
      subject,
      lastUs: record.timestampUs,
      count: (known?.count ?? 0) + 1,
      text: record.text,
    });
  };

  return {
    name: "kernel-log" as MonitorName,
    interval: durationMs(1_000),
    timeout: durationMs(500),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "host-degraded",
    probe: () => {
      for (const record of log.read(RECORDS_PER_PROBE_MAX)) take(record);
      const now = log.nowUs();
      const findings: Finding[] = [availability(log, refused)];
      for (const fault of faults.values()) {
        const isOver = now - fault.lastUs > config.hold * 1_000;
        findings.push(isOver ? quiet(fault) : finding(fault));
        // Said once more as ok, then no longer watched.
        if (isOver) faults.delete(fault.subject);
      }
      return Promise.resolve(findings);
    },
    stop: () => {
      log.close();
      return Promise.resolve();
    },
  };
}

export function matchKernelText(
  text: string,
): { readonly pattern: KernelPattern; readonly object: string } | null {
  for (const pattern of KERNEL_PATTERNS) {
    const match = pattern.regex.exec(text);
    if (match !== null) return { pattern, object: match.groups?.["object"] ?? "" };
  }
  return null;
}

function subjectOf(id: string, object: string): string {
  return object === "" ? id : `${id}:${object}`;
}

function finding(fault: Fault): Finding {
  const { pattern, subject, count, text } = fault;
  const isNews = pattern.isInformation !== true || count >= (pattern.problemFrom ?? Infinity);
  return {
    subject,
    status: isNews ? "problem" : "ok",
    failureClass: pattern.failureClass,
    reason: pattern.reason,
    message: text,
    attributes: { count: String(count) },
  };
}

function quiet(fault: Fault): Finding {
  return {
    ...finding(fault),
    status: "ok",
    reason: "Quiet",
    message: `no repeat of: ${fault.text}`,
  };
}

function availability(log: KernelLog, refused: number): Finding {
  const why = log.unavailable();
  const attributes = { overruns: String(log.overruns()), refused: String(refused) };
  const common = { subject: "", failureClass: "host-degraded" as const, attributes };
  return why === null
    ? {
        ...common,
        status: "ok",
        reason: "KernelLogReadable",
        message: "the kernel log is followed",
      }
    : { ...common, status: "unknown", reason: "KernelLogUnavailable", message: why };
}

/**
 * One record of /dev/kmsg: `priority,sequence,timestamp,flags[,...];text`, continued by lines that
 * begin with a space. Null for other facilities than the kernel's: any process may write those.
 */
export function parseKernelRecord(line: string): KernelRecord | null {
  const head = /^(\d{1,10}),(\d{1,20}),(\d{1,20}),[^;\n]{0,200};([^\n]*)/.exec(line);
  if (head === null) return null;
  const priority = Number(head[1]);
  if (priority >> 3 !== 0) return null;
  return {
    level: priority & 7,
    sequence: Number(head[2]),
    timestampUs: Number(head[3]),
    text: head[4] ?? "",
  };
}
