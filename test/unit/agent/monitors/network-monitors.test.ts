import { readFileSync } from "node:fs";
import { countedBetween } from "@herdbeat/agent/core/counter";
import {
  type BondPast,
  createBondMonitor,
  judgeBond,
  parseBond,
  remember,
} from "@herdbeat/agent/monitors/bond";
import { lazyMonitor } from "@herdbeat/agent/monitors/lazy";
import {
  createLinkQualityMonitor,
  judgeLink,
  parseNetDev,
} from "@herdbeat/agent/monitors/link-quality";
import { createNetworkPathMonitor } from "@herdbeat/agent/monitors/network-path";
import type { Monitor } from "@herdbeat/agent/ports/monitor";
import type { PathAnswer, PathProber } from "@herdbeat/agent/ports/path-prober";
import type { MonitorName } from "@herdbeat/shared/ids";
import { type Clock, durationMs, monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../../support/memory-files.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("network-monitors");
const fixture = (name: string): string =>
  readFileSync(new URL(`../../../fixtures/${name}`, import.meta.url), "latin1");
const CLOCK: Clock = { now: () => monotonicMs(0), wallNow: () => unixMs(0) };
const BACKUP = fixture("proc-bonding/active-backup.txt");
const LACP = fixture("proc-bonding/lacp.txt");

/** What the last of these texts is taken for, after the ones before it. */
function bondReason(...texts: readonly string[]): string {
  let past: BondPast | null = null;
  let said = "";
  for (const [at, text] of texts.entries()) {
    const bond = parseBond(text);
    if (bond === null) return "unreadable";
    past = remember(past, bond, monotonicMs(at * 2_000));
    const { status, failureClass, reason } = judgeBond("bond0", bond, past);
    said = `${status} ${failureClass} ${reason}`;
  }
  return said;
}

const down = (text: string, slave: string): string =>
  text.replace(
    `Slave Interface: ${slave}\nMII Status: up`,
    `Slave Interface: ${slave}\nMII Status: down`,
  );
const without = (text: string): string => text.slice(0, text.lastIndexOf("\nSlave Interface: "));
const active = (slave: string): string =>
  BACKUP.replace("Currently Active Slave: eth0", `Currently Active Slave: ${slave}`);

const bonds: readonly (readonly [string, readonly string[], string])[] = [
  ["healthy", [BACKUP], "ok nic-degraded BondHealthy"],
  ["healthy LACP", [LACP], "ok nic-degraded BondHealthy"],
  ["one dead slave", [down(BACKUP, "eth1")], "problem nic-degraded SlaveDown"],
  ["both dead", [down(down(BACKUP, "eth0"), "eth1")], "problem nic-down BondDown"],
  ["a slave removed", [BACKUP, without(BACKUP)], "problem nic-degraded SlaveMissing"],
  ["always one slave", [without(BACKUP)], "ok nic-degraded BondHealthy"],
  ["no slaves", [without(without(BACKUP))], "problem nic-down NoSlaves"],
  [
    "nobody answers LACP",
    [LACP.replace("00:23:04:ee:be:01", "00:00:00:00:00:00")],
    "problem nic-degraded LacpNoPartner",
  ],
  [
    "a slave apart",
    [LACP.replace("\nAggregator ID: 1\n", "\nAggregator ID: 2\n")],
    "problem nic-degraded LacpApart",
  ],
  [
    "churn",
    [LACP.replace("Partner Churn State: none", "Partner Churn State: churned")],
    "problem nic-degraded LacpChurned",
  ],
  [
    "speed fell",
    [BACKUP, BACKUP.replace("Speed: 10000", "Speed: 1000")],
    "problem nic-degraded SpeedDropped",
  ],
  [
    "speed unknown from the start",
    [BACKUP.replaceAll("Speed: 10000 Mbps", "Speed: Unknown")],
    "ok nic-degraded BondHealthy",
  ],
  [
    "five failures",
    [BACKUP, BACKUP.replace("Count: 0", "Count: 5")],
    "problem nic-degraded BondFlapping",
  ],
  [
    "the counter began again",
    [BACKUP.replace("Count: 0", "Count: 900"), BACKUP],
    "ok nic-degraded BondHealthy",
  ],
  [
    "a changing active slave",
    ["eth0", "eth1", "eth0", "eth1", "eth0", "eth1"].map(active),
    "problem nic-degraded BondFlapping",
  ],
];
for (const [what, texts, expected] of bonds)
  test(`judges a bond: ${what}`, () => assert.is(bondReason(...texts), expected));

test("takes no cut-off text of a bond for a healthy or a dead one", () => {
  for (let length = 0; length < LACP.length; length += 7) {
    const bond = parseBond(LACP.slice(0, length));
    if (bond === null) continue;
    const past = remember(null, bond, monotonicMs(0));
    // Cut between two slaves it looks whole; then it is a bond of fewer slaves, never a failed one.
    const said = judgeBond("bond0", bond, past).reason;
    assert.ok(["BondHealthy", "NoSlaves", "LacpApart"].includes(said), `${length}: ${said}`);
  }
  assert.is(parseBond("Slave Interface: x\nBonding Mode: y\nMII Status: up\n"), null);
  assert.is(parseBond("\0\xff".repeat(500)), null);
});

test("watches bonds that come, go and cannot be read", async () => {
  const files = memoryFiles({
    "/proc/net/bonding/bond0": BACKUP,
    "/proc/net/bonding/bond1": "MII",
  });
  const monitor = createBondMonitor(files, CLOCK);
  const { signal } = new AbortController();
  const said = (await monitor.probe(signal)).map(({ subject, reason }) => `${subject} ${reason}`);
  assert.equal(said, ["bond0 BondHealthy", "bond1 BondUnreadable"]);
  files.vanish("/proc/net/bonding/bond0");
  assert.equal(
    (await monitor.probe(signal)).map(({ subject }) => subject),
    ["bond1"],
  );
});

test("counts over a wrap and not over a new beginning", () => {
  assert.is(countedBetween(5, 9), 4);
  assert.is(countedBetween(2 ** 32 - 2, 3), 5);
  assert.is(countedBetween(2 ** 32 + 7, 3), null);
  assert.is(countedBetween(1_000, 3), null);
});

test("reads the kernel's table of interfaces", () => {
  const table = parseNetDev(fixture("proc-net-dev/dev.txt"));
  assert.equal(table?.get("eth1"), { packets: 2_018_429, errors: 173 });
  assert.is(table?.has("lo"), false);
  assert.is(parseNetDev(""), null);
  assert.is(parseNetDev("eth0: 1 2 3"), null);
  const cut = fixture("proc-net-dev/dev.txt").slice(0, -12);
  assert.is(parseNetDev(cut)?.has("eth1"), false);
});

test("tells errors and a speed that fell", () => {
  const at = (packets: number, errors: number) => ({ packets, errors });
  const said = (
    before: ReturnType<typeof at> | null,
    now: ReturnType<typeof at>,
    speed = 0,
    max = 0,
  ) => judgeLink("eth0", before, now, speed, max).reason;
  assert.is(said(null, at(10, 5_000)), "LinkClean");
  assert.is(said(at(0, 0), at(100, 9)), "LinkClean");
  assert.is(said(at(0, 0), at(100, 10)), "PacketErrors");
  assert.is(said(at(0, 0), at(100_000, 10)), "LinkClean");
  assert.is(said(at(0, 2 ** 32 - 6), at(100, 6)), "PacketErrors");
  assert.is(said(at(900, 700), at(100, 0)), "LinkClean");
  assert.is(said(null, at(0, 0), 1_000, 10_000), "SpeedDropped");
  assert.is(said(null, at(0, 0), -1, 10_000), "LinkClean");
  assert.is(said(null, at(0, 0), Number.NaN, 10_000), "LinkClean");
});

test("watches interfaces with a role or with hardware", async () => {
  const files = memoryFiles({
    "/proc/net/dev": fixture("proc-net-dev/dev.txt"),
    "/sys/class/net/eth1/device": "",
    "/sys/class/net/eth1/speed": "10000\n",
  });
  const monitor = createLinkQualityMonitor({ admin: "eth0" }, files);
  const { signal } = new AbortController();
  assert.equal(
    (await monitor.probe(signal)).map(({ subject }) => subject),
    ["eth0", "eth1"],
  );
  files.set("/sys/class/net/eth1/speed", "100\n");
  assert.equal(
    (await monitor.probe(signal)).map(({ reason }) => reason),
    ["LinkClean", "SpeedDropped"],
  );
  files.vanish("/proc/net/dev");
  assert.equal(
    (await monitor.probe(signal)).map(({ status }) => status),
    ["unknown"],
  );
});

/** Peers that do what `answers` says now; a second set for large datagrams. */
function path(targets: readonly string[]) {
  const answers = new Map<string, PathAnswer>(targets.map((target) => [target, "answered"]));
  const state = { large: "answered" as PathAnswer, small: "answered" as PathAnswer };
  const sizes: number[] = [];
  const prober: PathProber = {
    connect: (_role, address) => Promise.resolve(answers.get(address) ?? "not-sent"),
    datagram: (_role, _address, _port, bytes) => {
      sizes.push(bytes);
      return Promise.resolve(bytes > 1 ? state.large : state.small);
    },
  };
  const files = memoryFiles({
    "/sys/class/net/eth2/mtu": "9000\n",
    "/sys/class/net/eth2/statistics/rx_packets": "10\n",
    "/sys/class/net/eth2/statistics/tx_packets": "10\n",
  });
  const config = { role: "storage", interface: "eth2", targets, port: 9 };
  const monitor = createNetworkPathMonitor([config], prober, files);
  return {
    answers,
    state,
    sizes,
    files,
    rounds: async (count: number): Promise<string> => {
      let said = "";
      for (let round = 0; round < count; round++) {
        const [finding] = await monitor.probe(new AbortController().signal);
        said = `${finding?.status} ${finding?.failureClass} ${finding?.reason}`;
      }
      return said;
    },
  };
}

test("calls a network down when two peers that answered before are silent", async () => {
  const { answers, files, rounds } = path(["10.0.0.2", "10.0.0.3"]);
  assert.is(await rounds(1), "ok nic-down PeersAnswer");
  answers.set("10.0.0.2", "silent");
  assert.is(await rounds(5), "ok nic-down PeersAnswer");
  answers.set("10.0.0.3", "silent");
  assert.is(await rounds(1), "ok nic-down PeersAnswer");
  files.set("/sys/class/net/eth2/statistics/tx_packets", "20");
  assert.is(await rounds(1), "problem nic-down PeersSilentNothingReceived");
  files.set("/sys/class/net/eth2/statistics/tx_packets", "30");
  files.set("/sys/class/net/eth2/statistics/rx_packets", "11");
  assert.is(await rounds(1), "problem nic-down PeersSilentOthersHeard");
  answers.set("10.0.0.3", "answered");
  assert.is(await rounds(1), "ok nic-down PeersAnswer");
});

test("concludes nothing from peers that never answered, nor from one alone", async () => {
  const never = path(["10.0.0.2", "10.0.0.3"]);
  never.answers.set("10.0.0.2", "silent");
  never.answers.set("10.0.0.3", "silent");
  assert.is(await never.rounds(9), "unknown nic-down NeverAnswered");
  never.answers.set("10.0.0.2", "answered");
  assert.is(await never.rounds(1), "ok nic-down PeersAnswer");
  never.answers.set("10.0.0.2", "silent");
  assert.is(await never.rounds(9), "problem nic-degraded OnlyPeerSilent");
});

test("takes its own missing address for no silence", async () => {
  const { answers, rounds } = path(["10.0.0.2", "10.0.0.3"]);
  assert.is(await rounds(2), "ok nic-down PeersAnswer");
  for (const address of answers.keys()) answers.set(address, "not-sent");
  assert.is(await rounds(5), "unknown nic-down NotSent");
});

test("finds an MTU that the path does not carry", async () => {
  const { state, sizes, rounds } = path(["10.0.0.2"]);
  assert.is(await rounds(1), "ok nic-down PeersAnswer");
  assert.equal(sizes, [1, 8_972]);
  state.large = "silent";
  assert.is(await rounds(2), "problem nic-degraded LargePacketsLost");
  state.large = "answered";
  assert.is(await rounds(1), "ok nic-down PeersAnswer");
  // A firewall that eats datagrams of any size proves nothing.
  state.large = "silent";
  state.small = "silent";
  assert.is(await rounds(5), "ok nic-down PeersAnswer");
});

test("loads a monitor only when there is something to watch", async () => {
  let loads = 0;
  let applies = false;
  const finding = {
    subject: "x",
    status: "ok",
    failureClass: "nic-down",
    reason: "R",
    message: "",
  } as const;
  const monitor: Monitor = lazyMonitor({
    name: "lazy" as MonitorName,
    interval: durationMs(1_000),
    timeout: durationMs(500),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "nic-down",
    applies: () => applies,
    load: () => {
      loads += 1;
      return Promise.resolve({ probe: () => Promise.resolve([finding]) });
    },
  });
  const { signal } = new AbortController();
  assert.equal(await monitor.probe(signal), []);
  assert.is(loads, 0);
  applies = true;
  assert.equal(await monitor.probe(signal), [finding]);
  // What it watched may be gone; the monitor itself tells that.
  applies = false;
  assert.equal(await monitor.probe(signal), [finding]);
  assert.is(loads, 1);
  await monitor.stop?.();
});

test.run();
