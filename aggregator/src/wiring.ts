/** Builds adapters from the configuration; see aggregator.ts, which puts them together. */
import { readFileSync } from "node:fs";
import { formatDuration } from "@herdbeat/shared/duration-text";
import { OperatingError } from "@herdbeat/shared/errors";
import type { DestinationName } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs, elapsed } from "@herdbeat/shared/time";
import { FenceAgentDevice } from "./adapters/fence-agent/fence-agent-device.ts";
import { loadTlsFiles } from "./adapters/tls/tls-files.ts";
import type { DestinationSettings } from "./adapters/webhook/http-webhook.ts";
import type { StreamTls } from "./adapters/ws/stream-server.ts";
import type { AggregatorConfig } from "./config.ts";
import type { FenceDevice } from "./ports/fence-device.ts";

const clock = systemClock;

const CERTIFICATE_WARNING = durationMs(7 * 86_400_000);

/** Checked as a whole: files that can not work together are an error at the start, not at a handshake. */
export function streamTls(config: AggregatorConfig, logger: Logger): StreamTls | null {
  if (config.insecure) return null;
  const { ca = "", cert = "", key = "" } = config.tls;
  const material = loadTlsFiles({ ca, cert, key }, clock);
  const left = elapsed(clock.wallNow(), material.expiresAt);
  if (left < CERTIFICATE_WARNING) {
    logger.warn("this aggregator's certificate ends soon", { left: formatDuration(left), cert });
  }
  return material;
}

function pem(path: string | undefined, key: string): string {
  try {
    return readFileSync(path ?? "", "utf8");
  } catch (cause) {
    throw new OperatingError("HB_TLS_INVALID", `cannot read ${key} (${path ?? "not given"})`, {
      cause,
    });
  }
}

export function destinations(config: AggregatorConfig): readonly DestinationSettings[] {
  return Object.entries(config.destinations).map(([name, one]) => ({
    name: name as DestinationName,
    url: one.url,
    secrets: one.secrets,
    deadline: one.timeout,
    connectionsMax: one.concurrency,
    allowLoopback: one.allowLoopback,
    tls: {
      ...(one.tls.ca === undefined ? {} : { ca: pem(one.tls.ca, `destinations.${name}.tls.ca`) }),
      ...(one.tls.cert === undefined
        ? {}
        : { certificate: pem(one.tls.cert, `destinations.${name}.tls.cert`) }),
      ...(one.tls.key === undefined
        ? {}
        : { key: pem(one.tls.key, `destinations.${name}.tls.key`) }),
    },
  }));
}

/** The first of the file that may be asked. */
export function requestDestination(config: AggregatorConfig): DestinationName | null {
  const found = Object.entries(config.destinations).find(([, one]) => one.requests);
  return found === undefined ? null : (found[0] as DestinationName);
}

/** The lowest order first; the sort keeps the file's order where it is equal. */
export function fenceDevices({ fencing }: AggregatorConfig): readonly FenceDevice[] {
  return Object.entries(fencing.devices)
    .sort(([, a], [, b]) => a.order - b.order)
    .map(
      ([name, { agent, ...rest }]) =>
        new FenceAgentDevice({ ...rest, name, program: agent }, systemTimers),
    );
}
