// deadline: 180s
// The agent's own process against a server that speaks the codec.
import { randomBytes, X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { verifyEchoReply } from "@herdbeat/proto/witness-echo";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import { type StubAggregator, startStubAggregator } from "../../support/stub-aggregator.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir, type TempDir } from "../../support/temp-dir.ts";
import { makeTestCertificates } from "../../support/test-certificates.ts";

const test = suite("agent-process");
const MAIN = fileURLToPath(new URL("../../../agent/src/main.ts", import.meta.url));
const ABSENT = "/nonexistent/herdbeat-test-service";

let folder: TempDir;
let aggregators: StubAggregator[] = [];
let agents: TrackedProcess[] = [];

test.before.each(() => {
  folder = makeTempDir("agent");
});

test.after.each(async () => {
  for (const agent of agents) await agent.stop(3_000);
  for (const aggregator of aggregators) await aggregator.crash();
  agents = [];
  aggregators = [];
  folder.remove();
});

async function aggregator(port = 0, acknowledge = true): Promise<StubAggregator> {
  const started = await startStubAggregator({ port, acknowledge });
  aggregators.push(started);
  return started;
}

function agent(endpoints: readonly string[], extra = ""): TrackedProcess {
  const file = join(folder.path, "agent.yaml");
  const text = [
    `insecure: ${!extra.includes("tls:")}`,
    "node: { id: test-node, labels: { rack: r1 } }",
    `aggregators: ${JSON.stringify(endpoints)}`,
    "heartbeat: { interval: 200ms }",
    "libvirt: { enabled: never }",
    `stateDir: ${join(folder.path, "state")}`,
    extra.includes("witness:") ? "" : "witness: { port: 0 }",
    extra,
  ];
  writeFileSync(file, text.join("\n"));
  const started = startProcess(process.execPath, [...process.execArgv, MAIN, "--config", file]);
  agents.push(started);
  return started;
}

const START = { withinMs: 15_000 };

test("greets, sends the whole list first, then small heartbeats", async () => {
  const stub = await aggregator();
  agent([stub.endpoint]);
  await eventually(() => stub.bodies("heartbeat").length >= 10, START);
  const [hello] = stub.bodies("hello");
  assert.equal(
    [hello?.nodeId, hello?.labels.map(({ key, value }) => `${key}=${value}`)],
    ["test-node", ["rack=r1"]],
  );
  const heartbeats = stub.received.filter((frame) => frame.kind === "heartbeat");
  const whole = stub.bodies("heartbeat").find(({ conditions }) => conditions.length > 0);
  assert.ok(whole?.conditions.some(({ monitor }) => monitor === "kernel-log"));
  assert.is((whole?.flags ?? 0) & 4, 4);
  assert.equal(
    stub
      .bodies("heartbeat")
      .map(({ sequence }) => sequence)
      .slice(0, 5),
    [1, 2, 3, 4, 5],
  );
  const smallest = Math.min(...heartbeats.map(({ bytes }) => bytes));
  console.log(`unchanged heartbeat: ${smallest} bytes`);
  assert.ok(smallest <= 64);
});

test("says goodbye on SIGTERM and ends with code 0", async () => {
  const stub = await aggregator();
  const process1 = agent([stub.endpoint]);
  await eventually(() => stub.bodies("heartbeat").length >= 2, START);
  const startedAt = performance.now();
  const ended = await process1.stop(5_000);
  console.log(`SIGTERM to end: ${(performance.now() - startedAt).toFixed(0)} ms`);
  assert.equal(ended, { code: 0, signal: null });
  assert.equal(
    stub.bodies("goodbye").map(({ reason }) => reason),
    [1],
  );
});

test("keeps its numbers over kill -9, and says so afterwards", async () => {
  const stub = await aggregator();
  const services = `services: [{ name: absent, executable: ${ABSENT} }]`;
  const first = agent([stub.endpoint], services);
  const [event] = await eventually(
    () => (stub.bodies("event").length > 0 ? stub.bodies("event") : null),
    START,
  );
  assert.is(event?.condition?.reason, "ProcessGone");
  await eventually(() => stub.bodies("heartbeat").length >= 3, START);
  first.child.kill("SIGKILL");
  await first.ended;

  agent([stub.endpoint], services);
  const hellos = await eventually(
    () => (stub.bodies("hello").length > 1 ? stub.bodies("hello") : null),
    START,
  );
  const events = await eventually(
    () => (stub.bodies("event").length > 1 ? stub.bodies("event") : null),
    START,
  );
  assert.is(Number(hellos[1]?.incarnation), Number(hellos[0]?.incarnation) + 1);
  assert.is.not(hellos[1]?.processId, hellos[0]?.processId);
  assert.ok(Number(hellos[1]?.lastTransition) >= Number(events[0]?.transition));
  assert.ok(Number(events[1]?.transition) > Number(events[0]?.transition));
  const list = await eventually(
    () =>
      stub.received.flatMap((frame) =>
        frame.kind === "heartbeat" && frame.session === 2 ? frame.body.conditions : [],
      ),
    START,
  );
  const explained = await eventually(() =>
    [...list, ...stub.bodies("heartbeat").flatMap(({ conditions }) => conditions)].find(
      ({ monitor, reason }) => monitor === "black-box" && reason === "AgentKilled",
    ),
  );
  assert.match(explained.message ?? "", "ended without a word");
});

test("goes to another aggregator when its own dies, and repeats what nobody acknowledged", async () => {
  const one = await aggregator(0, false);
  const two = await aggregator(0, false);
  agent([one.endpoint, two.endpoint], `services: [{ name: absent, executable: ${ABSENT} }]`);
  const both = [one, two];
  const used = await eventually(() => both.find((stub) => stub.bodies("event").length > 0), START);
  const other = both.find((stub) => stub !== used) ?? two;
  const transition = used.bodies("event")[0]?.transition;
  const diedAt = performance.now();
  await used.crash();
  await eventually(() => other.bodies("heartbeat").length > 0);
  console.log(
    `aggregator's death to the first heartbeat elsewhere: ${(performance.now() - diedAt).toFixed(0)} ms`,
  );
  await eventually(() =>
    other.bodies("event").some((event) => Number(event.transition) === Number(transition)),
  );
});

test("follows a redirect, and leaves a peer that sends garbage", async () => {
  const owner = await aggregator();
  const stub = await aggregator();
  agent([stub.endpoint]);
  await eventually(() => stub.bodies("heartbeat").length > 0, START);
  stub.send({
    kind: "goodbye",
    body: { reason: 2, message: "not mine", endpoint: owner.endpoint, reconnectAfterMs: 0 },
  });
  await eventually(() => owner.bodies("heartbeat").length > 0);
  const sessions = stub.sessions();
  owner.sendRaw(Uint8Array.from({ length: 200 }, (_, index) => index ^ 0xa5));
  await eventually(() => stub.sessions() > sessions);
  const again = stub.sessions();
  stub.sendRaw("text");
  await eventually(() => stub.sessions() > again);
});

test("starts without any aggregator and finds it when it comes", async () => {
  const stub = await aggregator();
  await stub.crash();
  const process1 = agent([stub.endpoint]);
  await eventually(() => process1.output().includes('"no session"'), START);
  const late = await aggregator(stub.port);
  await eventually(() => late.bodies("heartbeat").length > 0, START);
});

async function report(stub: StubAggregator, probes: readonly object[]) {
  const before = stub.bodies("witnessReport").length;
  stub.send({
    kind: "witnessRequest",
    body: { requestId: 7, nodeId: "other", probes: [...probes], timeoutMs: 2_000 },
  });
  return eventually(() => stub.bodies("witnessReport")[before]);
}

/** The port in the capability of the newest Hello. */
async function echoPort(stub: StubAggregator): Promise<number> {
  await eventually(() => stub.bodies("heartbeat").length > 0, START);
  const { capabilities } = stub.bodies("hello").at(-1) ?? { capabilities: [] };
  assert.is(capabilities[0], "witness");
  return Number(/^udp-echo:(\d+)$/.exec(capabilities[1] ?? "")?.[1]);
}

test("looks at a node when the aggregator asks, and answers as a node", async () => {
  const stub = await aggregator();
  agent([stub.endpoint]);
  const nonce = randomBytes(16);
  const here = { networkRole: "", address: "127.0.0.1", nonce: new Uint8Array(0) };
  const { requestId, nodeId, observations } = await report(stub, [
    { ...here, kind: "tcp-rst", port: 1 },
    { ...here, kind: "tcp-rst", port: stub.port },
    { ...here, kind: "udp-echo", port: await echoPort(stub), nonce },
    { ...here, kind: "icmp", port: 1 },
    { ...here, kind: "tcp-rst", port: 1, networkRole: "tenant" },
    { ...here, kind: "tcp-rst", port: 1, address: "localhost" },
  ]);
  assert.equal([Number(requestId), nodeId], [7, "other"]);
  assert.equal(
    observations.map(({ kind, outcome }) => `${kind} ${outcome}`),
    [
      "tcp-rst refused",
      "tcp-rst answered",
      "udp-echo answered",
      "icmp error",
      "tcp-rst error",
      "tcp-rst error",
    ],
  );
  const reply = observations[2]?.proof ?? new Uint8Array(0);
  assert.equal(verifyEchoReply({ reply, nonce, nodeId: "test-node", publicKey: null }), {
    kind: "unauthenticated",
    bootId: stub.bodies("hello")[0]?.bootId ?? "",
  });
});

test("signs its answer with the stream's key, as the node that the aggregator calls it", async () => {
  const { ca, server, client } = await makeTestCertificates();
  const stub = await startStubAggregator({ tls: { ca, ...server }, nodeId: "by-certificate" });
  aggregators.push(stub);
  const files = { ca, cert: client.cert, key: client.key };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder.path, name), text);
  const paths = Object.keys(files).map((name) => `${name}: ${join(folder.path, name)}`);
  agent([stub.endpoint], `tls: { ${paths.join(", ")} }`);
  const nonce = randomBytes(32);
  const { observations } = await report(stub, [
    { kind: "udp-echo", address: "127.0.0.1", port: await echoPort(stub), nonce },
  ]);
  const reply = observations[0]?.proof ?? new Uint8Array(0);
  const { publicKey } = new X509Certificate(client.cert);
  const judge = (nodeId: string) => verifyEchoReply({ reply, nonce, nodeId, publicKey }).kind;
  assert.equal([judge("by-certificate"), judge("test-node")], ["authenticated", "invalid"]);
});

