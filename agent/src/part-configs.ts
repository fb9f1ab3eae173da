/** From configuration to what the parts take. */
import { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "@herdbeat/proto/protocol-version";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import type { AgentConfig } from "./config.ts";
import type { ProfileCheck, ServiceProfile } from "./core/service-profile.ts";
import type { SessionConfig } from "./core/session-types.ts";
import type { ServiceConfig } from "./monitors/service.ts";
import type { ServiceCheck } from "./ports/services.ts";

/** From the start of a connection until the stream is open. */
export const CONNECT_TIMEOUT: DurationMs = durationMs(5_000);

/** What the monitor wants of one configured service. */
export function serviceConfig(service: AgentConfig["services"][number]): ServiceConfig {
  const { http, tcp, unix, timeout } = service.check;
  const checks: readonly (ServiceCheck | null)[] = [
    http === undefined ? null : { kind: "http", url: http, timeout },
    tcp === undefined ? null : { kind: "tcp", address: tcp, timeout },
    unix === undefined ? null : { kind: "unix", path: unix, timeout },
  ];
  return {
    name: service.name,
    unit: service.unit ?? null,
    executable: service.executable ?? null,
    pidFile: service.pidFile ?? null,
    check: checks.find((check) => check !== null) ?? null,
    checkInterval: service.check.interval,
  };
}

/** The session's times; those that are not configuration are derived where they are stated. */
export function sessionConfig(config: AgentConfig, canSendWholeList: () => boolean): SessionConfig {
  return {
    endpoints: config.aggregators,
    backoff: { initial: durationMs(500), factor: 1.6, max: durationMs(30_000) },
    quickRetry: { min: durationMs(100), max: durationMs(300) },
    versionMin: PROTOCOL_VERSION_MIN,
    versionMax: PROTOCOL_VERSION,
    heartbeatInterval: config.heartbeat.interval,
    connectTimeout: CONNECT_TIMEOUT,
    greetingTimeout: durationMs(5_000),
    persistTimeout: durationMs(1_000),
    ackSilence: durationMs(15_000),
    wholeListInterval: durationMs(60_000),
    stableAfter: durationMs(60_000),
    drainTimeout: durationMs(700),
    spoolEventsMax: 256,
    resendAfter: durationMs(30_000),
    canSendWholeList,
  };
}

/** How often a profile's check is made, and how long it may take; two failures in a row count. */
const PROFILE_INTERVAL = durationMs(5_000);
const PROFILE_TIMEOUT = durationMs(3_000);

export function profileConfig({ id, units, check }: ServiceProfile): ServiceConfig {
  return {
    name: id,
    unit: null,
    units,
    executable: null,
    pidFile: null,
    check: check === null ? null : checkOf(check),
    checkInterval: PROFILE_INTERVAL,
  };
}

function checkOf(check: ProfileCheck): ServiceCheck {
  const timeout = PROFILE_TIMEOUT;
  if (check.kind !== "fresh-file") return { ...check, timeout };
  const { kind, path, maxAgeSeconds } = check;
  return { kind, path, maxAge: durationMs(maxAgeSeconds * 1_000), timeout };
}
