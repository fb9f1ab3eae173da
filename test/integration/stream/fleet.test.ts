// The simulated fleet as a process against the real listener.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createThrowAwayCa } from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { WsAgentListener } from "@herdbeat/aggregator/adapters/ws/agent-listener";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type { AggregatorId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import * as assert from "uvu/assert";
import { MeasuredProcess } from "../../bench/lib/measured-process.ts";
import { eventually } from "../../support/eventually.ts";
import { RecordingObserver } from "../../support/recording-observer.ts";
import { canMakeNamespaces, hasCommand, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { nodeArguments } from "../../tools/run-tests.mjs";

const test = suite("fleet");
const FLEET = fileURLToPath(new URL("../../fleet/main.ts", import.meta.url));

let observer: RecordingObserver;
let server: StreamServer;
let listener: WsAgentListener;
let fleet: MeasuredProcess | null = null;

async function listen(tls: ConstructorParameters<typeof StreamServer>[0]["tls"]): Promise<void> {
  observer = new RecordingObserver();
  const shared = { clock: systemClock, logger: silentLogger };
  server = new StreamServer({ host: "127.0.0.1", port: 0, tls, ...shared });
  listener = new WsAgentListener({
    server,
    clock: systemClock,
    aggregatorId: "agg-1",
    aggregatorVersion: "0",
    clusterId: () => "c",
  });
  await listener.start(observer);
}

function start(nodes: number, ...options: readonly string[]): MeasuredProcess {
  const args = ["--endpoint", listener.endpoint(), "--nodes", String(nodes), "--interval", "100ms"];
  fleet = new MeasuredProcess(1, FLEET, [...args, ...options]);
  return fleet;
}

async function command(line: object): Promise<Readonly<Record<string, unknown>>> {
  const answer = fleet?.nextLine((text) => {
    const parsed = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return parsed["event"] === "done" || parsed["event"] === "error" ? parsed : undefined;
  });
  fleet?.write(JSON.stringify(line));
  return (await answer) ?? {};
}

const connectedNodes = (): Promise<true> => eventually(() => observer.hellos.length === 20);

test.after.each(async () => {
  await fleet?.stop();
  await listener.stop(null);
  await server.stop();
});

test("says hello for every node, from its own address and with its labels, and beats", async () => {
  await listen(null);
  start(20, "--labels", "az=2,rack=5", "--id-prefix", "hv-");
  await connectedNodes();
  await eventually(() => observer.heartbeats.some(([sequence]) => sequence === 3));
  const hellos = [...observer.hellos].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  const { nodeId, address, labels, networks } = hellos[7] ?? {};
  assert.equal(
    [nodeId, address, labels, networks?.[0]?.addresses],
    ["hv-00007", "127.64.0.8", { az: "az1", rack: "rack2" }, ["127.64.0.8"]],
  );
  // The first heartbeat of each session carries the whole list.
  assert.is(observer.conditions.length, 20);
});

test("obeys its commands", async () => {
  await listen(null);
  start(20);
  await connectedNodes();
  const session = observer.sessions.find(({ remoteAddress }) => remoteAddress === "127.64.0.4");
  assert.equal((await command({ cmd: "silence", node: { from: 0, to: 9 } }))["nodes"], 10);
  await command({ cmd: "event", node: "sim-00003", condition: { monitor: "m", status: 2 } });
  await eventually(() => observer.events[0]?.condition.status === "problem");
  assert.is((await command({ cmd: "stats" }))["unacknowledged"], 1);
  session?.ackEvent(observer.events[0]?.transition ?? 0);
  await eventually(async () => (await command({ cmd: "stats" }))["unacknowledged"] === 0);
  await command({ cmd: "close", node: [3, "sim-00004"], forGood: true });
  await eventually(() => observer.closes.length === 2);
  assert.equal(observer.closes, ["peer-closed", "peer-closed"]);
  assert.is((await command({ cmd: "stats" }))["established"], 18);
  await command({ cmd: "revive", node: 3, reboot: true });
  await eventually(() => observer.hellos.length === 21);
  const lives = observer.hellos.filter(({ nodeId }) => nodeId === "sim-00003");
  assert.is.not(lives[0]?.bootId, lives[1]?.bootId);
  assert.match(String((await command({ cmd: "nonsense" }))["message"]), /unknown command/);
});

test("comes back after a goodbye, to where it is told", async () => {
  await listen(null);
  start(20);
  await connectedNodes();
  for (const session of observer.sessions.slice(0, 5)) session.goodbye("busy", "later");
  await eventually(() => observer.hellos.length === 25);
  observer.sessions.at(-1)?.goodbye("not-owner", "there", listener.endpoint());
  await eventually(() => observer.hellos.length === 26);
});

test("speaks TLS with a certificate for each node", async () => {
  const dir = makeTempDir("fleet-ca").path;
  const authority = await createThrowAwayCa(dir, systemClock);
  const identity = await authority.issueAggregator("agg-1" as AggregatorId, ["127.0.0.1"]);
  await listen({ ca: authority.certificatePem, ...identity });
  start(20, "--tls-dir", dir);
  await connectedNodes();
  assert.ok(observer.hellos.every(({ authenticated }) => authenticated));
});

onlyWith(test, "needs-nftables", hasCommand("nft") && canMakeNamespaces())(
  "lets nodes die so that not even their kernel speaks",
  () => {
    const script = fileURLToPath(new URL("../../support/silent-death-trial.ts", import.meta.url));
    const trial = [process.execPath, ...nodeArguments(), script].join(" ");
    const run = spawnSync("unshare", ["--net", "sh", "-c", `ip link set lo up && exec ${trial}`], {
      encoding: "utf8",
      timeout: 60_000,
      env: { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin` },
    });
    assert.match(run.stdout, /"cmd":"die"/, run.stderr);
    const hits = Number(/"hits":(\d+)/.exec(run.stdout)?.[1]);
    assert.ok(hits > 0, run.stdout);
    assert.match(run.stdout, /closes=0/);
  },
  60_000,
);

onlyWith(
  test,
  "needs-nftables",
  hasCommand("nft"),
)("refuses to drop packets in the machine's own namespace", async () => {
  await listen(null);
  start(20);
  await connectedNodes();
  const answer = await command({ cmd: "die", node: 1 });
  assert.match(String(answer["message"]), /namespace of its own/);
});

test.run();
