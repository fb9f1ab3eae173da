/**
 * Serves the real API, stream and dashboard on a made-up fleet with live random changes.
 *
 *   node --import tsx --conditions=source test/tools/serve-fixture.ts [--port=7350] [--nodes=N]
 *        [--dashboard=DIRECTORY] [--changes-per-second=N]
 *
 * Prints one token per scope; the dashboard takes it as `#token=`. Ends with SIGINT or SIGTERM.
 */
import { parseArgs } from "node:util";
import { createMetricsRegistry } from "@herdbeat/aggregator/adapters/http/metrics";
import { createHttpServer } from "@herdbeat/aggregator/adapters/http/server";
import {
  createTokenRegistry,
  generateToken,
  parseTokens,
  SCOPES,
} from "@herdbeat/aggregator/adapters/http/tokens";
import type { NodeStateName } from "@herdbeat/aggregator/core/node-record";
import type { Logger } from "@herdbeat/shared/logger";
import { seededRandom } from "@herdbeat/shared/random";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import { FixtureFleetView } from "../support/fixture-fleet-view.ts";
import { fixtureIncidents } from "../support/fixture-incidents.ts";
import {
  FIXTURE_START,
  fixtureNodeId,
  fixtureRecord,
  manyRecords,
} from "../support/fixture-nodes.ts";
import { readableIncidentId } from "../support/replay-check.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "7350" },
    nodes: { type: "string", default: "20" },
    dashboard: { type: "string" },
    "changes-per-second": { type: "string", default: "2" },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const logger: Logger = {
  debug: () => {},
  info: (message, fields) => print(`info  ${message} ${JSON.stringify(fields ?? {})}`),
  warn: (message, fields) => print(`warn  ${message} ${JSON.stringify(fields ?? {})}`),
  error: (message, fields) => print(`error ${message} ${JSON.stringify(fields ?? {})}`),
  child: () => logger,
};

const view = new FixtureFleetView({ now: () => systemClock.wallNow() });
const count = Number(values.nodes);
for (const record of manyRecords(Math.max(0, count - 20))) view.setNode(record);
const shift = systemClock.wallNow() - FIXTURE_START;
for (let index = 0; index < 20; index++) view.setNode(shifted(fixtureRecord(index)));
for (const incident of fixtureIncidents()) view.setIncident(shifted(incident));
view.setNotices(view.notices().map(shifted));

const tokens = SCOPES.map((scope) => ({ scope, ...generateToken(`fixture-${scope}`, scope) }));
const server = createHttpServer({
  incidentIdOf: readableIncidentId,
  view,
  commands: view,
  tokens: createTokenRegistry(parseTokens(tokens.map((each) => each.line).join("\n"), "fixture")),
  logger,
  clock: systemClock,
  timers: systemTimers,
  metrics: createMetricsRegistry(),
  listen: { host: "127.0.0.1", port: Number(values.port) },
  ...(values.dashboard === undefined ? {} : { dashboardDirectory: values.dashboard }),
});

const random = seededRandom(1);
const pick = <T>(items: readonly T[]): T | undefined =>
  items[Math.floor(random.next() * items.length)];
const CHANGES: readonly NodeStateName[] = [
  "alive",
  "alive",
  "alive",
  "suspect",
  "agent-down",
  "awaited",
];

/** The same with every instant near the fixtures' start moved to the present. */
function shifted<T>(value: T): T {
  const text = JSON.stringify(value, (_name, member: unknown) =>
    typeof member === "number" && Math.abs(member - FIXTURE_START) < 172_800_000
      ? member + shift
      : member,
  );
  return JSON.parse(text) as T;
}

/** One node changes its state; now and then an incident's action makes progress. */
async function changeSomething(): Promise<void> {
  const nodes = await view.nodes();
  const node = pick(nodes);
  const state = pick(CHANGES);
  if (node !== undefined && state !== undefined) {
    const now = systemClock.wallNow();
    const stateReason = `changed by the fixture at ${new Date(now).toISOString()}`;
    view.setNode({ ...node.record, state, stateSince: now, lastSeenAt: now, stateReason });
  }
  const incident = (await view.incidents()).find((each) => each.node === fixtureNodeId(8));
  const evacuation = incident?.actions.find((each) => each.kind === "evacuate");
  if (incident !== undefined && evacuation !== undefined && random.next() < 0.2) {
    const progress = ((evacuation.progress ?? 0) + 5) % 101;
    await view.updateAction(incident.id, evacuation.id, { progress });
  }
}

function scheduleChange(): void {
  const perSecond = Math.max(0.01, Number(values["changes-per-second"]));
  systemTimers.after(durationMs(1_000 / perSecond), () => {
    changeSomething().then(scheduleChange, (error: unknown) => logger.error(String(error)));
  });
}

await server.start();
if (Number(values["changes-per-second"]) > 0) scheduleChange();
for (const { scope, token } of tokens) print(`${scope}: ${token}`);
print(`dashboard: ${server.endpoint()}/#token=${tokens[1]?.token}`);
print(`started at ${new Date(unixMs(systemClock.wallNow())).toISOString()}`);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void server.stop().finally(() => process.exit(0));
  });
}
