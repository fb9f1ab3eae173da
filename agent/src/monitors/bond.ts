/**
 * Bonds, from /proc/net/bonding: what carrier alone does not tell. A bond with one dead slave has
 * carrier and no redundancy; one whose LACP partner is gone may have carrier and carry nothing.
 */
import { type Clock, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import { countedBetween } from "../core/counter.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

export const BOND_FOLDER = "/proc/net/bonding";
const BONDS_MAX = 64;
const SLAVES_MAX = 32;
const FLAP_WINDOW_MS = 600_000;
/** Link failures of all slaves, or changes of the active one, within the window. */
const FLAPS_MAX = 5;
const NO_PARTNER = "00:00:00:00:00:00";

export interface Slave {
  readonly name: string;
  readonly isUp: boolean;
  /** Mbit/s; null while it is unknown. */
  readonly speed: number | null;
  readonly failures: number;
  readonly aggregator: string | null;
  readonly isChurned: boolean;
}

export interface Bond {
  readonly mode: string;
  readonly isUp: boolean;
  readonly activeSlave: string | null;
  readonly activeAggregator: string | null;
  readonly partner: string | null;
  readonly slaves: readonly Slave[];
}

/** What earlier looks left behind. */
export interface BondPast {
  readonly slavesMax: number;
  readonly speedMax: ReadonlyMap<string, number>;
  readonly failures: ReadonlyMap<string, number>;
  readonly activeSlave: string | null;
  readonly flaps: readonly { readonly at: MonotonicMs; readonly count: number }[];
}

export function createBondMonitor(files: TextFiles, clock: Clock): Pick<Monitor, "probe"> {
  const pasts = new Map<string, BondPast>();
  return {
    async probe() {
      const names = (await files.list(BOND_FOLDER)).slice(0, BONDS_MAX);
      for (const known of pasts.keys()) if (!names.includes(known)) pasts.delete(known);
      const findings: Finding[] = [];
      for (const name of names) {
        const text = await files.read(`${BOND_FOLDER}/${name}`);
        // Removed between the list and the read: gone is not sick.
        if (text === null) continue;
        const bond = parseBond(text);
        if (bond === null) {
          findings.push(unreadable(name));
          continue;
        }
        const past = remember(pasts.get(name) ?? null, bond, clock.now());
        pasts.set(name, past);
        findings.push(judgeBond(name, bond, past));
      }
      return findings;
    },
  };
}

/** Null when the text has no mode or no status: cut off, or not of a bond. */
export function parseBond(text: string): Bond | null {
  const [head = "", ...parts] = text.split(/^Slave Interface: /m);
  const mode = field(head, "Bonding Mode");
  const status = field(head, "MII Status");
  if (mode === null || status === null) return null;
  const slaves: Slave[] = [];
  for (const part of parts.slice(0, SLAVES_MAX)) {
    const name = (part.split("\n", 1)[0] ?? "").trim();
    const slaveStatus = field(part, "MII Status");
    const failures = Number(field(part, "Link Failure Count") ?? Number.NaN);
    // A slave that is cut off in the middle makes the whole text unreliable.
    if (name === "" || slaveStatus === null || !Number.isFinite(failures)) return null;
    const speed = Number.parseInt(field(part, "Speed") ?? "", 10);
    slaves.push({
      name,
      isUp: slaveStatus === "up",
      speed: Number.isNaN(speed) ? null : speed,
      failures,
      aggregator: field(part, "Aggregator ID"),
      isChurned: /^(?:Actor|Partner) Churn State: churned$/m.test(part),
    });
  }
  return {
    mode,
    isUp: status === "up",
    activeSlave: field(head, "Currently Active Slave"),
    activeAggregator: field(head, "\\tAggregator ID"),
    partner: field(head, "\\tPartner Mac Address"),
    slaves,
  };
}

function field(text: string, name: string): string | null {
  return new RegExp(`^${name}: ?(.*)$`, "m").exec(text)?.[1]?.trim() ?? null;
}

export function remember(past: BondPast | null, bond: Bond, now: MonotonicMs): BondPast {
  let failed = 0;
  for (const { name, failures } of bond.slaves) {
    const before = past?.failures.get(name);
    // A counter that went back is that of a slave that was added anew.
    if (before !== undefined) failed += countedBetween(before, failures) ?? 0;
  }
  const known = past?.activeSlave ?? null;
  if (past !== null && known !== null && known !== bond.activeSlave) failed += 1;
  const flaps = (past?.flaps ?? []).filter(({ at }) => elapsed(at, now) <= FLAP_WINDOW_MS);
  const speedMax = new Map<string, number>();
  for (const { name, speed } of bond.slaves) {
    speedMax.set(name, Math.max(speed ?? 0, past?.speedMax.get(name) ?? 0));
  }
  return {
    slavesMax: Math.max(past?.slavesMax ?? 0, bond.slaves.length),
    speedMax,
    failures: new Map(bond.slaves.map(({ name, failures }) => [name, failures])),
    activeSlave: bond.activeSlave,
    flaps: failed === 0 ? flaps : [...flaps, { at: now, count: failed }].slice(-FLAPS_MAX),
  };
}

export function judgeBond(name: string, bond: Bond, past: BondPast): Finding {
  const up = bond.slaves.filter(({ isUp }) => isUp);
  const say = (
    status: Finding["status"],
    failureClass: Finding["failureClass"],
    reason: string,
    what: string,
  ): Finding => ({
    subject: name,
    status,
    failureClass,
    reason,
    message: `${name}: ${what}`,
    attributes: {
      mode: bond.mode,
      slaves: bond.slaves.map((slave) => `${slave.name}=${slave.isUp ? "up" : "down"}`).join(" "),
      active: bond.activeSlave ?? "",
    },
  });
  if (bond.slaves.length === 0) return say("problem", "nic-down", "NoSlaves", "has no slave");
  if (!bond.isUp || up.length === 0)
    return say("problem", "nic-down", "BondDown", "no slave carries anything");
  const worse = lossOfRedundancy(bond, past);
  if (worse !== null) return say("problem", "nic-degraded", ...worse);
  return say("ok", "nic-degraded", "BondHealthy", `${up.length} slaves up`);
}

function lossOfRedundancy(bond: Bond, past: BondPast): readonly [string, string] | null {
  const down = bond.slaves.filter(({ isUp }) => !isUp);
  if (down.length > 0) return ["SlaveDown", `${names(down)} down`];
  if (bond.slaves.length < past.slavesMax)
    return ["SlaveMissing", `${bond.slaves.length} of ${past.slavesMax} slaves are left`];
  if (bond.mode.includes("802.3ad")) {
    if (bond.partner === NO_PARTNER) return ["LacpNoPartner", "nobody answers LACP"];
    const apart = bond.slaves.filter(({ aggregator }) => aggregator !== bond.activeAggregator);
    if (bond.activeAggregator !== null && apart.length > 0)
      return ["LacpApart", `${names(apart)} not in the active aggregator`];
    const churned = bond.slaves.filter(({ isChurned }) => isChurned);
    if (churned.length > 0) return ["LacpChurned", `LACP does not settle on ${names(churned)}`];
  }
  const slow = bond.slaves.filter(
    ({ name, speed }) => (speed ?? 0) < (past.speedMax.get(name) ?? 0),
  );
  if (slow.length > 0) return ["SpeedDropped", `${names(slow)} slower than before`];
  const flaps = past.flaps.reduce((sum, { count }) => sum + count, 0);
  if (flaps >= FLAPS_MAX) return ["BondFlapping", `${flaps} failures in ten minutes`];
  return null;
}

function names(slaves: readonly Slave[]): string {
  return slaves.map(({ name }) => name).join(", ");
}

function unreadable(name: string): Finding {
  return {
    subject: name,
    status: "unknown",
    failureClass: "nic-degraded",
    reason: "BondUnreadable",
    message: `${name}: the kernel's text about it is cut off`,
  };
}
