// Explaining and replaying what the core itself decided, by the API and by herdctl, also when the store
// holds something else than what was written there.
import type { Explanation, NodeDetail, ReplayDto } from "@herdbeat/aggregator/adapters/http/dto";
import { runHerdctl } from "@herdbeat/aggregator/cli/program";
import { decisionsOf } from "@herdbeat/aggregator/core/decision";
import { CORE_VERSION, readDecision, sealed } from "@herdbeat/aggregator/core/decision-text";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import type { IncidentId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type HttpFixture, startHttpFixture } from "../../support/http-fixture.ts";
import { aliveNode } from "../../support/node-driver.ts";
import { suite } from "../../support/suite.ts";

const test = suite("replay");

let api: HttpFixture;
const decided = decidedIncident();
test.before(async () => {
  api = await startHttpFixture();
  api.view.setIncident(decided);
});
test.after(() => api.stop());

function decidedIncident(): IncidentRecord {
  const node = aliveNode();
  node.kernel = "silent";
  node.run(4_000);
  const [incident] = node.state.incidents;
  if (incident === undefined) throw new Error("not declared");
  return incident;
}

/** The same with other inputs, under an id of its own (whole, so that no list must know it yet). */
function stored(name: string, decisions: unknown): string {
  const id = name.padEnd(32, "0");
  api.view.setIncident({ ...decided, id: id as IncidentId, decisions });
  return id;
}

async function herdctl(...words: readonly string[]): Promise<{
  readonly code: number;
  readonly out: string;
  readonly error: string;
}> {
  let out = "";
  let error = "";
  const code = await runHerdctl(
    words,
    {
      write: (text) => {
        out += text;
      },
      writeError: (text) => {
        error += text;
      },
      environment: { HERDBEAT_SERVER: api.endpoint, HERDBEAT_TOKEN: api.tokens.viewer },
      isTerminal: false,
      ask: async () => null,
      readFile: async () => null,
    },
    "9.9.9",
  );
  return { code, out, error };
}

/** The declaration with other limits, sealed again as its writer would. */
function tampered(): string {
  const read = readDecision(decisionsOf(decided)[0] ?? "");
  if (read.kind !== "ok") throw new Error("no decision");
  const { config } = read.decision;
  const limits = { ...config.limits, declareAfter: 60_000 };
  return sealed("declared", JSON.stringify({ ...read.decision, config: { ...config, limits } }));
}

test("answers what was decided, whether it agrees, and nothing that only the core needs", async () => {
  const { status, json } = await api.call<ReplayDto>(`/api/v1/incidents/${decided.id}/replay`);
  assert.is(status, 200);
  assert.is(json.verdict, "agrees");
  assert.equal(
    json.decisions.map(({ what, transitions, result }) => [what, transitions, result]),
    [["declared", [1], "agrees"]],
  );
  const detail = await api.call(`/api/v1/incidents/${decided.id}`);
  assert.not.match(detail.text, "decisions");
});

test("explains with the rule, its limits and what would have changed it", async () => {
  const { json } = await api.call<Explanation>(`/api/v1/incidents/${decided.id}/explain`);
  assert.is(json.rule?.thresholdsMs["declareAfter"], 3_000);
  assert.ok(json.wouldHaveChanged.some((line) => line.includes("its kernel had answered")));
  assert.equal(
    json.story.map(({ kind }) => kind).filter((kind) => !kind.endsWith("told")),
    ["heard", "asked", "asked", "decided"],
  );
});

test("herdctl ends with 0 where the decision agrees, and says so", async () => {
  const { code, out, error } = await herdctl("incident", "replay", decided.id);
  assert.equal([code, error], [0, ""]);
  assert.match(out, /^\S+Z {2}declared: agrees$/m);
  const json = await herdctl("incident", "replay", decided.id, "-o", "json");
  assert.is((JSON.parse(json.out) as ReplayDto).verdict, "agrees");
});

