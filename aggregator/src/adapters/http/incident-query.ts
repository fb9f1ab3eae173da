/** Filters and orders of `GET /api/v1/incidents` and `/deliveries`, compiled once per request. */
import { type IncidentRecord, isOpen } from "../../core/incident.ts";
import type { DeliveryView } from "../../ports/fleet-view.ts";
import { containsPattern, type Predicate } from "./node-query.ts";
import type { SortKey } from "./page.ts";

export interface IncidentQuery {
  readonly phase?: string;
  readonly open?: boolean;
  readonly class?: string;
  readonly node?: string;
  readonly since?: string;
  readonly until?: string;
  readonly q?: string;
}

/** `since` and `until` select the incidents that were open at some time in between. */
export function incidentPredicate(query: IncidentQuery): Predicate<IncidentRecord> {
  const tests: Predicate<IncidentRecord>[] = [];
  const { open, node, q } = query;
  if (query.phase !== undefined) {
    const phases: ReadonlySet<string> = new Set(query.phase.split(",", 16));
    tests.push((row) => phases.has(row.phase));
  }
  if (open !== undefined) tests.push((row) => isOpen(row.phase) === open);
  if (query.class !== undefined) {
    const classes: ReadonlySet<string> = new Set(query.class.split(",", 64));
    tests.push((row) => classes.has(row.failureClass));
  }
  if (node !== undefined) tests.push((row) => row.node === node || row.hostname === node);
  if (query.since !== undefined) {
    const since = Date.parse(query.since);
    tests.push((row) => row.endedAt === null || row.endedAt >= since);
  }
  if (query.until !== undefined) {
    const until = Date.parse(query.until);
    tests.push((row) => row.openedAt <= until);
  }
  if (q !== undefined && q !== "") {
    const pattern = containsPattern(q);
    tests.push((row) =>
      [row.hostname, row.node, row.id, row.subject, row.reason, row.message].some((text) =>
        pattern.test(text),
      ),
    );
  }
  return (row) => tests.every((test) => test(row));
}

const INCIDENT_KEYS: Readonly<Record<string, (row: IncidentRecord) => SortKey>> = {
  openedAt: (row) => row.openedAt,
  endedAt: (row) => row.endedAt ?? Number.MAX_SAFE_INTEGER,
  node: (row) => row.node,
  hostname: (row) => row.hostname,
  class: (row) => row.failureClass,
  phase: (row) => row.phase,
  grade: (row) => row.grade,
};

export const INCIDENT_SORTS: readonly string[] = Object.keys(INCIDENT_KEYS);

export function incidentKey(name: string): (row: IncidentRecord) => SortKey {
  return INCIDENT_KEYS[name] ?? ((row) => row.openedAt);
}

export interface DeliveryQuery {
  readonly state?: string;
  readonly destination?: string;
  readonly kind?: string;
  readonly node?: string;
}

export function deliveryPredicate(query: DeliveryQuery): Predicate<DeliveryView> {
  const states: ReadonlySet<string> | null =
    query.state === undefined ? null : new Set(query.state.split(",", 16));
  const { destination, kind, node } = query;
  return (row) =>
    (states === null || states.has(row.state)) &&
    (destination === undefined || row.destination === destination) &&
    (kind === undefined || row.kind === kind) &&
    (node === undefined || row.node === node);
}
