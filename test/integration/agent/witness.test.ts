// Looking at nodes over real sockets, in a namespace whose packets are ours to drop.
import { createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { EchoResponder } from "@herdbeat/agent/adapters/witness/echo-responder";
import {
  PROBES_IN_FLIGHT_MAX,
  Prober,
  REFUSALS_BURST,
  REQUESTS_IN_FLIGHT_MAX,
} from "@herdbeat/agent/adapters/witness/prober";
import type { WitnessObservation, WitnessProbe } from "@herdbeat/agent/core/messages";
import {
  ECHO_REQUEST_BYTES,
  encodeEchoReply,
  encodeEchoRequest,
  parseEchoRequest,
  verifyEchoReply,
} from "@herdbeat/proto/witness-echo";
import { type Logger, silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace } from "../../support/in-namespace.ts";
import { run } from "../../support/run-command.ts";
import { hasCommand, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const possible = await enterNamespace();
const test = suite("witness");
const inNamespace = onlyWith(test, "needs-netns", possible);
const withRules = onlyWith(test, "needs-nftables", possible && hasCommand("nft"));

/** Nobody serves tcpmux. */
const CLOSED_PORT = 1;
const LONG = 5_000;
/** Below the second after which the kernel repeats a SYN by itself. */
const SHORT = 900;
const SILENT = "127.0.0.66";
const LOSSY = "127.0.0.67";
const NETWORKS = { admin: "lo", tenant: "tenant0", gone: "gone0" };
const key = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PEM = Buffer.from(key.privateKey.export({ type: "pkcs8", format: "pem" }));

let closers: (() => void)[] = [];
test.after.each(() => {
  for (const close of closers) close();
  closers = [];
});

if (possible) {
  await run("ip", ["link", "add", "tenant0", "type", "veth", "peer", "name", "tenant1"]);
  for (const name of ["tenant0", "tenant1"]) await run("ip", ["link", "set", name, "up"]);
  await run("ip", ["address", "add", `${LOSSY}/32`, "dev", "lo"]);
  for (const cidr of ["10.9.0.1/24", "10.9.0.2/24"])
    await run("ip", ["address", "add", cidr, "dev", "tenant0"]);
  await run("ip", ["route", "add", "unreachable", "10.77.0.0/16"]);
}
if (possible && hasCommand("nft")) {
  await run(
    "nft",
    ["-f", "-"],
    `add table inet witness
     add chain inet witness input { type filter hook input priority 0; }
     add rule inet witness input ip daddr ${SILENT} drop
     add rule inet witness input ip daddr ${LOSSY} meta l4proto tcp tcp flags syn numgen inc mod 1000 0 drop
     add rule inet witness input ip daddr ${LOSSY} meta l4proto udp numgen inc mod 1000 0 drop\n`,
  );
}

function prober(): Prober {
  const made = new Prober({
    clock: systemClock,
    timers: systemTimers,
    metrics: silentMetrics,
    networks: NETWORKS,
  });
  closers.push(() => made.stop());
  return made;
}

const probe = (more: Partial<WitnessProbe> = {}): WitnessProbe => ({
  kind: "tcp-rst",
  networkRole: "",
  address: "127.0.0.1",
  port: CLOSED_PORT,
  nonce: new Uint8Array(0),
  ...more,
});
const echo = (port: number, more: Partial<WitnessProbe> = {}): WitnessProbe =>
  probe({ kind: "udp-echo", port, nonce: randomBytes(16), ...more });

async function look(
  witness: Prober,
  probes: readonly WitnessProbe[],
  timeout = LONG,
): Promise<readonly WitnessObservation[]> {
  const report = await witness.look({
    kind: "witness-request",
    requestId: 1,
    nodeId: "n2",
    probes,
    timeout: durationMs(timeout),
  });
  assert.is(witness.running, 0);
  return report?.observations ?? [];
}

const outcomes = async (probes: readonly WitnessProbe[], timeout = LONG) =>
  (await look(prober(), probes, timeout)).map(({ outcome }) => outcome);

async function responder(
  more: { port?: number; listen?: readonly string[]; logger?: Logger; key?: Buffer } = {},
): Promise<EchoResponder> {
  const made = new EchoResponder({
    clock: systemClock,
    logger: more.logger ?? silentLogger,
    metrics: silentMetrics,
    listen: more.listen ?? [],
    port: more.port ?? 0,
    identity: () => ({ nodeId: "n2", bootId: "boot-2" }),
  });
  made.useKey(more.key ?? PEM);
  await made.listen();
  closers.push(() => made.stop());
  return made;
}

const nonceOf = (request: Uint8Array): Uint8Array =>
  parseEchoRequest(request) ?? new Uint8Array(16);

/** A node that answers echoes as the test likes. */
async function oddNode(
  onRequest: (socket: Socket, bytes: Buffer, from: { address: string; port: number }) => void,
): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  socket.on("message", (bytes, from) => onRequest(socket, bytes, from));
  closers.push(() => socket.close());
  return socket.address().port;
}

inNamespace("tells a closed port from an open one, by the kernel's answer", async () => {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => server.close());
  const { port } = server.address() as { port: number };
  assert.equal(
    await outcomes([probe(), probe({ port }), echo(CLOSED_PORT), probe({ address: "::1" })]),
    ["refused", "answered", "refused", "refused"],
  );
});

