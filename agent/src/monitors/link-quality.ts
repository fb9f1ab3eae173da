/**
 * Interfaces that carry something, but badly: errors among their packets, and a speed that fell.
 * Watched are those with a role and those with hardware below them.
 */
import type { Finding } from "../core/condition.ts";
import { countedBetween } from "../core/counter.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

const COUNTERS = "/proc/net/dev";
const SYSFS = "/sys/class/net";
/** Between two looks: both must be passed, so that one bad packet on an idle link is nothing. */
const ERRORS_MIN = 10;
const ERROR_SHARE_MIN = 0.01;
const INTERFACES_MAX = 256;

export interface LinkCounters {
  readonly packets: number;
  /** Received or sent damaged, overrun or without carrier. Not what was dropped for want of a listener. */
  readonly errors: number;
}

interface Watched {
  counters: LinkCounters | null;
  speedMax: number;
}

export function createLinkQualityMonitor(
  networks: Readonly<Record<string, string>>,
  files: TextFiles,
): Pick<Monitor, "probe"> {
  const named = new Set(Object.values(networks));
  const watched = new Map<string, Watched>();
  return {
    async probe() {
      const text = await files.read(COUNTERS);
      const all = text === null ? null : parseNetDev(text);
      if (all === null) return [unreadable()];
      for (const name of watched.keys()) if (!all.has(name)) watched.delete(name);
      const findings: Finding[] = [];
      for (const [name, counters] of all) {
        if (!named.has(name) && !files.exists(`${SYSFS}/${name}/device`)) continue;
        const known = watched.get(name) ?? { counters: null, speedMax: 0 };
        const speed = Number((await files.read(`${SYSFS}/${name}/speed`)) ?? Number.NaN);
        if (watched.has(name) || watched.size < INTERFACES_MAX) watched.set(name, known);
        findings.push(judgeLink(name, known.counters, counters, speed, known.speedMax));
        known.counters = counters;
        if (speed > known.speedMax) known.speedMax = speed;
      }
      return findings;
    },
  };
}

/** Null when it is not the kernel's table. Lines that are cut off are left out. */
export function parseNetDev(text: string): ReadonlyMap<string, LinkCounters> | null {
  if (!text.startsWith("Inter-|")) return null;
  const table = new Map<string, LinkCounters>();
  // The last line counts only when it is whole.
  for (const line of text.split("\n").slice(2, -1)) {
    const [, name = "", rest = ""] = /^\s*(\S+):\s*(.*)$/.exec(line) ?? [];
    const numbers = rest.split(/\s+/).map(Number);
    if (name === "" || name === "lo" || numbers.length < 16 || numbers.some(Number.isNaN)) continue;
    const at = (index: number): number => numbers[index] ?? 0;
    table.set(name, {
      packets: at(1) + at(9),
      errors: at(2) + at(4) + at(5) + at(10) + at(12) + at(14),
    });
  }
  return table;
}

export function judgeLink(
  name: string,
  before: LinkCounters | null,
  now: LinkCounters,
  speed: number,
  speedMax: number,
): Finding {
  const say = (status: Finding["status"], reason: string, what: string): Finding => ({
    subject: name,
    status,
    failureClass: "nic-degraded",
    reason,
    message: `${name}: ${what}`,
    ...(speed > 0 ? { attributes: { speedMbps: String(speed) } } : {}),
  });
  const errors = before === null ? null : countedBetween(before.errors, now.errors);
  const packets = before === null ? null : countedBetween(before.packets, now.packets);
  if (errors !== null && errors >= ERRORS_MIN) {
    // Where the packets' counter began again, the errors alone must suffice.
    const share = errors / Math.max(1, (packets ?? 0) + errors);
    if (share >= ERROR_SHARE_MIN)
      return say("problem", "PacketErrors", `${errors} errors to ${packets ?? 0} packets`);
  }
  // A link that is down tells -1, which is no speed.
  if (speed > 0 && speed < speedMax)
    return say("problem", "SpeedDropped", `${speed} Mbit/s, was ${speedMax}`);
  return say("ok", "LinkClean", "no errors beyond the usual");
}

function unreadable(): Finding {
  return {
    subject: "",
    status: "unknown",
    failureClass: "nic-degraded",
    reason: "CountersUnreadable",
    message: `${COUNTERS} is not to be had`,
  };
}
