import { Idempotency, readIdempotencyKey } from "@herdbeat/aggregator/adapters/http/idempotency";
import { KeyedLock } from "@herdbeat/aggregator/adapters/http/keyed-lock";
import { createMetricsRegistry } from "@herdbeat/aggregator/adapters/http/metrics";
import { RateLimit } from "@herdbeat/aggregator/adapters/http/rate-limit";
import { Sessions } from "@herdbeat/aggregator/adapters/http/sessions";
import { StreamRing } from "@herdbeat/aggregator/adapters/http/stream-ring";
import {
  createTokenRegistry,
  generateToken,
  parseTokens,
} from "@herdbeat/aggregator/adapters/http/tokens";
import * as assert from "uvu/assert";
import { FIXTURE_START } from "../../../../support/fixture-nodes.ts";
import { suite } from "../../../../support/suite.ts";
import { VirtualTime } from "../../../../support/virtual-time.ts";

const test = suite("bounds of the API");

const answer = (body: unknown, status = 201) => ({ status, body, headers: {} });

test("a rate limit lets a burst pass, then so many a second", async () => {
  const time = new VirtualTime(FIXTURE_START);
  const limit = new RateLimit({ burst: 3, perSecond: 2 }, time.clock);
  assert.equal(
    [1, 2, 3, 4].map(() => limit.take("a")),
    [0, 0, 0, 1],
  );
  assert.is(limit.take("b"), 0);
  await time.advance(1_000);
  assert.equal(
    [1, 2, 3].map(() => limit.take("a")),
    [0, 0, 1],
  );
});

test("idempotency remembers the newest thousand answers", async () => {
  const memory = new Idempotency(new VirtualTime(FIXTURE_START).clock);
  let done = 0;
  const work = async () => answer(++done);
  for (let key = 0; key <= 1_000; key++)
    await memory.once({ key: `k${key}`, scope: "s", body: 1 }, work);
  await memory.once({ key: "k1000", scope: "s", body: 1 }, work);
  assert.is(done, 1_001);
  await memory.once({ key: "k0", scope: "s", body: 1 }, work);
  assert.is(done, 1_002);
});

test("idempotency forgets failures, and keeps callers apart", async () => {
  const memory = new Idempotency(new VirtualTime(FIXTURE_START).clock);
  const failing = async () => Promise.reject(new Error("down"));
  const request = { key: "k", scope: "alice", body: 1 };
  await memory.once(request, failing).catch(() => {});
  await memory.once(request, async () => answer(1, 503));
  assert.is((await memory.once(request, async () => answer(2))).body, 2);
  assert.is((await memory.once({ ...request, scope: "bob" }, async () => answer(3))).body, 3);
  const replayed = await memory.once(request, async () => answer(4));
  assert.equal([replayed.body, replayed.headers], [2, { "idempotency-replayed": "true" }]);
});

test("an idempotency key has a bound and no control characters", () => {
  assert.is(readIdempotencyKey(undefined), null);
  assert.is(readIdempotencyKey("a-1"), "a-1");
  for (const key of ["", "a b", "x".repeat(129), "a\u0000"]) {
    assert.throws(
      () => readIdempotencyKey(key),
      (error: { code?: string }) => error.code === "HB_API_BAD_REQUEST",
    );
  }
});

test("a keyed lock runs one task at a time per key, also after a failure", async () => {
  const lock = new KeyedLock();
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} starts`);
    await new Promise(setImmediate);
    log.push(`${name} ends`);
    if (name === "a") throw new Error("a fails");
  };
  await Promise.allSettled([lock.run("k", task("a")), lock.run("k", task("b"))]);
  assert.equal(log, ["a starts", "a ends", "b starts", "b ends"]);
});

test("the ring keeps one minute of events, and knows what it forgot", () => {
  const ring = new StreamRing();
  for (let count = 0; count < 300; count++) ring.push((n) => Buffer.from(String(n)));
  assert.is(ring.after(59), null);
  assert.is(ring.after(60)?.length, 240);
  assert.equal(
    ring.after(298)?.map((each) => each.bytes.toString()),
    ["299", "300"],
  );
  assert.equal(ring.after(300), []);
  assert.is(ring.after(301), null);
  ring.clear();
  assert.is(ring.after(300), null);
});

test("the ring keeps at most eight million bytes", () => {
  const ring = new StreamRing();
  for (let count = 0; count < 5; count++) ring.push(() => Buffer.alloc(3_000_000));
  assert.is(ring.after(3)?.length, 2);
  assert.is(ring.after(2), null);
});

test("a metric that gets too many labels puts the rest into one series", async () => {
  const metrics = createMetricsRegistry();
  for (let count = 0; count < 300; count++) {
    metrics.counter("hostile_total", "Test.", { zone: `z${count}` }).add();
  }
  const { text } = await metrics.render();
  assert.is(text.match(/^hostile_total\{/gm)?.length, 257);
  assert.match(text, /hostile_total\{zone="other"\} 44/);
});

test("the same metric asked for twice is one", async () => {
  const metrics = createMetricsRegistry();
  metrics.counter("a_total", "A.").add(2);
  metrics.counter("a_total", "A.").add();
  metrics.gauge("b", "B.").set(4);
  metrics.histogram("c_seconds", "C.", [1]).observe(0.5);
  metrics.histogram("c_seconds", "C.", [1]).observe(3);
  const { text } = await metrics.render();
  assert.match(text, /^a_total 3$/m);
  assert.match(text, /^b 4$/m);
  assert.match(text, /^c_seconds_count 2$/m);
});

test("sessions end after twelve hours, with their token, and when there are too many", async () => {
  const time = new VirtualTime(FIXTURE_START);
  const { token, line } = generateToken("a", "viewer");
  const sessions = new Sessions(createTokenRegistry(parseTokens(line, "file")), time.clock);
  const { secret } = sessions.open(token);
  assert.is(sessions.find(secret)?.principal.name, "a");
  assert.is(sessions.find("x".repeat(43)), null);
  assert.is(sessions.find(sessions.open(generateToken("b", "viewer").token).secret), null);
  await time.advance(12 * 3_600_000);
  assert.is(sessions.find(secret), null);
  const first = sessions.open(token);
  for (let count = 0; count < 1_000; count++) sessions.open(token);
  assert.is(sessions.find(first.secret), null);
});

test.run();