test("greets without an echo port that another program has, and says what to do", async () => {
  const taken = createSocket("udp4").bind(0, "127.0.0.1");
  await once(taken, "listening");
  const stub = await aggregator();
  const process1 = agent([stub.endpoint], `witness: { port: ${taken.address().port} }`);
  await eventually(() => stub.bodies("heartbeat").length > 0, START);
  assert.equal(stub.bodies("hello")[0]?.capabilities, ["witness"]);
  assert.match(process1.output(), /HB_PORT_IN_USE.*witness\.port/);
  taken.close();
});

test("is no witness where it is switched off", async () => {
  const stub = await aggregator();
  agent([stub.endpoint], "witness: { enabled: false }");
  await eventually(() => stub.bodies("heartbeat").length > 0, START);
  assert.equal(stub.bodies("hello")[0]?.capabilities, []);
  stub.send({
    kind: "witnessRequest",
    body: { requestId: 1, nodeId: "other", probes: [], timeoutMs: 100 },
  });
  const beats = stub.bodies("heartbeat").length;
  await eventually(() => stub.bodies("heartbeat").length > beats + 3);
  assert.is(stub.bodies("witnessReport").length, 0);
});

test("ends with code 78 and every problem when the configuration is wrong", async () => {
  const process1 = agent(["wss://x:1"], "heartbaet: {}\nprofiles: {}");
  assert.equal(await process1.ended, { code: 78, signal: null });
  assert.match(
    process1.output(),
    /agent\.yaml:8:1: unknown key heartbaet, did you mean heartbeat\?/,
  );
  assert.match(process1.output(), /agent\.yaml:9:1: profiles must be /);
});

test.run();
