import type {
  AggregatorDto,
  AuditDto,
  NoticeDto,
  ShardDto,
} from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type {
  DeliveryPage,
  Explanation,
  IncidentDetail,
  IncidentRow,
  NodeDetail,
  NodePage,
  Page,
} from "@herdbeat/aggregator/adapters/http/dto";
import type { QualityDto } from "@herdbeat/aggregator/adapters/http/quality-dto";
import * as assert from "uvu/assert";
import {
  type HttpFixture,
  incidentOf,
  type Reply,
  startHttpFixture,
} from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("read API");

let api: HttpFixture;
test.before(async () => {
  api = await startHttpFixture();
});
test.after(() => api.stop());

const idsOf = (reply: Reply<NodePage>): string[] => reply.json.items.map((each) => each.id);

for (const [query, ids] of [
  ["state=suspect", ["hv-03"]],
  ["state=declared,committed", ["hv-07", "hv-08"]],
  ["az=az2&state=left", ["hv-14"]],
  ["rack=r1&sort=-hostname&limit=2", ["hv-04", "hv-03"]],
  ["label.role=controller", ["hv-00", "hv-10"]],
  ["label.rack=r1,r2&state=declared", ["hv-07"]],
  ["q=COMPUTE-1&limit=3", ["hv-10", "hv-11", "hv-12"]],
  ["q=10.0.1.17", ["hv-07"]],
  ["q=.*", []],
  ["shard=10", ["hv-00"]],
  ["sort=-problems&limit=1", ["hv-02"]],
] as const) {
  test(`lists nodes by ${query}`, async () => {
    const reply = await api.call<NodePage>(`/api/v1/nodes?${query}`);
    assert.is(reply.status, 200);
    assert.equal(idsOf(reply), ids);
  });
}

test("counts the matches of a filter by state, not only those of the page", async () => {
  const { json } = await api.call<NodePage>("/api/v1/nodes?az=az1&limit=1");
  assert.is(json.total, 10);
  assert.equal(json.counts, { alive: 7, suspect: 1, declared: 1, committed: 1 });
});

test("gives every node once over all pages, in order", async () => {
  const seen: string[] = [];
  let cursor = "";
  for (let page = 0; page < 10; page++) {
    const reply = await api.call<NodePage>(`/api/v1/nodes?limit=7&sort=az${cursor}`);
    seen.push(...idsOf(reply));
    if (reply.json.next === null) break;
    cursor = `&cursor=${reply.json.next}`;
  }
  assert.equal(
    seen,
    Array.from({ length: 20 }, (_, index) => `hv-${String(index).padStart(2, "0")}`),
  );
});

test("refuses a cursor of another order", async () => {
  const { json } = await api.call<NodePage>("/api/v1/nodes?limit=2&sort=az");
  const reply = await api.call(`/api/v1/nodes?limit=2&sort=id&cursor=${json.next}`);
  assert.is(reply.status, 400);
  assert.is(reply.json.errors?.[0]?.pointer, "?cursor");
});

test("gives only the fields that were asked for", async () => {
  const { json } = await api.call<NodePage>("/api/v1/nodes?state=suspect&fields=state,shard");
  assert.equal(json.items, [{ id: "hv-03", state: "suspect", shard: 55 }]);
  const wrong = await api.call("/api/v1/nodes?fields=stat");
  assert.is(wrong.json.errors?.[0]?.pointer, "?fields");
});

test("shows a node with its conditions, the incident they feed, probe facts and history", async () => {
  const { json } = await api.call<NodeDetail>("/api/v1/nodes/hv-02?history=2");
  assert.is(json.conditions.length, 2);
  assert.is(json.conditions[0]?.incident, json.incidents[0]?.id);
  assert.match(json.conditions[0]?.why ?? "", /feeds incident/);
  assert.match(json.conditions[1]?.why ?? "", /never taken as health/);
  assert.equal(json.kernelProbe, { lastAnswerAgeMs: 31_000, lastOutcome: "refused" });
  assert.is(json.history.length, 2);
  assert.equal(json.inventory, { cpu: "64 x made up", memoryGiB: 512, os: "Debian 12" });
});

