import { WsAgentListener } from "@herdbeat/aggregator/adapters/ws/agent-listener";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import { encodeAgentFrame } from "@herdbeat/proto/frame-codec";
import type { NodeId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { type Clock, durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { RecordingObserver } from "../../support/recording-observer.ts";
import { StreamClient } from "../../support/stream-client.ts";
import { suite } from "../../support/suite.ts";

const test = suite("agent-listener");

interface Setup {
  readonly observer: RecordingObserver;
  readonly listener: WsAgentListener;
  readonly server: StreamServer;
  readonly connect: (path?: string) => StreamClient;
}

const open: Setup[] = [];

async function setup(
  options: { readonly clock?: Clock; readonly perSecond?: number } = {},
): Promise<Setup> {
  const clock = options.clock ?? systemClock;
  const observer = new RecordingObserver();
  const server = new StreamServer({
    host: "127.0.0.1",
    port: 0,
    tls: null,
    clock,
    logger: silentLogger,
  });
  const listener = new WsAgentListener({
    server,
    clock,
    aggregatorId: "agg-1",
    aggregatorVersion: "0.1.0",
    clusterId: () => "c-1",
    frameRate: { perSecond: options.perSecond ?? 10_000, burst: 10_000 },
  });
  await listener.start(observer);
  const made = {
    observer,
    listener,
    server,
    connect: (path?: string) =>
      new StreamClient(listener.endpoint(), path === undefined ? {} : { path }),
  };
  open.push(made);
  return made;
}

test.after.each(async () => {
  for (const { listener, server } of open.splice(0)) {
    await listener.stop(null);
    await server.stop();
  }
});

async function established(
  options: Parameters<typeof setup>[0] = {},
): Promise<Setup & { readonly client: StreamClient }> {
  const made = await setup(options);
  const client = made.connect();
  client.hello();
  await client.frame("welcome");
  return { ...made, client };
}

test("welcomes an agent and hands its heartbeats over", async () => {
  const { observer, client } = await established();
  client.heartbeat(1, { flags: 2, lastTransition: 77, ownLagMs: 5 });
  client.heartbeat(2);
  await eventually(() => observer.heartbeats.length === 2);
  assert.equal(observer.heartbeats, [
    [1, 2, 77, 5],
    [2, 0, 0, 0],
  ]);
  const { body } = await client.frame("welcome");
  assert.equal(
    [
      body.version,
      body.aggregatorId,
      body.clusterId,
      body.nodeId,
      body.incarnation,
      body.frameBytesMax,
    ],
    [1, "agg-1", "c-1", "node-1", 1, 65_536],
  );
});

test("converts the hello to the aggregator's own terms", async () => {
  const { observer, connect } = await setup();
  connect().hello({
    hostname: "hv",
    labels: [
      { key: "__proto__", value: "x" },
      { key: "rack", value: "r1" },
    ],
    networks: [{ role: "admin", interface: "eth0", addresses: ["192.0.2.1"] }],
    uptimeMs: 5,
    heartbeatIntervalMs: 1_000,
  });
  const hello = await eventually(() => observer.hellos[0]);
  assert.equal(Object.entries(hello.labels), [
    ["__proto__", "x"],
    ["rack", "r1"],
  ]);
  assert.equal(hello.networks, [{ role: "admin", interface: "eth0", addresses: ["192.0.2.1"] }]);
  assert.equal(
    [hello.nodeId, hello.authenticated, hello.version, hello.address, hello.heartbeatInterval],
    ["node-1", false, 1, "127.0.0.1", 1_000],
  );
});

test("hands over conditions after the heartbeat that carried them, and events", async () => {
  const { observer, client } = await established();
  client.heartbeat(1, {
    flags: 4,
    conditions: [
      { monitor: "a", status: 1 },
      { monitor: "b", status: 9 },
    ],
  });
  client.heartbeat(2, { flags: 4 });
  client.send({
    kind: "event",
    body: { transition: 9, condition: { monitor: "c", status: 2 }, ageMs: 1 },
  });
  await eventually(() => observer.events.length === 1);
  assert.equal(
    observer.conditions.map((list) => list.map(({ monitor, status }) => [monitor, status])),
    [
      [
        ["a", "ok"],
        // A status of a later version is not health.
        ["b", "unknown"],
      ],
      [],
    ],
  );
  assert.is(observer.heartbeats.length, 2);
  assert.is(observer.events[0]?.condition.status, "problem");
});

test("ignores and counts replayed and out-of-order heartbeats", async () => {
  const { observer, listener, client } = await established();
  for (const sequence of [1, 2, 2, 1, 5, 4, 6]) client.heartbeat(sequence);
  client.heartbeat(3, { flags: 4, conditions: [{ monitor: "late" }] });
  client.heartbeat(7);
  await eventually(() => observer.heartbeats.at(-1)?.[0] === 7);
  assert.equal(
    observer.heartbeats.map(([sequence]) => sequence),
    [1, 2, 5, 6, 7],
  );
  assert.is(observer.conditions.length, 0);
  assert.is(listener.counters.staleHeartbeats, 4);
  assert.is(listener.counters.missedHeartbeats, 2);
});

test("counts a body of a later version and goes on", async () => {
  const { observer, listener, client } = await established();
  client.sendPayload(Uint8Array.of(15 * 8 + 2, 1, 0));
  client.send({ kind: "peerQuestion", body: { questionId: 1, nodeId: "x" } });
  client.heartbeat(1);
  await eventually(() => observer.heartbeats.length === 1);
  assert.is(listener.counters.unknownFrames, 1);
  assert.is(listener.counters.ignoredFrames, 1);
});

test("reads a fragmented message and answers pings", async () => {
  const { observer, client } = await established();
  const payload = encodeAgentFrame({ kind: "heartbeat", body: { sequence: 1 } });
  client.sendPayload(payload.subarray(0, 2), 0x02);
  client.sendPayload(Uint8Array.of(7), 0x89);
  client.sendPayload(payload.subarray(2), 0x80);
  await eventually(() => observer.heartbeats.length === 1);
});

interface Misdeed {
  readonly what: string;
  readonly commit: (client: StreamClient) => void;
  readonly message: string;
  readonly closeCode?: number;
}

const MISDEEDS: readonly Misdeed[] = [
  {
    what: "a second hello",
    commit: (client) => client.hello(),
    message: "second hello",
  },
  {
    what: "bytes that are no frame of ours",
    commit: (client) => client.sendPayload(Uint8Array.of(0x12, 200)),
    message: "number cut off",
  },
  {
    what: "a message above 64 KiB",
    commit: (client) => client.sendBytes(0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1),
    message: "message too large",
    closeCode: 1_009,
  },
  {
    what: "text",
    commit: (client) => client.sendPayload(Uint8Array.of(0x7b, 0x7d), 0x81),
    message: "text message",
    closeCode: 1_003,
  },
  {
    what: "bytes that are no WebSocket frame",
    commit: (client) => client.sendBytes(0xff, 0xff, 0xff),
    message: "reserved bits set",
  },
  {
    what: "a frame without mask",
    commit: (client) => client.sendBytes(0x82, 1, 0),
    message: "frame is not masked",
  },
  {
    what: "an event of nothing",
    commit: (client) => client.send({ kind: "event", body: { transition: 1 } }),
    message: "event of nothing",
  },
];

for (const { what, commit, message, closeCode = 1_002 } of MISDEEDS) {
  test(`ends a stream that sends ${what}, and says why`, async () => {
    const { observer, listener, client } = await established();
    commit(client);
    // Sent after the violation: must not be read any more.
    client.heartbeat(1);
    const { body } = await client.frame("goodbye");
    await client.untilClosed();
    assert.equal([body.reason, body.message, client.closeCode], [5, message, closeCode]);
    await eventually(() => observer.closes.length === 1);
    assert.equal(observer.closes, ["local"]);
    assert.equal(observer.heartbeats, []);
    assert.is(listener.counters.violations, 1);
  });
}

for (const [what, welcomes, message] of [
  ["before hello", true, "heartbeat before welcome"],
  ["before welcome", false, "heartbeat before welcome"],
] as const) {
  test(`ends a stream that sends a heartbeat ${what}`, async () => {
    const { observer, connect } = await setup();
    observer.welcomes = welcomes;
    const client = connect();
    if (!welcomes) client.hello();
    client.heartbeat(1);
    assert.is((await client.frame("goodbye")).body.message, message);
    await client.untilClosed();
    // A stream that never said hello is not shown at all.
    await eventually(() => observer.closes.length === (welcomes ? 0 : 1));
    assert.is(observer.heartbeats.length, 0);
  });
}

for (const [what, change, reason] of [
  ["speaks only later versions", { versionMin: 2, versionMax: 4 }, 3],
  ["speaks no version at all", { versionMin: 0, versionMax: 0 }, 3],
  ["has no node id", { nodeId: "" }, 4],
  ["has a malformed node id", { nodeId: "../../etc" }, 4],
] as const) {
  test(`refuses an agent that ${what}`, async () => {
    const { observer, listener, connect } = await setup();
    const client = connect();
    client.hello(change);
    assert.is((await client.frame("goodbye")).body.reason, reason);
    await client.untilClosed();
    assert.is(observer.hellos.length, 0);
    assert.is(listener.counters.refusedHellos, 1);
  });
}

test("ends a flood and says so", async () => {
  const { listener, server } = await setup({ perSecond: 1 });
  void listener;
  const observer = new RecordingObserver();
  const strict = new WsAgentListener({
    server,
    clock: systemClock,
    aggregatorId: "a",
    aggregatorVersion: "0",
    clusterId: () => "c",
    frameRate: { perSecond: 1, burst: 10 },
  });
  await strict.start(observer);
  const client = new StreamClient(strict.endpoint());
  client.hello();
  await client.frame("welcome");
  for (let sequence = 1; sequence <= 50; sequence++) client.heartbeat(sequence);
  const { body } = await client.frame("goodbye");
  assert.is(body.reason, 6);
  await client.untilClosed();
  assert.ok(observer.heartbeats.length <= 11, `${observer.heartbeats.length} were let through`);
  assert.is(strict.counters.floods, 1);
  await strict.stop(null);
});

test("drops a peer that does not read", async () => {
  const { observer, listener, client } = await established();
  client.socket.pause();
  const [session] = observer.sessions;
  // Far more than both kernels' buffers and the bound hold.
  await eventually(
    () => {
      for (let ack = 0; ack < 20_000; ack++) session?.ackEvent(ack);
      return listener.counters.slowReaders > 0;
    },
    { everyMs: 1, withinMs: 12_000 },
  );
  await eventually(() => observer.closes.length === 1);
  assert.equal([observer.closes, listener.counters.slowReaders], [["local"], 1]);
});

for (const [what, end, cause] of [
  ["its process ends", (client: StreamClient) => client.socket.end(), "peer-closed"],
  ["its kernel resets", (client: StreamClient) => client.socket.resetAndDestroy(), "peer-closed"],
  [
    "it sends a close frame",
    (client: StreamClient) => client.sendPayload(Uint8Array.of(3, 0xe8), 0x88),
    "peer-closed",
  ],
] as const) {
  test(`tells that a stream ended because ${what}`, async () => {
    const { observer, client } = await established();
    end(client);
    await eventually(() => observer.closes.length === 1);
    assert.equal(observer.closes, [cause]);
  });
}

test("hands an agent's goodbye over and then its close", async () => {
  const { observer, client } = await established();
  client.send({ kind: "goodbye", body: { reason: 8, message: "reboot" } });
  client.socket.end();
  await eventually(() => observer.closes.length === 1);
  assert.equal(observer.goodbyes, [{ reason: "host-shutdown", message: "reboot" }]);
});

test("ends streams that do not say hello in time", async () => {
  let now = 0;
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => systemClock.wallNow() };
  const { server, observer, connect } = await setup({ clock });
  const silent = connect();
  const speaking = connect();
  speaking.hello();
  await speaking.frame("welcome");
  await eventually(() => silent.response !== "");
  now = 6_000;
  await silent.untilClosed();
  assert.is(server.counters.helloTimedOut, 1);
  assert.equal([observer.closes, speaking.closed], [[], false]);
});

test("says goodbye with the next place when it stops", async () => {
  const { observer, listener, client } = await established();
  await listener.stop("ws://127.0.0.1:9999");
  const { body } = await client.frame("goodbye");
  assert.equal([body.reason, body.endpoint], [1, "ws://127.0.0.1:9999"]);
  assert.equal(observer.closes, ["local"]);
});

test("sends what the runtime answers", async () => {
  const { observer, client } = await established();
  observer.sessions[0]?.ackHeartbeat(7, durationMs(30));
  observer.sessions[0]?.ackEvent(9);
  observer.sessions[0]?.goodbye("not-owner", "elsewhere", "ws://host:1", durationMs(50));
  const ack = await client.frame("ack");
  const goodbye = await client.frame("goodbye");
  assert.equal([ack.body.sequence, ack.body.storeWriteAgeMs], [7, 30]);
  assert.is((await client.frame("eventAck")).body.transition, 9);
  assert.equal(
    [goodbye.body.reason, goodbye.body.endpoint, goodbye.body.reconnectAfterMs],
    [2, "ws://host:1", 50],
  );
});

test("asks a witness and hands over its report, whatever it claims", async () => {
  const { observer, client, listener } = await established();
  observer.sessions[0]?.witness({
    requestId: 7,
    nodeId: "node-2" as NodeId,
    probes: [
      {
        kind: "udp-echo",
        networkRole: "storage",
        address: "192.0.2.2",
        port: 7_342,
        nonce: Uint8Array.of(1, 2),
      },
    ],
    timeout: durationMs(400),
  });
  const { body } = await client.frame("witnessRequest");
  assert.equal([body.requestId, body.nodeId, body.timeoutMs], [7, "node-2", 400]);
  assert.equal([body.probes[0]?.kind, body.probes[0]?.nonce?.length], ["udp-echo", 2]);
  const seen = { kind: "udp-echo", networkRole: "storage", address: "192.0.2.2" };
  client.send({
    kind: "witnessReport",
    body: { requestId: 7, nodeId: "node-9", observations: [{ ...seen, outcome: "timeout" }] },
  });
  await eventually(() => observer.witnessReports.length === 1);
  const { requestId, nodeId, observations } = observer.witnessReports[0] ?? {};
  assert.equal([requestId, nodeId], [7, "node-9"]);
  assert.equal(observations, [{ ...seen, outcome: "timeout", proof: new Uint8Array(0) }]);
  assert.is(listener.counters.witnessReports, 1);
});

test("ends a stream whose report has more observations than any request can ask for", async () => {
  const { observer, client } = await established();
  // AgentFrame.witness_report (5) with 17 empty observations (3).
  const body = Array.from({ length: 17 }, () => [0x1a, 0]).flat();
  client.sendPayload(Uint8Array.from([0x2a, body.length, ...body]));
  assert.is((await client.frame("goodbye")).body.reason, 5);
  assert.equal(observer.witnessReports, []);
});

test("takes the first frame even when it comes with the upgrade request", async () => {
  const { observer, connect } = await setup();
  connect().hello({ nodeId: "early" });
  await eventually(() => observer.hellos[0]?.nodeId === "early");
});

for (const [path, status] of [
  ["/other", 503],
  ["/agent/v2", 503],
] as const) {
  test(`answers ${status} to an upgrade of ${path}`, async () => {
    const { connect, server } = await setup();
    const client = connect(path);
    await client.untilClosed();
    assert.match(client.response, new RegExp(`^HTTP/1.1 ${status} `));
    assert.is(server.counters.refusedUpgrade, 1);
  });
}

test("survives peers that reset while they are refused, greeted or served", async () => {
  const { listener, connect, observer } = await setup();
  for (const path of ["/other", "/agent/v1"]) {
    for (let peer = 0; peer < 20; peer++) {
      const client = connect(path);
      if (peer % 2 === 0) client.hello();
      const when = peer % 3 === 0 ? "connect" : "data";
      client.socket.once(when, () => client.socket.resetAndDestroy());
    }
  }
  await eventually(() => listener.connections === 0);
  const healthy = connect();
  healthy.hello({ nodeId: "healthy" });
  await healthy.frame("welcome");
  assert.is(observer.hellos.at(-1)?.nodeId, "healthy");
});

test("answers 426 to plain HTTP", async () => {
  const { listener } = await setup();
  const response = await fetch(listener.endpoint().replace("ws:", "http:"));
  assert.is(response.status, 426);
});

test.run();
