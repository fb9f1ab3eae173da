import { connect } from "node:net";
import type { NodePage } from "@herdbeat/aggregator/adapters/http/dto";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import * as assert from "uvu/assert";
import { type HttpFixture, incidentOf, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("hostile requests");

let api: HttpFixture;
let path = "";
test.before(async () => {
  api = await startHttpFixture();
  const incident = await incidentOf(api, "hv-02");
  path = `/api/v1/incidents/${incident}/actions`;
});
test.after(() => api.stop());

const post = (raw: string, headers: Readonly<Record<string, string>> = {}) =>
  api.call(path, { as: "operator", method: "POST", raw, headers });

const deep = (depth: number): string =>
  `{"kind":"note","message":${"[".repeat(depth)}${"]".repeat(depth)}}`;

for (const [name, raw, pointer] of [
  ["a prototype key", '{"kind":"note","__proto__":{"admin":true}}', "/__proto__"],
  [
    "a nested prototype key",
    '{"kind":"note","message":{"constructor":{"x":1}}}',
    "/message/constructor",
  ],
  ["deep nesting", deep(20), "/message/0/0/0/0/0/0/0"],
  ["very deep nesting", deep(30_000), "/message/0/0/0/0/0/0/0"],
  ["a wrong type", '{"kind":7}', "/kind"],
  ["a number as text", '{"kind":"note","progress":"50"}', "/progress"],
  ["progress out of range", '{"kind":"note","progress":101}', "/progress"],
  ["an unknown name", '{"kind":"note","by":"root"}', "/by"],
  ["a missing name", "{}", "/kind"],
  ["an unknown state", '{"kind":"note","state":"done"}', "/state"],
  ["a long message", JSON.stringify({ kind: "note", message: "x".repeat(2_001) }), "/message"],
  ["terminal codes", '{"kind":"note","message":"\\u001b[2J"}', "/message"],
  ["half a surrogate pair", '{"kind":"note","message":"\\ud800"}', "/message"],
  ["no JSON", "{kind:", ""],
  ["a list", "[]", ""],
  ["null", "null", ""],
  ["many members", `[${"0,".repeat(5_000)}0]`, ""],
] as const) {
  test(`refuses ${name} and points at it`, async () => {
    const reply = await post(raw);
    assert.is(reply.status, 400, reply.text.slice(0, 200));
    assert.is(reply.json.code, "HB_API_BAD_REQUEST");
    assert.ok(
      reply.json.errors?.some((each) => each.pointer === pointer || name === "many members"),
      reply.text,
    );
  });
}

test("refuses an empty body, another content type and a body that is too large", async () => {
  assert.is((await post("")).status, 400);
  assert.is(
    (await post("kind=note", { "content-type": "application/x-www-form-urlencoded" })).status,
    415,
  );
  const large = await post(JSON.stringify({ kind: "note", message: "x".repeat(70_000) }));
  assert.equal([large.status, large.json.code], [413, "HB_API_BAD_REQUEST"]);
});

test("changes nothing of what objects inherit", async () => {
  await post('{"__proto__":{"polluted":1}}');
  await post('{"constructor":{"prototype":{"polluted":1}}}');
  assert.is(({} as Record<string, unknown>)["polluted"], undefined);
});

test("refuses hostile names and values in the path and the query", async () => {
  for (const each of [
    "/api/v1/nodes/..%2f..%2fetc",
    `/api/v1/nodes/${"a".repeat(200)}`,
    "/api/v1/nodes/%00",
    "/api/v1/nodes?__proto__=1",
    "/api/v1/nodes?q=a&q=b",
    `/api/v1/nodes?q=${"x".repeat(300)}`,
    "/api/v1/nodes?cursor=W10",
    "/api/v1/nodes?cursor=%7B%7D",
    "/api/v1/incidents?since=yesterday",
    "/api/v1/nodes?label.a%20b=c",
  ]) {
    const { status } = await api.call(each);
    assert.ok(status === 400 || status === 404, `${each}: ${status}`);
  }
});

test("answers bytes that are not HTTP, and headers that are too large, with a problem", async () => {
  assert.match(await speak("nonsense\r\n\r\n"), /^HTTP\/1\.1 400 [\s\S]*HB_API_BAD_REQUEST/);
  const huge = `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(20_000)}\r\n\r\n`;
  assert.match(await speak(huge), /^HTTP\/1\.1 431 [\s\S]*HB_API_BAD_REQUEST/);
});

function speak(bytes: string): Promise<string> {
  const { hostname, port } = new URL(api.endpoint);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("close", () => resolve(text)).on("error", reject);
  });
}

test("answers 503 when the store does not answer, and hides what went wrong inside", async () => {
  const failing = await startHttpFixture();
  failing.view.failure = new StoreUnavailableError("load", new Error("secret address"));
  const store = await failing.call("/api/v1/nodes");
  assert.equal([store.status, store.json.code], [503, "HB_STORE_UNAVAILABLE"]);
  assert.is(store.headers.get("retry-after"), "1");
  failing.view.failure = new TypeError("secret cause");
  const internal = await failing.call("/api/v1/nodes");
  assert.equal([internal.status, internal.json.code], [500, "HB_INTERNAL"]);
  assert.not.match(store.text + internal.text, /secret/);
  failing.view.failure = null;
  assert.is((await failing.call<NodePage>("/api/v1/nodes")).status, 200);
  await failing.stop();
});

test("keeps a harmless request id and replaces any other", async () => {
  const kept = await api.call("/livez", { headers: { "x-request-id": "trace-1" } });
  assert.is(kept.headers.get("x-request-id"), "trace-1");
  const replaced = await api.call("/livez", { headers: { "x-request-id": "a b" } });
  assert.match(replaced.headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
});

test.run();