inNamespace("brings back an answer that the node's key vouches for", async () => {
  const { port } = await responder();
  for (const address of ["127.0.0.1", "::1"]) {
    const question = echo(port ?? 0, { address });
    const [seen] = await look(prober(), [question]);
    assert.ok(seen);
    if (seen === undefined) return;
    const { kind, networkRole, outcome, proof, age } = seen;
    assert.equal([kind, networkRole, outcome], ["udp-echo", "", "answered"]);
    assert.ok(age >= 0 && proof.length <= ECHO_REQUEST_BYTES);
    const judge = (
      nodeId: string,
      publicKey = createPublicKey(key.publicKey.export({ type: "spki", format: "pem" })),
    ) => verifyEchoReply({ reply: proof, nonce: question.nonce, nodeId, publicKey }).kind;
    assert.equal(
      [judge("n2"), judge("n3"), judge("n2", generateKeyPairSync("ed25519").publicKey)],
      ["authenticated", "invalid", "invalid"],
    );
  }
});

inNamespace("answers unsigned without a key, and with one that is none", async () => {
  const { port } = await responder({ key: Buffer.from("no key") });
  const question = echo(port ?? 0);
  const [seen] = await look(prober(), [question]);
  const reply = seen?.proof ?? new Uint8Array(0);
  assert.equal(
    verifyEchoReply({ reply, nonce: question.nonce, nodeId: "n2", publicKey: key.publicKey }),
    { kind: "unauthenticated", bootId: "boot-2" },
  );
});

withRules("hears nothing from a node whose packets are dropped", async () => {
  assert.equal(
    await outcomes([probe({ address: SILENT }), echo(7_342, { address: SILENT }), probe()], SHORT),
    ["timeout", "timeout", "refused"],
  );
});

withRules("does not take one lost packet for silence", async () => {
  const { port } = await responder();
  assert.equal(
    await outcomes([probe({ address: LOSSY }), echo(port ?? 0, { address: LOSSY })], SHORT),
    ["refused", "answered"],
  );
});

inNamespace("says where the kernel finds nobody", async () => {
  const there = { address: "10.77.0.1" };
  assert.equal(await outcomes([probe(there), echo(7_342, there)], 150), [
    "unreachable",
    "unreachable",
  ]);
});

inNamespace("asks over the network that is named, or not at all", async () => {
  const from: string[] = [];
  const port = await oddNode((socket, bytes, { address, port: back }) => {
    from.push(address);
    const nonce = nonceOf(bytes);
    const reply = { nonce, bootId: "b", signature: new Uint8Array(0) };
    socket.send(encodeEchoReply(reply), back, address);
  });
  const address = "127.0.0.1";
  const roles = ["tenant", "", "gone", "storage", "constructor"];
  for (const networkRole of roles)
    from.push(...(await outcomes([echo(port, { address, networkRole })], 300)));
  // Left to itself, the kernel takes the address that it asks.
  assert.equal(from, ["10.9.0.1", "answered", "127.0.0.1", "answered", "error", "error", "error"]);
  const overTenant = [
    probe({ address, networkRole: "tenant" }),
    probe({ address: "::1", networkRole: "tenant" }),
  ];
  assert.equal(await outcomes(overTenant), ["refused", "error"]);
});

inNamespace(
  "believes no datagram but the answer to its own nonce from the node itself",
  async () => {
    const stranger = createSocket("udp4");
    stranger.bind(0, "127.0.0.9");
    await once(stranger, "listening");
    closers.push(() => stranger.close());
    const replyWith = (nonce: Uint8Array): Uint8Array =>
      encodeEchoReply({ nonce, bootId: "b", signature: new Uint8Array(0) });
    let heard = 0;
    const port = await oddNode((socket, bytes, { address, port: back }) => {
      heard += 1;
      const nonce = nonceOf(bytes);
      stranger.send(replyWith(nonce), back, address);
      socket.send(replyWith(randomBytes(16)), back, address);
      socket.send(bytes, back, address);
      socket.send(randomBytes(600), back, address);
      socket.send("", back, address);
    });
    assert.equal([await outcomes([echo(port)], 300), heard], [["timeout"], 3]);
  },
);

