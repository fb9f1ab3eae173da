/**
 * Which rows may be sent now. Pure.
 *
 * Order: rows of one incident to one destination form a lane; only the lowest transition of a lane
 * may go, so n is settled before n+1 is claimed. A parked or waiting head holds up its own lane and
 * no other. Between lanes, host incidents go before all others and guests last; then the oldest.
 */
import type { ClassFamily } from "@herdbeat/shared/classes";
import type { DestinationName } from "@herdbeat/shared/ids";
import type { UnixMs } from "@herdbeat/shared/time";
import type { DeliveryConfig } from "./delivery.ts";
import { DESTINATION_OPEN, type DestinationHealth } from "./destination-health.ts";
import type { OutboxRow } from "./outbox.ts";

export interface PlanView {
  readonly now: UnixMs;
  /** Rows under way in this process, by id. */
  readonly underWay: ReadonlySet<string>;
  /** How many are under way per destination. */
  readonly underWayTo: ReadonlyMap<DestinationName, number>;
  readonly health: ReadonlyMap<DestinationName, DestinationHealth>;
  /** Configured destinations; rows for others stay where they are. */
  readonly known: ReadonlySet<DestinationName>;
}

export interface Plan {
  /** In the order to start them; never more than the free places of their destinations. */
  readonly ready: readonly OutboxRow[];
  /** When something that waits becomes ready by time alone; null when nothing does. */
  readonly wakeAt: UnixMs | null;
  /** Heads whose destination is not configured. */
  readonly unknown: readonly OutboxRow[];
}

export function planDeliveries(
  rows: Iterable<OutboxRow>,
  view: PlanView,
  config: DeliveryConfig,
): Plan {
  const unknown: OutboxRow[] = [];
  const due = new Map<DestinationName, OutboxRow[]>();
  let wakeAt: UnixMs | null = null;
  const wake = (at: UnixMs | null): void => {
    if (at !== null && (wakeAt === null || at < wakeAt)) wakeAt = at;
  };

  for (const row of laneHeads(rows)) {
    if (!view.known.has(row.destination)) {
      unknown.push(row);
      continue;
    }
    if (row.state === "parked" || view.underWay.has(row.rowId)) continue;
    const health = view.health.get(row.destination) ?? DESTINATION_OPEN;
    if (!isDue(row, health, view.now, config)) {
      wake(row.nextAttemptAt);
      continue;
    }
    const list = due.get(row.destination);
    if (list === undefined) due.set(row.destination, [row]);
    else list.push(row);
  }

  const ready: OutboxRow[] = [];
  for (const [destination, list] of due) {
    const health = view.health.get(destination) ?? DESTINATION_OPEN;
    const busy = view.underWayTo.get(destination) ?? 0;
    if (health.state === "open") {
      list.sort(byUrgency);
      ready.push(...list.slice(0, Math.max(0, config.concurrencyMax - busy)));
      continue;
    }
    // The trial that is under way decides what follows; its end plans again.
    if (busy > 0) continue;
    const trial = trialOf(list, health);
    if (trial.row !== undefined && trial.at !== null && trial.at <= view.now) ready.push(trial.row);
    else wake(trial.at);
  }
  return { ready: ready.sort(byUrgency), wakeAt, unknown };
}

/** The lowest transition of every lane that is not over. */
function laneHeads(rows: Iterable<OutboxRow>): Iterable<OutboxRow> {
  const heads = new Map<string, OutboxRow>();
  for (const row of rows) {
    if (row.state === "delivered" || row.state === "superseded") continue;
    const lane = `${row.incident}@${row.destination}`;
    const head = heads.get(lane);
    if (head === undefined || row.transition < head.transition) heads.set(lane, row);
  }
  return heads.values();
}

function isDue(
  row: OutboxRow,
  health: DestinationHealth,
  now: UnixMs,
  config: DeliveryConfig,
): boolean {
  // Left by a predecessor that died, or by a reply of the store that was lost: sent again, same id.
  if (row.state === "sending") return true;
  if (row.attempts === 0 || row.nextAttemptAt <= now) return true;
  // No wait is that long: the clock that wrote it was wrong, or has been set back since.
  if (row.nextAttemptAt - now > Math.max(config.retry.max, config.retryAfterMax)) return true;
  if (health.state !== "open") return row.lastStatus === null || row.lastStatus >= 500;
  return (
    health.recoveredAt !== null &&
    row.lastAttemptAt !== null &&
    row.lastAttemptAt <= health.recoveredAt
  );
}

/** Least tried first: a row that always fails must not be every trial. */
function trialOf(
  rows: readonly OutboxRow[],
  health: Exclude<DestinationHealth, { readonly state: "open" }>,
): { readonly row: OutboxRow | undefined; readonly at: UnixMs | null } {
  const row = [...rows].sort((a, b) => a.attempts - b.attempts || byUrgency(a, b))[0];
  const fresh = row !== undefined && row.attempts === 0 && health.state === "failing";
  return { row, at: fresh ? health.freshTrialAt : health.trialAt };
}

const GUEST_FAMILIES: ReadonlySet<ClassFamily> = new Set(["guest", "workload"]);

function rank(row: OutboxRow): number {
  if (row.family === "host" || row.family === "zone" || row.family === "fencing") return 0;
  return GUEST_FAMILIES.has(row.family) ? 2 : 1;
}

function byUrgency(a: OutboxRow, b: OutboxRow): number {
  return (
    rank(a) - rank(b) ||
    a.createdAt - b.createdAt ||
    a.transition - b.transition ||
    (a.rowId < b.rowId ? -1 : a.rowId > b.rowId ? 1 : 0)
  );
}
