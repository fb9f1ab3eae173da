/**
 * Carrier of network interfaces.
 *
 * Watched: every interface that has a role in the configuration, and, found by itself, every
 * physical one (or bond, VLAN, bridge on one) once it has been seen with carrier: a port that never
 * had a cable is not a failure. An interface that is administratively down is a problem only where
 * the configuration names it.
 *
 * Carrier is followed by the kernel's change counter, read at every event of the kernel and polled
 * while nobody tells of events: from a known state an odd difference is the other state. Losses
 * shorter than a look are seen as flaps.
 */
import type { MonitorName } from "@herdbeat/shared/ids";
import { type Clock, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { LinkEvents, LinkPulse, Links } from "../ports/links.ts";
import type { Monitor } from "../ports/monitor.ts";

/** Carrier loss becomes a condition within 250 ms. */
const POLL_INTERVAL = durationMs(200);
/** While events tell at once: should one be missed after all. */
const QUIET_POLL_INTERVAL = durationMs(1_000);
const FLAP_WINDOW = durationMs(600_000);
/** Losses of carrier within the window that make a link degraded. */
const FLAPS_MAX = 5;
const HISTORY_MAX = 64;

export interface NetworkLinkConfig {
  /** Role to interface: these must exist and be up. */
  readonly networks: Readonly<Record<string, string>>;
  /** Also watch physical interfaces that have no role. */
  readonly discover: boolean;
}

interface Watched {
  readonly name: string;
  readonly roles: readonly string[];
  /** Null until the first sample: then what the counter says is relative to it. */
  base: {
    readonly carrier: boolean | null;
    readonly changes: number;
    readonly index: number;
  } | null;
  last: LinkPulse | null;
  hadCarrier: boolean;
  history: { readonly at: MonotonicMs; readonly changes: number }[];
}

export function createNetworkLinkMonitor(
  config: NetworkLinkConfig,
  ports: { readonly links: Links; readonly linkEvents: LinkEvents; readonly clock: Clock },
): Monitor {
  const { links, linkEvents, clock } = ports;
  const watched = new Map<string, Watched>();
  const ignored = new Set<string>();
  for (const name of new Set(Object.values(config.networks))) {
    watched.set(name, newWatch(name, rolesOf(name, config.networks)));
  }

  const discover = async (): Promise<void> => {
    if (!config.discover) return;
    const present = links.list();
    for (const name of ignored) if (!present.includes(name)) ignored.delete(name);
    for (const name of present) {
      if (watched.has(name) || ignored.has(name)) continue;
      const sample = await links.sample(name);
      if (sample?.physical === true) watched.set(name, newWatch(name, []));
      else ignored.add(name);
    }
  };

  const isChanged = (): boolean => {
    for (const watch of watched.values()) {
      if (watch.last?.carrierChanges !== links.carrierChanges(watch.name)) return true;
    }
    return false;
  };

  return {
    name: "network-link" as MonitorName,
    interval: durationMs(5_000),
    timeout: durationMs(3_000),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "nic-down",
    start: (wake) => {
      // Guests come and go: most events are of their interfaces, which are not watched.
      linkEvents.start(() => {
        if (isChanged()) wake();
      });
      return Promise.resolve();
    },
    poll: isChanged,
    pollInterval: () => {
      if (watched.size === 0) return null;
      return linkEvents.isLive ? QUIET_POLL_INTERVAL : POLL_INTERVAL;
    },
    async probe() {
      await discover();
      const now = clock.now();
      const findings: Finding[] = [];
      for (const watch of watched.values()) {
        await look(watch, links, now);
        const finding = judge(watch);
        if (finding !== null) findings.push(finding);
      }
      return findings;
    },
    stop: () => {
      linkEvents.stop();
      links.stop();
      return Promise.resolve();
    },
  };
}

function newWatch(name: string, roles: readonly string[]): Watched {
  return { name, roles, base: null, last: null, hadCarrier: false, history: [] };
}

function rolesOf(name: string, networks: Readonly<Record<string, string>>): readonly string[] {
  return Object.keys(networks).filter((role) => networks[role] === name);
}

/** Brings `watch` up to date. Waits for a sample only where nothing else can tell the state. */
async function look(watch: Watched, links: Links, now: MonotonicMs): Promise<void> {
  watch.last = links.pulse(watch.name);
  if (watch.last === null) {
    watch.base = null;
    watch.history = [];
    return;
  }
  const isNew = watch.base === null || watch.base.index !== watch.last.interfaceIndex;
  if (isNew || (watch.base?.carrier === null && watch.last.adminUp)) {
    const sample = await links.sample(watch.name);
    watch.base =
      sample === null
        ? null
        : {
            carrier: sample.carrier,
            changes: sample.carrierChanges,
            index: watch.last.interfaceIndex,
          };
    if (isNew) watch.history = [];
  }
  if (carrierOf(watch) === true) watch.hadCarrier = true;
  const changes = watch.last.carrierChanges;
  if (watch.history.at(-1)?.changes !== changes) watch.history.push({ at: now, changes });
  while (watch.history.length > HISTORY_MAX) watch.history.shift();
  // The newest entry that is older than the window stays: it is where the window begins.
  while (watch.history.length > 1 && elapsed(watch.history[1]?.at ?? now, now) > FLAP_WINDOW) {
    watch.history.shift();
  }
}

function carrierOf(watch: Watched): boolean | null {
  if (watch.base === null || watch.last === null || watch.base.carrier === null) return null;
  const isOther = (watch.last.carrierChanges - watch.base.changes) % 2 !== 0;
  return isOther ? !watch.base.carrier : watch.base.carrier;
}

function judge(watch: Watched): Finding | null {
  const isConfigured = watch.roles.length > 0;
  const say = (status: Finding["status"], reason: string, message: string): Finding => ({
    subject: watch.name,
    status,
    failureClass: "nic-down",
    reason,
    message: `${watch.name}: ${message}`,
    ...(isConfigured ? { attributes: { roles: watch.roles.join(",") } } : {}),
  });
  // What was found by itself and never worked says nothing about a failure.
  if (!isConfigured && !watch.hadCarrier) return null;
  if (watch.last === null) return say("problem", "InterfaceMissing", "no such interface");
  if (!watch.last.adminUp) {
    return say(isConfigured ? "problem" : "ok", "AdministrativelyDown", "administratively down");
  }
  const carrier = carrierOf(watch);
  if (carrier === null)
    return say("unknown", "CarrierUnknown", "the kernel does not tell its carrier");
  if (!carrier) return say("problem", "CarrierLost", "no carrier");
  const losses = lossesIn(watch);
  if (losses >= FLAPS_MAX) {
    const message = `carrier lost ${losses} times in ${FLAP_WINDOW / 60_000} minutes`;
    return { ...say("problem", "CarrierFlapping", message), failureClass: "nic-degraded" };
  }
  return say("ok", "CarrierPresent", "carrier present");
}

/** Every second change is a loss; the oldest entry is where the window begins. */
function lossesIn(watch: Watched): number {
  const changes = watch.last?.carrierChanges ?? 0;
  return Math.floor((changes - (watch.history[0]?.changes ?? changes) + 1) / 2);
}