test("answers 304 for a node of which only the ages moved", async () => {
  const first = await api.call<NodeDetail>("/api/v1/nodes/hv-01?history=0");
  const tag = first.headers.get("etag") ?? "";
  assert.match(tag, /^W\/"/);
  const again = await api.call<NodeDetail>("/api/v1/nodes/hv-01?history=0", {
    headers: { "if-none-match": tag },
  });
  assert.is(again.status, 304);
  assert.is(again.text, "");
  const node = await api.view.node("hv-01" as never);
  if (node !== null) api.view.setNode({ ...node.record, state: "suspect" });
  const changed = await api.call<NodeDetail>("/api/v1/nodes/hv-01", {
    headers: { "if-none-match": tag },
  });
  assert.is(changed.status, 200);
  if (node !== null) api.view.setNode(node.record);
});

for (const [query, nodes] of [
  ["open=true", ["hv-02", "hv-07", "hv-11", "hv-05", "hv-08", "hv-13"]],
  ["phase=retracted,closed", ["hv-01", "hv-09"]],
  ["class=host-down&open=true", ["hv-07", "hv-08"]],
  ["node=compute-05.example.test", ["hv-05"]],
  ["since=2026-01-15T09:00:00Z&until=2026-01-15T09:55:30Z", ["hv-13", "hv-01"]],
  ["q=carrier", ["hv-13"]],
  ["sort=grade&limit=2&open=true", ["hv-11", "hv-07"]],
] as const) {
  test(`lists incidents by ${query}`, async () => {
    const { json, status } = await api.call<Page<IncidentRow>>(`/api/v1/incidents?${query}`);
    assert.is(status, 200);
    assert.equal(
      json.items.map((each: { node: string }) => each.node),
      nodes,
    );
  });
}

test("shows an incident with evidence, rule, timeline, deliveries and actions", async () => {
  const incident = await incidentOf(api, "hv-08");
  const reply = await api.call<IncidentDetail>(`/api/v1/incidents/${incident}`);
  assert.match(reply.headers.get("etag") ?? "", /^"/);
  assert.is(reply.json.evidence.length, 3);
  assert.equal(reply.json.rule?.thresholdsMs, {
    suspectAfter: 1_500,
    declareAfter: 2_000,
    fenceAfter: 5_000,
  });
  assert.equal(
    reply.json.timeline.map((each: { kind: string }) => each.kind),
    ["declared", "changed", "committed"],
  );
  assert.is(reply.json.deliveries.length, 4);
  assert.equal(
    reply.json.actions.map((each: { kind: string }) => each.kind),
    ["fence", "evacuate"],
  );
});

test("tells an incident's story, as JSON and as text", async () => {
  const incident = await incidentOf(api, "hv-07");
  const path = `/api/v1/incidents/${incident}/explain`;
  const { json } = await api.call<Explanation>(path);
  const text = await api.call(path, { headers: { accept: "text/plain" } });
  assert.match(text.headers.get("content-type") ?? "", /^text\/plain/);
  assert.is(text.text.split("\n")[1], json.lines[1]);
  assert.ok(json.lines.some((line: string) => line.includes("grade-too-low")));
});

test("lists shards, aggregators, deliveries, notices and the audit log", async () => {
  const shards = await api.call<Page<ShardDto>>("/api/v1/shards");
  assert.is(shards.json.items.length, 64);
  assert.is(shards.json.items[63]?.status, "held");
  const aggregators = await api.call<Page<AggregatorDto>>("/api/v1/aggregators");
  assert.equal(
    aggregators.json.items.map((each: { id: string; self: boolean }) => [each.id, each.self]),
    [
      ["agg-1", true],
      ["agg-2", false],
    ],
  );
  const deliveries = await api.call<DeliveryPage>(
    "/api/v1/deliveries?state=waiting&destination=pager&limit=2",
  );
  assert.is(deliveries.json.total, 9);
  assert.ok(typeof deliveries.json.next === "string");
  assert.equal(deliveries.json.destinations, ["controller", "pager"]);
  const notices = await api.call<Page<NoticeDto>>("/api/v1/notices");
  assert.is(notices.json.items[0]?.kind, "fencing-impossible");
  const audit = await api.call<Page<AuditDto>>("/api/v1/audit", { as: "operator" });
  assert.is(audit.json.items[0]?.who, "alice");
});

test("answers 404 as a problem for what does not exist", async () => {
  for (const path of [
    "/api/v1/nodes/hv-99",
    "/api/v1/incidents/0000",
    "/api/v1/incidents/0000/explain",
    "/api/v1/nothing",
  ]) {
    const reply = await api.call(path);
    assert.is(reply.status, 404, path);
    assert.is(reply.headers.get("content-type"), "application/problem+json; charset=utf-8");
    assert.is(reply.json.code, "HB_API_NOT_FOUND");
    assert.is(reply.json.type, "urn:herdbeat:problem:api-not-found");
    assert.is(reply.json.requestId, reply.headers.get("x-request-id"));
  }
});

test("names each query parameter that is wrong", async () => {
  const { status, json } = await api.call(
    "/api/v1/nodes?limit=2000&state=dead&sort=x&bogus=1&shard=64",
  );
  assert.is(status, 400);
  assert.equal(json.errors?.map((each) => each.pointer).sort(), [
    "?bogus",
    "?limit",
    "?shard",
    "?sort",
    "?state",
  ]);
});

test("reads the fleet once for requests that come together", async () => {
  await api.call<NodePage>("/api/v1/nodes");
  const before = api.view.nodesReads;
  await Promise.all(Array.from({ length: 20 }, () => api.call<NodePage>("/api/v1/nodes?limit=1")));
  assert.ok(api.view.nodesReads - before <= 3, `${api.view.nodesReads - before} reads`);
});

test("gives the detector's figures with their bounds, of one node too", async () => {
  const { json, status } = await api.call<QualityDto>("/api/v1/quality");
  assert.is(status, 200);
  assert.is(json.fleet.suspicion.mistakes, 11);
  assert.is(json.fleet.deaths.count, 5);
  assert.equal([json.confidence, json.isComplete, json.node], [0.95, true, null]);
  assert.equal(
    json.shards.map(({ shard }) => shard),
    [3, 17, 42],
  );
  const ofNode = await api.call<QualityDto>("/api/v1/quality?node=hv-03");
  assert.is(ofNode.json.node?.id, "hv-03");
  assert.is((await api.call("/api/v1/quality?node=hv-99")).status, 404);
  for (const hostile of ["?node=", "?node=%00", `?node=${"x".repeat(200)}`, "?nodes=a"]) {
    assert.is((await api.call(`/api/v1/quality${hostile}`)).status, 400, hostile);
  }
  assert.is((await api.call("/api/v1/quality", { as: null })).status, 401);
});

test("metrics tell the detector's figures of the fleet, not of nodes", async () => {
  const { text } = await api.call("/metrics");
  assert.match(
    text,
    /^herdbeat_quality_mistakes_per_node_hour\{output="suspected",bound="high"\} /m,
  );
  assert.match(text, /^herdbeat_quality_detection_bound_seconds\{witnessed="yes"\} 2\.125$/m);
  assert.not.match(text, /hv-03/);
});

test.run();
