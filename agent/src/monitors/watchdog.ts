/** Watchdog devices, observed only: the device is never opened, because opening it arms it. */
import type { MonitorName } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { WatchdogSample, Watchdogs } from "../ports/watchdogs.ts";

/** linux/watchdog.h */
const WDIOF = {
  overheat: 0x01,
  fanFault: 0x02,
  powerUnder: 0x10,
  cardReset: 0x20,
  powerOver: 0x40,
};
const HARDWARE_BITS = WDIOF.overheat | WDIOF.fanFault | WDIOF.powerUnder | WDIOF.powerOver;
/** Less of its timeout left than this share means that its feeder is late. */
const TIME_LEFT_SHARE_MIN = 0.25;

export interface WatchdogConfig {
  /** A host without a device is then `unknown` instead of silent about it. */
  readonly required: boolean;
}

export function createWatchdogMonitor(config: WatchdogConfig, watchdogs: Watchdogs): Monitor {
  return {
    name: "watchdog" as MonitorName,
    interval: durationMs(10_000),
    timeout: durationMs(3_000),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "watchdog-fault",
    async probe() {
      const samples = await watchdogs.list();
      if (samples.length === 0 && config.required) return [missing()];
      return samples.map(judgeWatchdog);
    },
  };
}

function missing(): Finding {
  return {
    subject: "",
    status: "unknown",
    failureClass: "watchdog-fault",
    reason: "NoWatchdogDevice",
    message: "this host has no watchdog device, but the configuration requires one",
  };
}

export function judgeWatchdog(sample: WatchdogSample): Finding {
  const { name, identity, isActive, timeoutSeconds, timeLeftSeconds, bootStatus } = sample;
  const finding = {
    subject: name,
    attributes: {
      identity,
      state: isActive ? "active" : "inactive",
      bootStatus: `0x${bootStatus.toString(16)}`,
      noWayOut: String(sample.noWayOut),
    },
  };
  if ((bootStatus & HARDWARE_BITS) !== 0) {
    const message = `${name} reports bits ${bootStatus & HARDWARE_BITS} of temperature, fan or power`;
    return {
      ...finding,
      status: "problem",
      failureClass: "hardware-fault",
      reason: "HardwareBits",
      message,
    };
  }
  const left = timeLeftSeconds ?? timeoutSeconds ?? 0;
  if (isActive && timeoutSeconds !== null && left < timeoutSeconds * TIME_LEFT_SHARE_MIN) {
    const message = `${name}: ${left} of ${timeoutSeconds} s left, its feeder is late`;
    return {
      ...finding,
      status: "problem",
      failureClass: "watchdog-fault",
      reason: "FeederLate",
      message,
    };
  }
  if ((bootStatus & WDIOF.cardReset) !== 0) {
    const message = `${name} (${identity}): the last reset came from this watchdog`;
    return {
      ...finding,
      status: "ok",
      failureClass: "watchdog-fault",
      reason: "LastResetByWatchdog",
      message,
    };
  }
  const message = `${name} (${identity}) is ${isActive ? "running" : "not running"}`;
  return { ...finding, status: "ok", failureClass: "watchdog-fault", reason: "Observed", message };
}
