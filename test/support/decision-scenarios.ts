/** One incident of each rule, as the core of this version decides them; see test/tools/record-decisions.ts. */
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { Effect, NodeEvent } from "@herdbeat/aggregator/core/node-state";
import { step } from "@herdbeat/aggregator/core/step";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import { aliveNode, NodeDriver } from "./node-driver.ts";

export interface DecidedScenario {
  readonly name: string;
  readonly incident: IncidentRecord;
}

const RECOVER = { action: "recover", minGrade: 0 } as const;

function last(node: NodeDriver): IncidentRecord {
  const incident = node.state.incidents.at(-1);
  if (incident === undefined) throw new Error("the scenario opened no incident");
  return incident;
}

/** The incident that the event ends or changes, which is no longer among the node's open ones. */
function after(node: NodeDriver, event: NodeEvent): IncidentRecord {
  const now = { listening: listeningMs(node.at), wall: unixMs(1_800_000_000_000 + node.at) };
  const { effects } = step(node.state, event, now, node.config);
  const found = effects.findLast(
    (one): one is Extract<Effect, { kind: "transition" }> => one.kind === "transition",
  );
  if (found === undefined) throw new Error("the scenario changed no incident");
  return found.incident;
}

/** A hello as the driver would send it. */
function helloOf(node: NodeDriver, bootId: string): NodeEvent {
  let hello: NodeEvent | null = null;
  const asked = Object.create(node) as NodeDriver;
  asked.send = (event) => {
    hello = event;
  };
  asked.hello({ bootId });
  if (hello === null) throw new Error("the driver sent no hello");
  return hello;
}

function silent(): NodeDriver {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(4_000);
  return node;
}

export function decidedScenarios(): readonly DecidedScenario[] {
  const refused = aliveNode();
  refused.kernel = "silent";
  refused.own = { ...refused.own, gateway: "silent" };
  refused.run(5_000);
  refused.own = { ...refused.own, gateway: "answers" };
  refused.run(200);
  const unproven = new NodeDriver();
  unproven.kernel = "silent";
  unproven.hello();
  unproven.run(8_000);
  const gone = aliveNode();
  gone.close("peer-closed");
  gone.run(32_000);
  const stalled = aliveNode();
  stalled.run(2_000);
  const reported = aliveNode();
  reported.report("problem", "nic-down", "eth0", "First");
  reported.report("problem", "nic-down", "eth0", "Second");
  const committed = aliveNode({ "guest-crashed": RECOVER });
  committed.report("problem", "guest-crashed", "guest-1");
  const held = aliveNode({ "host-down": { action: "recover", minGrade: 5 } });
  held.kernel = "silent";
  held.run(4_000);
  const twice = aliveNode();
  twice.send({ kind: "conflict", detail: "two live sessions" });
  const heard = silent();
  return [
    { name: "silent host", incident: last(silent()) },
    { name: "silent host, refused at first", incident: last(refused) },
    { name: "silent host, kernel never proven", incident: last(unproven) },
    { name: "silent host, on hold", incident: last(held) },
    {
      name: "silent host, heard again",
      incident: after(heard, { kind: "heard", at: listeningMs(heard.at) }),
    },
    { name: "silent host, back with a new boot", incident: after(heard, helloOf(heard, "boot-2")) },
    { name: "agent gone, told when it lasted", incident: last(gone) },
    { name: "agent stalled", incident: last(stalled) },
    { name: "reported condition that changed", incident: last(reported) },
    { name: "reported condition, committed", incident: last(committed) },
    { name: "two sessions of one name", incident: last(twice) },
  ];
}
