import type {
  AdoptResult,
  AuditDto,
  DisarmDto,
  HoldPage,
  HoldRow,
  Problem,
} from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type { ActionDto, Page } from "@herdbeat/aggregator/adapters/http/dto";
import type { DrillDto } from "@herdbeat/aggregator/adapters/http/quality-dto";
import type { Scope } from "@herdbeat/aggregator/adapters/http/tokens";
import type { AggregatorId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { type HttpFixture, incidentOf, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("write API");

let api: HttpFixture;
/** The aggregator that owns the odd shards, and one that hands everything odd on to it. */
let owner: HttpFixture;
let other: HttpFixture;
/** Hands odd shards on to itself: nobody owns them. */
let lost: HttpFixture;

test.before(async () => {
  api = await startHttpFixture();
  owner = await startHttpFixture({
    self: "agg-2" as AggregatorId,
    peerEndpoint: () => other.endpoint,
  });
  other = await startHttpFixture({ peerEndpoint: () => owner.endpoint });
  lost = await startHttpFixture({ peerEndpoint: () => lost.endpoint });
});
test.after(async () => {
  for (const each of [api, owner, other, lost]) await each.stop();
});

/** The incident of a node; hv-07's shard is odd, hv-08's even. */
async function actionsPath(server: HttpFixture, node: string): Promise<string> {
  const incident = await incidentOf(server, node);
  return `/api/v1/incidents/${incident}/actions`;
}

const evacuate = { kind: "evacuate", progress: 10 };

test("records an action under the token's name and says where it is", async () => {
  const path = await actionsPath(api, "hv-02");
  const reply = await api.call<ActionDto>(path, { as: "operator", method: "POST", body: evacuate });
  assert.is(reply.status, 201);
  const { id, createdAt, updatedAt, ...rest } = reply.json;
  assert.equal(rest, {
    kind: "evacuate",
    state: "running",
    progress: 10,
    message: "",
    by: "the-operator",
  });
  assert.is(reply.headers.get("location"), `${path}/${id}`);
  const read = await api.call(`${path}/${id}`);
  assert.is(read.headers.get("etag"), reply.headers.get("etag"));
  assert.is(createdAt, updatedAt);
});

test("gives a repeated POST with the same key the first answer, and makes one action", async () => {
  const path = await actionsPath(api, "hv-05");
  const post = {
    as: "operator",
    method: "POST",
    body: evacuate,
    headers: { "idempotency-key": "key-1" },
  } as const;
  const replies = await Promise.all([
    api.call<ActionDto>(path, post),
    api.call<ActionDto>(path, post),
    api.call<ActionDto>(path, post),
  ]);
  assert.equal([...new Set(replies.map((each) => `${each.status} ${each.json.id}`))].length, 1);
  const { json } = await api.call<Page<ActionDto>>(path);
  assert.is(json.items.filter((each) => each.kind === "evacuate").length, 1);
  const otherBody = await api.call(path, { ...post, body: { kind: "fence" } });
  assert.is(otherBody.status, 409);
  assert.is(otherBody.json.code, "HB_API_CONFLICT");
});

test("changes an action only if it is still as it was read", async () => {
  const path = await actionsPath(api, "hv-08");
  const before = await api.call<ActionDto>(`${path}/evacuate-1`);
  const tag = before.headers.get("etag") ?? "";
  const patch = (progress: number) =>
    api.call<ActionDto>(`${path}/evacuate-1`, {
      as: "operator",
      method: "PATCH",
      body: { progress },
      headers: { "if-match": tag },
    });
  const replies = await Promise.all([patch(70), patch(80)]);
  assert.equal(replies.map((each) => each.status).sort(), [200, 412]);
  const done = replies.find((each) => each.status === 200);
  const after = await api.call<ActionDto>(`${path}/evacuate-1`);
  assert.is(after.json.progress, done?.json.progress);
});

test("answers 404 for actions of unknown incidents, 409 for what the owner refuses", async () => {
  const post = { as: "operator", method: "POST", body: evacuate } as const;
  assert.is((await api.call("/api/v1/incidents/00/actions", post)).status, 404);
  const path = await actionsPath(api, "hv-13");
  for (let made = 0; made < 5; made++) await api.call(path, post);
  const refused = await api.call(path, post);
  assert.equal([refused.status, refused.json.detail], [409, "the incident has too many actions"]);
});

test("hands a write on to the owner, with the caller's own token", async () => {
  const path = await actionsPath(other, "hv-07");
  const reply = await other.call<ActionDto>(path, {
    as: "operator",
    method: "POST",
    body: evacuate,
    headers: { "idempotency-key": "key-2" },
  });
  assert.is(reply.status, 201);
  assert.is(reply.json.by, "the-operator");
  assert.is((await owner.call<Page<ActionDto>>(path)).json.total, 1);
  assert.is((await other.call<Page<ActionDto>>(path)).json.total, 0);
});

test("leaves it to the owner to say whether an action is still as it was read", async () => {
  const path = await actionsPath(other, "hv-07");
  const post = { as: "operator", method: "POST", body: evacuate } as const;
  const made = await owner.call<ActionDto>(path, post);
  const patch = (tag: string) =>
    other.call<ActionDto>(`${path}/${made.json.id}`, {
      as: "operator",
      method: "PATCH",
      body: { progress: 20 },
      headers: { "if-match": tag },
    });
  assert.is((await patch('"stale"')).status, 412);
  const done = await patch(made.headers.get("etag") ?? "");
  assert.equal([done.status, done.json.progress], [200, 20]);
});

test("answers 503 when a handed-on write is elsewhere again", async () => {
  const path = await actionsPath(lost, "hv-07");
  const reply = await lost.call(path, { as: "operator", method: "POST", body: evacuate });
  assert.equal([reply.status, reply.json.code], [503, "HB_API_UNREACHABLE"]);
});

test("answers 503 when the owner does not answer", async () => {
  const alone = await startHttpFixture({ peerEndpoint: () => "http://127.0.0.1:1" });
  const path = await actionsPath(alone, "hv-07");
  const reply = await alone.call(path, { as: "operator", method: "POST", body: evacuate });
  await alone.stop();
  assert.equal([reply.status, reply.json.code], [503, "HB_API_UNREACHABLE"]);
  assert.is(reply.headers.get("retry-after"), "1");
});

test("lets only an admin adopt the store", async () => {
  const post = { method: "POST", body: { source: "mirror" } } as const;
  assert.is((await api.call("/api/v1/store/adopt", { ...post, as: "operator" })).status, 403);
  const reply = await api.call<AdoptResult>("/api/v1/store/adopt", { ...post, as: "admin" });
  assert.equal([reply.status, reply.json.nodes], [200, 20]);
  const { json } = await api.call<Page<AuditDto>>("/api/v1/audit?limit=1", { as: "operator" });
  assert.equal([json.items[0]?.who, json.items[0]?.what], ["the-admin", "store-adopted"]);
});

test("lists what is held, and takes an operator's word with a reason", async () => {
  const { json } = await api.call<HoldPage>("/api/v1/holds", { as: "viewer" });
  const [held] = json.items;
  assert.ok(held);
  assert.equal([held.reason, held.review], ["disruption-guard", null]);
  const path = `/api/v1/holds/${held.incident}/approve`;
  const post = { method: "POST", body: { reason: "seen with my own eyes" } } as const;
  assert.is((await api.call(path, { ...post, as: "viewer" })).status, 403);
  for (const body of [
    {},
    { reason: "" },
    { reason: "x".repeat(257) },
    { reason: "x", word: "deny" },
  ])
    assert.is((await api.call(path, { ...post, body, as: "operator" })).status, 400);
  const reply = await api.call<HoldRow>(path, { ...post, as: "operator" });
  assert.equal(
    [reply.status, reply.json.review?.word, reply.json.review?.by],
    [200, "approve", "the-operator"],
  );
  const unknown = `/api/v1/holds/${"0".repeat(32)}/deny`;
  assert.is((await api.call(unknown, { ...post, as: "operator" })).status, 404);
});

test("stops and lets go on all requests for recovery, by an operator with a reason", async () => {
  const path = "/api/v1/disarm";
  const put = { method: "PUT", body: { reason: "a storm" } } as const;
  assert.is((await api.call(path, { ...put, as: "viewer" })).status, 403);
  for (const body of [{}, { reason: "" }, { reason: "x".repeat(257) }, { reason: 1 }])
    assert.is((await api.call(path, { ...put, body, as: "operator" })).status, 400);
  const on = await api.call<DisarmDto>(path, { ...put, as: "operator" });
  assert.equal([on.status, on.json.disarmed, on.json.by], [200, true, "the-operator"]);
  const seen = await api.call<DisarmDto>(path, { as: "viewer" });
  assert.is(seen.json.reason, "a storm");
  const off = await api.call<DisarmDto>(path, { as: "operator", method: "DELETE" });
  assert.equal([off.status, off.json.disarmed, off.json.since], [200, false, null]);
});

test("a drill is begun by operators only, once per key, and refused with a reason", async () => {
  const begin = (body: unknown, headers: Record<string, string> = {}, as: Scope = "operator") =>
    api.call<DrillDto & Problem>("/api/v1/drills", { method: "POST", as, body, headers });
  assert.is((await begin({ node: "hv-00" }, {}, "viewer")).status, 403);
  const key = { "idempotency-key": "drill-key-1" };
  const first = await begin({ node: "hv-00" }, key);
  assert.is(first.status, 201);
  assert.is(first.headers.get("location"), `/api/v1/drills/${first.json.id}`);
  assert.is((await begin({ node: "hv-00" }, key)).json.id, first.json.id);
  assert.is((await begin({ node: "hv-99" })).status, 404);
  const refused = await begin({ node: "hv-07" });
  assert.equal([refused.status, refused.json.detail], [409, "it is declared, not alive"]);
  for (const hostile of [
    {},
    { node: 1 },
    { node: "" },
    { node: "a b" },
    { node: "hv-00", every: 1 },
    [],
    "x",
  ]) {
    assert.is((await begin(hostile)).status, 400, JSON.stringify(hostile));
  }
});

test.run();