test("herdctl ends with 1 where it differs, and names the differences", async () => {
  const { code, out, error } = await herdctl("incident", "replay", stored("ffd1", [tampered()]));
  assert.is(code, 1);
  assert.match(out, /declared: differs\n {2}made\.0: recorded /);
  assert.match(error, /a decision differs/);
});

test("herdctl ends with 4 where nothing is known, and with 3 where there is no incident", async () => {
  const older = sealed("declared", JSON.stringify({ core: "0", anything: "else" }));
  const other = await herdctl("incident", "replay", stored("ffd2", [older]));
  assert.is(other.code, 4);
  assert.match(other.out, /not run\n {2}it was decided by core 0/);
  const none = await herdctl("incident", "replay", stored("ffd3", undefined));
  assert.equal([none.code, none.out.split("\n")[0]], [4, "no inputs were recorded"]);
  assert.is((await herdctl("incident", "replay", "ffff")).code, 3);
});

test("whatever the store holds, both answers are sentences", async () => {
  const hostile: readonly unknown[] = [
    ["garbage"],
    [7, null, {}],
    { a: 1 },
    "text",
    ["declared 00000000 {}"],
    [sealed("declared", `{"core":"${CORE_VERSION}","wall":1e999}`)],
    ["x".repeat(2_000_000)],
    Array.from({ length: 50_000 }, () => "x"),
    ["\u001b[31mred 00000000 {}"],
  ];
  for (const [index, decisions] of hostile.entries()) {
    const id = stored(`ffe${index}`, decisions);
    const replayed = await api.call<ReplayDto>(`/api/v1/incidents/${id}/replay`);
    assert.is(replayed.status, 200, replayed.text);
    assert.is(replayed.json.verdict, "incomplete");
    assert.ok(replayed.text.length < 4_000, `${replayed.text.length} characters`);
    assert.match(replayed.text, /damaged/);
    const explained = await api.call<Explanation>(`/api/v1/incidents/${id}/explain`);
    assert.is(explained.status, 200, explained.text);
    assert.is(explained.json.replay, "incomplete");
    assert.is((await herdctl("incident", "replay", id)).code, 4);
  }
});

test("a node tells why it was silent and not judged, and whether that replays", async () => {
  const node = aliveNode();
  node.kernel = "silent";
  node.own = { ...node.own, gateway: "silent" };
  node.run(5_000);
  const { record } = node.state;
  api.view.setNode(record);
  const path = `/api/v1/nodes/${record.id}`;
  const { json } = await api.call<NodeDetail>(path);
  assert.match(json.refusal?.because ?? "", /not judged: our own gateway does not answer/);
  assert.is(json.refusal?.replay.result, "agrees");
  for (const refusal of [7, {}, { at: "x", decision: "" }, { at: 1e300, decision: "garbage" }]) {
    api.view.setNode({ ...record, refusal });
    const damaged = await api.call<NodeDetail>(path);
    assert.is(damaged.status, 200, damaged.text);
    assert.is(damaged.json.refusal?.replay.result ?? "not-run", "not-run");
  }
  api.view.setNode(record);
  const shown = await herdctl("node", "show", record.id);
  assert.match(shown.out, /^Not judged: +at \S+Z: silent, and not judged.*\(run again: agrees\)$/m);
});

test("both are for viewers, and are problems for what does not exist", async () => {
  for (const path of ["explain", "replay"]) {
    const none = await api.call(`/api/v1/incidents/0000/${path}`);
    assert.equal([none.status, none.json.code], [404, "HB_API_NOT_FOUND"]);
    const nobody = await api.call(`/api/v1/incidents/${decided.id}/${path}`, { as: null });
    assert.is(nobody.status, 401);
    const query = await api.call(`/api/v1/incidents/${decided.id}/${path}?x=1`);
    assert.is(query.status, 400);
  }
});

test.run();
