/**
 * Pressure stall information: the share of the last ten seconds in which every task that could have
 * run waited for memory or for the disks. A host that thrashes answers slowly long before it fails.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { Pressure } from "../ports/pressure.ts";

/** Percent of time in which everything waited; three looks in a row. */
const FULL_PERCENT_MAX: Readonly<Record<"memory" | "io", number>> = { memory: 40, io: 90 };

export function createMemoryPressureMonitor(pressure: Pressure): Monitor {
  return {
    name: "memory-pressure" as MonitorName,
    interval: durationMs(10_000),
    timeout: durationMs(3_000),
    hysteresis: { problemAfter: 3, okAfter: 2 },
    failureClass: "host-degraded",
    probe: () => {
      const findings: Finding[] = [];
      for (const resource of ["memory", "io"] as const) {
        const text = pressure.read(resource);
        if (text !== null) findings.push(judgePressure(resource, text));
      }
      return Promise.resolve(findings);
    },
  };
}

export function judgePressure(resource: "memory" | "io", text: string): Finding {
  const average = /^full avg10=(\d{1,3}\.\d{2}) /m.exec(text)?.[1];
  const finding = { subject: resource, failureClass: "host-degraded" as const };
  if (average === undefined) {
    return {
      ...finding,
      status: "unknown",
      reason: "PressureUnreadable",
      message: "no full average",
    };
  }
  const message = `everything waited for ${resource} ${average} % of the last 10 s`;
  return Number(average) > FULL_PERCENT_MAX[resource]
    ? { ...finding, status: "problem", reason: "Thrashing", message }
    : {
        ...finding,
        status: "ok",
        reason: "PressureNormal",
        message: `${resource} pressure is normal`,
      };
}
