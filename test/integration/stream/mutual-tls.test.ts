import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EchoResponder } from "@herdbeat/agent/adapters/witness/echo-responder";
import { Prober } from "@herdbeat/agent/adapters/witness/prober";
import {
  createThrowAwayCa,
  type ThrowAwayCa,
  writeIdentity,
} from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { loadTlsFiles } from "@herdbeat/aggregator/adapters/tls/tls-files";
import { WsAgentListener } from "@herdbeat/aggregator/adapters/ws/agent-listener";
import { identityOf } from "@herdbeat/aggregator/adapters/ws/peer-identity";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import { WitnessEchoVerifier } from "@herdbeat/aggregator/adapters/ws/witness-echo-verifier";
import type { AggregatorId, NodeId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { type Clock, durationMs, type UnixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { RecordingObserver } from "../../support/recording-observer.ts";
import { StreamClient } from "../../support/stream-client.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("mutual-tls");
const dir = makeTempDir("tls").path;
const NODE = "node-7" as NodeId;
const AGGREGATOR = "agg-1" as AggregatorId;

let authority: ThrowAwayCa;
let observer: RecordingObserver;
let server: StreamServer;
let listener: WsAgentListener;

test.before(async () => {
  authority = await createThrowAwayCa(dir, systemClock);
});

test.before.each(async () => {
  const identity = await authority.issueAggregator(AGGREGATOR, ["localhost", "127.0.0.1"]);
  const files = writeIdentity(dir, "server", identity);
  observer = new RecordingObserver();
  server = new StreamServer({
    host: "127.0.0.1",
    port: 0,
    tls: loadTlsFiles({ ca: join(dir, "ca.crt"), ...files }, systemClock),
    clock: systemClock,
    logger: silentLogger,
  });
  listener = new WsAgentListener({
    server,
    clock: systemClock,
    aggregatorId: AGGREGATOR,
    aggregatorVersion: "0.1.0",
    clusterId: () => "c-1",
  });
  await listener.start(observer);
});

test.after.each(async () => {
  await listener.stop(null);
  await server.stop();
});

test("takes the node's id from the certificate, never from the hello", async () => {
  const tls = { ca: authority.certificatePem, ...(await authority.issueNode(NODE)) };
  const client = new StreamClient(listener.endpoint(), { tls });
  client.hello({ nodeId: "somebody-else" });
  await client.frame("welcome");
  client.heartbeat(1);
  await eventually(() => observer.heartbeats.length === 1);
  assert.equal(
    observer.hellos.map(({ nodeId, authenticated }) => [nodeId, authenticated]),
    [[NODE, true]],
  );
  client.socket.end();
  await eventually(() => observer.closes.length === 1);
  assert.equal(observer.closes, ["peer-closed"]);
});

/** What a witness sees of an agent on this machine that has that key, asked with this nonce. */
async function echoOf(key: string, nonce: Uint8Array): Promise<Uint8Array> {
  const common = { clock: systemClock, logger: silentLogger, metrics: silentMetrics };
  const responder = new EchoResponder({
    ...common,
    listen: ["127.0.0.1"],
    port: 0,
    identity: () => ({ nodeId: NODE, bootId: "boot-1" }),
  });
  const prober = new Prober({ ...common, timers: systemTimers, networks: {} });
  responder.useKey(Buffer.from(key));
  await responder.listen();
  try {
    const [seen] =
      (
        await prober.look({
          kind: "witness-request",
          requestId: 1,
          nodeId: NODE,
          timeout: durationMs(5_000),
          probes: [
            {
              kind: "udp-echo",
              networkRole: "",
              address: "127.0.0.1",
              port: responder.port ?? 0,
              nonce,
            },
          ],
        })
      )?.observations ?? [];
    assert.is(seen?.outcome, "answered");
    return seen?.proof ?? new Uint8Array(0);
  } finally {
    prober.stop();
    responder.stop();
  }
}

test("an echo is the node's own by the key of its stream's certificate, and no other", async () => {
  const own = await authority.issueNode(NODE);
  const client = new StreamClient(listener.endpoint(), {
    tls: { ca: authority.certificatePem, ...own },
  });
  client.hello();
  await client.frame("welcome");
  client.socket.end();
  const publicKey = observer.hellos[0]?.publicKey ?? null;
  const nonce = new Uint8Array(16).fill(1);
  // The same name, and the same authority: only the key tells them apart.
  const double = await authority.issueNode(NODE);
  const ownEcho = await echoOf(own.key, nonce);
  const asked = { nonce, nodeId: NODE, publicKey };
  const worthOf = (change: { reply: Uint8Array; nonce?: Uint8Array }): string =>
    new WitnessEchoVerifier().worthOf({ ...asked, ...change });
  assert.equal(
    [
      worthOf({ reply: ownEcho }),
      worthOf({ reply: await echoOf(double.key, nonce) }),
      worthOf({ reply: ownEcho, nonce: new Uint8Array(16).fill(2) }),
      worthOf({ reply: ownEcho.slice(0, -1) }),
    ],
    ["authenticated", "forged", "forged", "forged"],
  );
});

test("refuses an aggregator's certificate as an agent", async () => {
  const identity = await authority.issueAggregator("agg-2" as AggregatorId, []);
  const client = new StreamClient(listener.endpoint(), {
    tls: { ca: authority.certificatePem, ...identity },
  });
  client.hello();
  assert.is((await client.frame("goodbye")).body.reason, 4);
});

for (const [what, identity] of [
  ["no certificate", () => Promise.resolve({})],
  [
    "a certificate of another authority",
    async () => {
      const other = makeTempDir("other-ca").path;
      return (await createThrowAwayCa(other, systemClock)).issueNode(NODE);
    },
  ],
] as const) {
  test(`does not let in a peer with ${what}`, async () => {
    const tls = { ca: authority.certificatePem, ...(await identity()) };
    const client = new StreamClient(listener.endpoint(), { tls });
    client.hello();
    await client.untilClosed();
    await eventually(() => server.counters.tlsFailed === 1);
    assert.is(observer.hellos.length, 0);
  });
}

test("lets a hundred agents in at once, though handshakes are bounded", async () => {
  const tls = { ca: authority.certificatePem, ...(await authority.issueNode(NODE)) };
  const clients = Array.from({ length: 100 }, () => new StreamClient(listener.endpoint(), { tls }));
  for (const client of clients) client.hello();
  await eventually(() => observer.hellos.length === 100, { withinMs: 15_000 });
  assert.is(server.counters.tlsFailed, 0);
});

test("new connections use renewed certificates", async () => {
  const renewed = await createThrowAwayCa(makeTempDir("new-ca").path, systemClock);
  const identity = await renewed.issueAggregator(AGGREGATOR, ["127.0.0.1"]);
  server.renewCertificates({ ca: renewed.certificatePem, ...identity });
  const tls = { ca: renewed.certificatePem, ...(await renewed.issueNode(NODE)) };
  const client = new StreamClient(listener.endpoint(), { tls });
  client.hello();
  await client.frame("welcome");
});

const files = (change: object = {}): Parameters<typeof loadTlsFiles>[0] => ({
  ca: join(dir, "ca.crt"),
  cert: join(dir, "server.crt"),
  key: join(dir, "server.key"),
  ...change,
});

function problemOf(change: object, clock: Clock = systemClock): string {
  try {
    loadTlsFiles(files(change), clock);
  } catch (error) {
    assert.is((error as { code?: string }).code, "HB_TLS_INVALID");
    return (error as Error).message.replaceAll(`${dir}/`, "");
  }
  return "no problem";
}

test("names the file that is wrong, and how", async () => {
  const garbage = join(dir, "garbage");
  writeFileSync(garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  const stranger = await createThrowAwayCa(join(dir, "stranger"), systemClock);
  const theirs = writeIdentity(dir, "theirs", await stranger.issueNode(NODE));
  const inAYear: Clock = {
    now: () => systemClock.now(),
    wallNow: () => (systemClock.wallNow() + 365 * 86_400_000) as UnixMs,
  };
  assert.equal(
    [
      problemOf({ cert: join(dir, "absent") }),
      problemOf({ cert: garbage }),
      problemOf({ cert: join(dir, "server.key") }),
      problemOf({ key: garbage }),
      problemOf({ key: theirs.key }),
      problemOf({ cert: theirs.cert, key: theirs.key }),
      problemOf({}, inAYear).replace(/ on .*/, ""),
      problemOf({}),
    ],
    [
      "absent can not be read",
      "garbage holds a certificate that can not be read",
      "server.key holds no certificate in PEM",
      "garbage holds no private key that can be read",
      "theirs.key is not the key of server.crt",
      "theirs.crt is not signed by an authority in ca.crt",
      "server.crt certificate expired",
      "no problem",
    ],
  );
});

test("opens the authority that is there, and says when it can not", async () => {
  const again = await createThrowAwayCa(dir, systemClock);
  assert.is(again.certificatePem, authority.certificatePem);
  const broken = makeTempDir("broken-ca").path;
  await createThrowAwayCa(broken, systemClock);
  rmSync(join(broken, "ca.key"));
  writeFileSync(join(broken, "ca.key"), "nothing");
  try {
    await createThrowAwayCa(broken, systemClock);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, "HB_TLS_INVALID");
  }
});

for (const [names, identity] of [
  ["URI:urn:herdbeat:node:hv-1", { kind: "node", id: "hv-1" }],
  ["DNS:x, URI:urn:herdbeat:aggregator:a, IP Address:1.2.3.4", { kind: "aggregator", id: "a" }],
  ["URI:urn:herdbeat:node:a, URI:urn:herdbeat:node:b", null],
  ["URI:urn:herdbeat:node:a, URI:urn:herdbeat:other:b", null],
  ["URI:urn:herdbeat:node:a/b", null],
  ["URI:urn:herdbeat:root:a", null],
  ['DNS:"x, URI:urn:herdbeat:node:a"', null],
  ["DNS:hv-1", null],
  ["", null],
] as const) {
  test(`the names ${names || "(none)"} identify ${identity === null ? "nobody" : identity.id}`, () => {
    assert.equal(identityOf(names), identity);
  });
}

test.run();
