import { mkdirSync, writeFileSync } from "node:fs";
import type {
  NoticeDto,
  Readiness,
  SessionDto,
} from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type { NodePage, Page } from "@herdbeat/aggregator/adapters/http/dto";
import { systemClock } from "@herdbeat/shared/system-clock";
import { monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { type HttpFixture, incidentOf, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("access");

let api: HttpFixture;
test.before(async () => {
  api = await startHttpFixture();
});
test.after(() => api.stop());

test("asks for a token everywhere but where it is stated otherwise", async () => {
  const open = ["/livez", "/healthz", "/readyz", "/version", "/openapi.json", "/"];
  for (const path of open) assert.is((await api.call(path, { as: null })).status, 200, path);
  const { json } = await api.call<{ readonly paths: object }>("/openapi.json", { as: null });
  const paths = Object.keys(json.paths).filter((path) => path.startsWith("/api/"));
  assert.ok(paths.length > 12);
  for (const path of [...paths, "/metrics", "/readyz?verbose"]) {
    const reply = await api.call(path.replaceAll(/\{\w+\}/g, "x"), { as: null });
    assert.ok(reply.status === 401 || reply.status === 404, `${path}: ${reply.status}`);
    if (reply.status === 401)
      assert.is(reply.headers.get("www-authenticate"), 'Bearer realm="herdbeat"');
  }
});

test("tells a scope that is too small from a token that is not valid", async () => {
  assert.is((await api.call("/api/v1/audit", { as: "viewer" })).json.code, "HB_API_FORBIDDEN");
  const bad = { authorization: `Bearer ${api.tokens.viewer.slice(0, -1)}x` };
  const reply = await api.call("/api/v1/nodes", { as: null, headers: bad });
  assert.equal([reply.status, reply.json.code], [401, "HB_API_UNAUTHORIZED"]);
});

test("answers an address that guesses tokens with 429", async () => {
  const guessed = await startHttpFixture();
  const statuses: number[] = [];
  for (let tries = 0; tries < 12; tries++) {
    const headers = { authorization: `Bearer hb_${"0".repeat(49)}` };
    statuses.push((await guessed.call<NodePage>("/api/v1/nodes", { as: null, headers })).status);
  }
  assert.equal(statuses, [...Array<number>(10).fill(401), 429, 429]);
  assert.is((await guessed.call<NodePage>("/api/v1/nodes")).status, 200);
  await guessed.stop();
});

test("limits the requests of one token", async () => {
  // Time stands still: on a slow machine the bucket would be filled again meanwhile.
  const clock = { now: () => monotonicMs(0), wallNow: () => systemClock.wallNow() };
  const busy = await startHttpFixture({ clock });
  const replies = await Promise.all(
    Array.from({ length: 300 }, () => busy.call<Page<NoticeDto>>("/api/v1/notices")),
  );
  const limited = replies.filter((each) => each.status === 429);
  assert.ok(limited.length > 20, `${limited.length}`);
  assert.ok(Number(limited[0]?.headers.get("retry-after")) >= 1);
  assert.is((await busy.call<Page<NoticeDto>>("/api/v1/notices", { as: "operator" })).status, 200);
  await busy.stop();
});

async function signIn(scope: "viewer" | "operator"): Promise<string> {
  const reply = await api.call<SessionDto>("/api/v1/session", { as: scope, method: "POST" });
  assert.is(reply.status, 200);
  const cookie = reply.headers.get("set-cookie") ?? "";
  assert.match(
    cookie,
    /^herdbeat_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=\d+$/,
  );
  return cookie.split(";", 1)[0] ?? "";
}

test("trades a token for a cookie, and ends the session", async () => {
  const cookie = await signIn("viewer");
  const who = await api.call<SessionDto>("/api/v1/session", { as: null, headers: { cookie } });
  assert.equal([who.json.name, who.json.scope], ["the-viewer", "viewer"]);
  assert.is(
    (await api.call<NodePage>("/api/v1/nodes", { as: null, headers: { cookie } })).status,
    200,
  );
  const headers = { cookie, "x-herdbeat-csrf": "1" };
  const end = await api.call<SessionDto>("/api/v1/session", {
    as: null,
    method: "DELETE",
    headers,
  });
  assert.is(end.status, 204);
  assert.is(
    (await api.call<NodePage>("/api/v1/nodes", { as: null, headers: { cookie } })).status,
    401,
  );
});

test("takes writes of a session only with the header and from the same origin", async () => {
  const cookie = await signIn("operator");
  const incident = await incidentOf(api, "hv-02");
  const path = `/api/v1/incidents/${incident}/actions`;
  const write = (headers: Readonly<Record<string, string>>) =>
    api.call(path, {
      as: null,
      method: "POST",
      body: { kind: "note" },
      headers: { cookie, ...headers },
    });
  assert.is((await write({})).status, 403);
  assert.is((await write({ "x-herdbeat-csrf": "1", "sec-fetch-site": "cross-site" })).status, 403);
  assert.is((await write({ "x-herdbeat-csrf": "1", "sec-fetch-site": "same-origin" })).status, 201);
});

test("says whether it is ready in one word to all, and why not to those with a token", async () => {
  api.view.ready = false;
  const terse = await api.call("/readyz", { as: null });
  assert.equal([terse.status, terse.text], [503, "not ready\n"]);
  const verbose = await api.call<Readiness>("/readyz?verbose");
  assert.is(verbose.status, 503);
  assert.equal(verbose.json.self.notReadyBecause, ["shard 63 is held"]);
  assert.match(verbose.json.store.description, /redis/);
  api.view.ready = true;
  assert.is((await api.call("/readyz", { as: null })).text, "ready\n");
});

test("renders metrics of the fleet without a series per node", async () => {
  const { text, headers } = await api.call("/metrics");
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  assert.match(text, /herdbeat_nodes\{state="alive",az="az1"\} 7/);
  assert.match(text, /herdbeat_open_incidents\{class="host-down",phase="committed",held="no"\} 1/);
  assert.match(
    text,
    /herdbeat_http_requests_total\{method="GET",route="\/api\/v1\/nodes",status="2xx"\}/,
  );
  assert.not.match(text, /hv-0/);
});

test("serves the dashboard's files with a strict policy, and links into it", async () => {
  const dir = makeTempDir("dashboard");
  mkdirSync(`${dir.path}/assets`);
  writeFileSync(`${dir.path}/index.html`, "<h1>the dashboard</h1>");
  writeFileSync(`${dir.path}/assets/app-1a2b3c.js`, "1");
  writeFileSync(`${dir.path}/../outside.txt`, "secret");
  const built = await startHttpFixture({ dashboardDirectory: dir.path });
  const page = await built.call("/", { as: null });
  assert.match(page.headers.get("content-security-policy") ?? "", /^default-src 'self'; /);
  assert.is(page.headers.get("cache-control"), "no-cache");
  assert.is((await built.call("/nodes/hv-02", { as: null })).text, "<h1>the dashboard</h1>");
  const asset = await built.call("/assets/app-1a2b3c.js", { as: null });
  assert.is(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
  assert.is((await built.call("/assets/gone.js", { as: null })).status, 404);
  assert.is((await built.call("/api/nothing", { as: null })).status, 404);
  for (const outside of [
    "/..%2foutside.txt",
    "/assets/..%2f..%2foutside.txt",
    "/%2e%2e/outside.txt",
  ]) {
    assert.not.match((await built.call(outside, { as: null })).text, /secret/);
  }
  await built.stop();
  dir.remove();
});

test("says so when the dashboard was not built", async () => {
  const page = await api.call("/", { as: null });
  assert.match(page.text, /was not built/);
  assert.is((await api.call("/assets/app.js", { as: null })).status, 404);
});

test.run();