inNamespace("gives up on a node that floods it", async () => {
  const port = await oddNode((socket, _bytes, { address, port: back }) => {
    for (let round = 0; round < 100; round++) socket.send("x", back, address);
  });
  assert.equal(await outcomes([echo(port)], 600), ["error"]);
});

inNamespace("asks nothing that is no question", async () => {
  const probes = [
    probe({ kind: "icmp" }),
    probe({ kind: "" }),
    probe({ address: "localhost" }),
    probe({ address: "255.255.255.255" }),
    probe({ port: 0 }),
    probe({ port: 65_536 }),
    echo(9, { nonce: randomBytes(15) }),
    echo(9, { nonce: randomBytes(33) }),
  ];
  assert.equal(
    await outcomes(probes),
    probes.map(() => "error"),
  );
  const many = await outcomes(Array.from({ length: 20 }, () => probe()));
  assert.equal([many.length, many.lastIndexOf("refused"), many.indexOf("error")], [20, 15, 16]);
});

withRules("clamps the timeout it is given", async () => {
  const startedAt = performance.now();
  assert.equal(await outcomes([probe({ address: SILENT })], 0), ["timeout"]);
  assert.ok(performance.now() - startedAt >= 99);
  const took = look(prober(), [probe({ address: SILENT })], 1e9);
  assert.equal((await took)[0]?.outcome, "timeout");
});

withRules("is bounded in requests, in probes, and in how often it says no", async () => {
  const witness = prober();
  const silent = Array.from({ length: 16 }, () => probe({ address: SILENT }));
  const asked = Array.from({ length: 200 }, () =>
    witness.look({
      kind: "witness-request",
      requestId: 1,
      nodeId: "n2",
      probes: silent,
      timeout: durationMs(300),
    }),
  );
  assert.is(witness.running, PROBES_IN_FLIGHT_MAX);
  const reports = await Promise.all(asked);
  const told = reports.filter((report) => report !== null);
  assert.is(told.length, REQUESTS_IN_FLIGHT_MAX + REFUSALS_BURST);
  const all = told.flatMap(({ observations }) => observations.map(({ outcome }) => outcome));
  assert.equal(
    [all.length, all.filter((outcome) => outcome === "timeout").length, witness.running],
    [told.length * 16, PROBES_IN_FLIGHT_MAX, 0],
  );
});

withRules("ends every probe when the agent stops", async () => {
  const witness = prober();
  const seen = look(witness, [probe({ address: SILENT }), echo(9, { address: SILENT })]);
  await eventually(() => witness.running === 2);
  witness.stop();
  assert.equal(
    (await seen).map(({ outcome }) => outcome),
    ["error", "error"],
  );
});

inNamespace("answers no more than its rate, and nothing that is no request", async () => {
  const { port } = await responder();
  const client = createSocket("udp4");
  client.connect(port ?? 0, "127.0.0.1");
  await once(client, "connect");
  closers.push(() => client.close());
  let answers = 0;
  client.on("message", () => {
    answers += 1;
  });
  for (const bytes of [
    "",
    "x",
    randomBytes(ECHO_REQUEST_BYTES),
    encodeEchoRequest(randomBytes(16)).subarray(0, 600),
  ])
    client.send(bytes);
  for (let round = 0; round < 30; round++) client.send(encodeEchoRequest(randomBytes(16)));
  await eventually(() => answers >= 10);
  // Another source is not made to pay for the first.
  assert.equal(await outcomes([echo(port ?? 0, { address: "10.9.0.2", networkRole: "tenant" })]), [
    "answered",
  ]);
  assert.ok(answers < 30, `${answers} answers`);
});

inNamespace("says clearly that its port is taken, and goes on", async () => {
  const first = await responder({ listen: ["127.0.0.1"] });
  const lines: unknown[][] = [];
  const logger: Logger = { ...silentLogger, error: (...line) => void lines.push(line) };
  const second = await responder({ listen: ["127.0.0.1"], port: first.port ?? 0, logger });
  assert.is(second.port, null);
  assert.is(lines.length, 1);
  assert.match(JSON.stringify(lines), /HB_PORT_IN_USE.*witness\.port/);
  assert.equal(await outcomes([echo(first.port ?? 0)]), ["answered"]);
});

inNamespace("answers from the address that was asked, also on one that came later", async () => {
  const node = await responder();
  const later = "10.9.0.3";
  const ask = async (address: string) =>
    (await outcomes([echo(node.port ?? 0, { address, networkRole: "tenant" })], 300))[0];
  assert.equal([await ask("10.9.0.2"), await ask(later)], ["answered", "timeout"]);
  await run("ip", ["address", "add", `${later}/24`, "dev", "tenant0"]);
  assert.is(await ask(later), "refused");
  await node.listen();
  assert.is(await ask(later), "answered");
});

test.run();
