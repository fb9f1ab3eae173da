/** Every decision of a test's run is run again from what was recorded of it; a disagreement fails the test. */
import { refusalOf } from "@herdbeat/aggregator/core/decision";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { NodeRecord } from "@herdbeat/aggregator/core/node-record";
import type { Effect } from "@herdbeat/aggregator/core/node-state";
import { type IncidentIdOf, replayIncident, replayText } from "@herdbeat/aggregator/core/replay";
import { allShards, type IncidentId } from "@herdbeat/shared/ids";
import type { MemoryDatabase } from "./memory-database.ts";

/** As they are in the store: written as JSON and read back. */
export function assertIncidentsReplay(
  incidents: Iterable<IncidentRecord>,
  idOf: IncidentIdOf,
): void {
  for (const each of incidents) {
    const incident = JSON.parse(JSON.stringify(each)) as IncidentRecord;
    const replayed = replayIncident(incident, idOf);
    if (replayed.verdict === "agrees") continue;
    const name = `${incident.failureClass} of ${incident.node} (${incident.id})`;
    throw new Error(`${name} does not replay: ${JSON.stringify(replayed, null, 2)}`);
  }
}

/** For tests: the key itself, as far as an id may look so. */
export function readableIncidentId(key: string): IncidentId {
  return `id${key.replaceAll(/[^A-Za-z0-9]+/g, "-")}` as IncidentId;
}

/** Each document once, however often a world is looked at. */
const CHECKED = new WeakMap<MemoryDatabase, Set<string>>();

/** Everything that a simulated store holds and that was not looked at before. */
export function assertDatabaseReplays(database: MemoryDatabase): void {
  const checked = CHECKED.get(database) ?? new Set<string>();
  CHECKED.set(database, checked);
  const isNew = (document: string): boolean => checked.size < checked.add(document).size;
  for (const shard of allShards()) {
    const { incidents, nodes } = database.shard(shard);
    for (const { document } of incidents.values()) {
      if (!isNew(document)) continue;
      assertIncidentsReplay([JSON.parse(document) as IncidentRecord], readableIncidentId);
    }
    for (const document of nodes.values()) {
      if (!isNew(document)) continue;
      assertRefusalReplays(JSON.parse(document) as NodeRecord, readableIncidentId);
    }
  }
}

interface Replayed {
  readonly verdict: "agrees" | "differs" | "incomplete";
  readonly decisions: readonly { readonly result: string; readonly why: string }[];
}

/** The newest, so that a stack with a large fleet still stops soon. */
const ASKED_MAX = 200;

/**
 * Asks a living aggregator to run each decision again; answers how many incidents agreed. Inputs that
 * a test damaged or wiped cannot be run, which is no disagreement; everything else must agree.
 */
export async function assertApiReplays(get: <T>(path: string) => Promise<T>): Promise<number> {
  const { items } = await get<{ readonly items: readonly { readonly id: string }[] }>(
    `/api/v1/incidents?limit=${ASKED_MAX}&fields=id`,
  );
  let agreed = 0;
  for (const { id } of items) {
    const replayed = await get<Replayed>(`/api/v1/incidents/${id}/replay`);
    if (replayed.verdict === "agrees") agreed += 1;
    const isDisagreement =
      replayed.verdict === "differs" ||
      replayed.decisions.some(({ why }) => why !== "" && !why.includes("damaged"));
    if (isDisagreement) throw new ReplayDisagreement(`${id}: ${JSON.stringify(replayed, null, 2)}`);
  }
  return agreed;
}

/** The same for a stack that stops; null also where nobody answers any more, so nobody can be asked. */
export async function replayDisagreement(
  get: <T>(path: string) => Promise<T>,
): Promise<ReplayDisagreement | null> {
  try {
    await assertApiReplays(get);
    return null;
  } catch (error) {
    return error instanceof ReplayDisagreement ? error : null;
  }
}

/** Fails the test's process also where a runner hides what a hook throws. */
export class ReplayDisagreement extends Error {
  constructor(what: string) {
    super(`a decision does not replay: ${what}`);
    process.exitCode = 1;
    process.once("exit", () => {
      console.error(this.message);
      process.exitCode = 1;
    });
  }
}

/** What one step answered, before any of it can be dropped for its bounds. */
export function assertEffectsReplay(effects: readonly Effect[], idOf: IncidentIdOf): void {
  const last = new Map<string, IncidentRecord>();
  for (const effect of effects) {
    if (effect.kind === "transition") last.set(effect.incident.id, effect.incident);
  }
  assertIncidentsReplay(last.values(), idOf);
}

export function assertRefusalReplays(record: NodeRecord, idOf: IncidentIdOf): void {
  const refusal = refusalOf(record);
  if (refusal === null) return;
  const { result } = replayText(refusal.decision, null, idOf);
  if (result.agrees === true) return;
  throw new Error(`the refusal to judge ${record.id} does not replay: ${JSON.stringify(result)}`);
}
