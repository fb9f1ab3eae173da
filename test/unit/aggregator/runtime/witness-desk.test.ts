import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { WitnessEchoVerifier } from "@herdbeat/aggregator/adapters/ws/witness-echo-verifier";
import type { NodeEvent, NodeState } from "@herdbeat/aggregator/core/node-state";
import type {
  AgentHello,
  AgentSession,
  WitnessReport,
  WitnessRequest,
} from "@herdbeat/aggregator/ports/agent-listener";
import { newNodeState } from "@herdbeat/aggregator/runtime/node-loading";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { type Fate, WitnessDesk } from "@herdbeat/aggregator/runtime/witness-desk";
import { echoSignedBytes, encodeEchoReply } from "@herdbeat/proto/witness-echo";
import { type NodeId, type ShardId, shardOf } from "@herdbeat/shared/ids";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { seededRandom } from "@herdbeat/shared/random";
import { listeningMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { LIMITS } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("witness-desk");

type Witnessed = Extract<NodeEvent, { kind: "witnessed" }>;
type Asked = WitnessRequest & { readonly by: AgentSession; readonly witness: string };

/** The desk beside a table of nodes that are all alive; time moves by hand. */
class Fixture {
  readonly table = new NodeTable();
  readonly asked: Asked[] = [];
  readonly posted: Witnessed[] = [];
  now = 10_000;
  discounted = 0;
  readonly desk = new WitnessDesk({
    table: this.table,
    limits: LIMITS,
    port: 9,
    echoes: new WitnessEchoVerifier(),
    random: seededRandom(1),
    metrics: silentMetrics,
    now: () => listeningMs(this.now),
    discounted: () => this.discounted,
    post: (_index, _node, event) => {
      if (event.kind === "witnessed") this.posted.push(event);
    },
  });

  constructor(count: number) {
    for (let i = 1; i <= count; i++) this.add(`node-${i}`, ["witness"]);
  }

  add(
    name: string,
    capabilities: readonly string[],
    change: Partial<NodeState["record"]> = {},
    publicKey: Uint8Array | null = null,
  ): number {
    const id = name as NodeId;
    const made = newNodeState(id, listeningMs(this.now), unixMs(0), false);
    const record = { ...made.record, address: `192.0.2.${this.table.size + 1}`, ...change };
    const index = this.table.add(
      { ...made, record, health: { state: "alive" } },
      shardOf(id) as ShardId,
    );
    const session = this.#session(name);
    this.table.sessions[index] = session;
    this.desk.joined(index, session, {
      nodeId: id,
      labels: record.labels,
      capabilities,
      publicKey,
    } as AgentHello);
    return index;
  }

  #session(name: string): AgentSession {
    const session: AgentSession = {
      node: 0,
      remoteAddress: "",
      welcome: () => {},
      ackHeartbeat: () => {},
      ackEvent: () => {},
      goodbye: () => {},
      witness: (request) => this.asked.push({ ...request, by: session, witness: name }),
    };
    return session;
  }

  index(name: string): number {
    return this.table.indexOf(name as NodeId) ?? -1;
  }

  change(name: string, change: (state: NodeState) => NodeState): void {
    const index = this.index(name);
    this.table.put(index, change(this.table.state(index)));
  }

  doubt(name: string): void {
    const since = listeningMs(this.now);
    this.change(name, (state) => ({
      ...state,
      health: { state: "suspect", since, cause: "silence" },
    }));
  }

  /** Whom the desk asks about the node when it is in doubt. */
  urgent(name: string): readonly Asked[] {
    const before = this.asked.length;
    const index = this.index(name);
    this.desk.urgent(index, this.table.state(index), listeningMs(this.now));
    return this.asked.slice(before);
  }

  first(name: string): Asked {
    const [one] = this.urgent(name);
    assert.ok(one);
    return one;
  }

  report(asked: Asked, outcome: string, change: Partial<WitnessReport> = {}, by = asked.by): void {
    const observations = asked.probes.map(({ kind, networkRole, address }) => ({
      kind,
      networkRole,
      address,
      outcome,
      proof: new Uint8Array(0),
    }));
    const { requestId, nodeId } = asked;
    this.desk.report(by, { requestId, nodeId, observations, ...change });
  }

  count(what: Fate): number {
    return this.desk.counts.get(what) ?? 0;
  }

  outcomes(): readonly string[] {
    return this.posted.flatMap(({ observations }) => observations.map((one) => one.outcome));
  }
}

test("three witnesses are asked, by the port that we ask ourselves and within the probe's deadline", () => {
  const fixture = new Fixture(10);
  const asked = fixture.urgent("node-1");
  assert.is(new Set(asked.map(({ witness }) => witness)).size, 3);
  assert.not.ok(asked.some(({ witness }) => witness === "node-1"));
  assert.equal(
    asked.map(({ nodeId, timeout, probes }) => [nodeId, timeout, probes.map((one) => one.kind)]),
    asked.map(() => ["node-1", 400, ["tcp-rst"]]),
  );
  assert.equal([asked[0]?.probes[0]?.address, asked[0]?.probes[0]?.port], ["192.0.2.1", 9]);
});

test("an agent that can not witness, or whose stream ended, is not asked", () => {
  const fixture = new Fixture(0);
  for (const name of ["a", "b", "c"]) fixture.add(name, []);
  fixture.add("d", ["witness"]);
  fixture.add("e", ["witness"]);
  assert.equal(
    fixture
      .urgent("a")
      .map(({ witness }) => witness)
      .sort(),
    ["d", "e"],
  );
  fixture.desk.left("d" as NodeId);
  fixture.table.sessions[fixture.index("e")] = null;
  assert.equal(fixture.urgent("a"), []);
});

const SICK: readonly (readonly [string, (fixture: Fixture) => void])[] = [
  [
    "silent itself",
    (fixture) => {
      fixture.table.lastHeardAt[fixture.index("node-2")] = fixture.now - 1_500;
    },
  ],
  [
    "late itself",
    (fixture) => {
      fixture.table.ownLagMs[fixture.index("node-2")] = 201;
    },
  ],
  ["in doubt itself", (fixture) => fixture.doubt("node-2")],
  [
    "in trouble with a network",
    (fixture) =>
      fixture.change("node-2", (state) => ({
        ...state,
        record: {
          ...state.record,
          conditions: [
            {
              monitor: "network-link",
              subject: "eth0",
              status: "problem",
              failureClass: "nic-down",
              reason: "CarrierLost",
              message: "",
              since: unixMs(0),
              transition: 1,
              attributes: {},
            },
          ],
        },
      })),
  ],
];

for (const [what, makeSick] of SICK) {
  test(`a witness that is ${what} is not asked`, () => {
    const fixture = new Fixture(2);
    assert.is(fixture.urgent("node-1").length, 1);
    makeSick(fixture);
    assert.equal(fixture.urgent("node-1"), []);
  });
}

test("further networks are asked over where both are in them, echoes with a nonce of their own", () => {
  const fixture = new Fixture(0);
  const network = (role: string, ...addresses: readonly string[]) => ({
    role,
    interface: "eth1",
    addresses,
  });
  fixture.add("subject", ["udp-echo:7342"], {
    networks: [
      network("admin", "192.0.2.1"),
      network("storage", "198.51.100.1"),
      network("tenant", "203.0.113.1"),
      network("evil", "victim.example.org"),
    ],
  });
  fixture.add("witness", ["witness"], {
    networks: [network("storage", "198.51.100.2"), network("evil", "203.0.113.9")],
  });
  const { probes } = fixture.first("subject");
  assert.equal(
    probes.map(({ kind, networkRole, address, port }) => [kind, networkRole, address, port]),
    [
      ["tcp-rst", "", "192.0.2.1", 9],
      ["udp-echo", "", "192.0.2.1", 7_342],
      ["tcp-rst", "storage", "198.51.100.1", 9],
      ["udp-echo", "storage", "198.51.100.1", 7_342],
    ],
  );
  const nonces = probes.map(({ nonce }) => Buffer.from(nonce).toString("hex"));
  assert.equal([nonces[0], nonces[1]?.length, nonces[3] !== nonces[1]], ["", 32, true]);
});

for (const capability of [
  "udp-echo:",
  "udp-echo:70000",
  "udp-echo:0",
  "udp-echo:-1",
  "udp-echo:9x",
]) {
  test(`a node that says "${capability}" answers no echoes`, () => {
    const fixture = new Fixture(1);
    fixture.add("subject", [capability]);
    assert.equal(
      fixture.first("subject").probes.map(({ kind }) => kind),
      ["tcp-rst"],
    );
  });
}

test("a refusal is a sign of life, a deadline that passed is none", () => {
  const fixture = new Fixture(3);
  const [one, two] = fixture.urgent("node-1");
  assert.ok(one && two);
  fixture.report(one, "refused");
  fixture.now += 400;
  fixture.report(two, "timeout");
  assert.equal(fixture.outcomes(), ["answered", "no-answer"]);
  assert.equal(
    fixture.posted.map(({ witness, domain, askedAt }) => [witness, domain, askedAt]),
    [one, two].map(({ witness }) => [witness, `host:${witness}`, 10_000]),
  );
});

test("who gave up before the deadline, or says what nobody knows, has not looked", () => {
  const fixture = new Fixture(4);
  const [one, two, three] = fixture.urgent("node-1");
  assert.ok(one && two && three);
  fixture.now += 100;
  fixture.report(one, "timeout");
  fixture.report(two, "dead");
  fixture.report(three, "timeout", { observations: [] });
  assert.equal(fixture.outcomes(), ["cannot-ask", "cannot-ask", "cannot-ask"]);
});

test("our own stall during a question voids what was not seen, and nothing else", () => {
  const fixture = new Fixture(3);
  const [one, two] = fixture.urgent("node-1");
  assert.ok(one && two);
  fixture.now += 400;
  fixture.discounted += 51;
  fixture.report(one, "timeout");
  fixture.report(two, "refused");
  assert.equal(fixture.outcomes(), ["cannot-ask", "answered"]);
});

const SUBJECT_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" });
const OTHER_KEY = generateKeyPairSync("ec", { namedCurve: "P-256" });
const publicKeyOf = (key: KeyObject): Uint8Array => key.export({ type: "spki", format: "der" });

function echo(nonce: Uint8Array, key: KeyObject | null, nodeId = "subject"): Uint8Array {
  const bootId = "boot-1";
  const signed = echoSignedBytes({ nodeId, bootId, nonce });
  const signature = key === null ? new Uint8Array(0) : sign("sha256", signed, key);
  return encodeEchoReply({ nonce, bootId, signature });
}

/** What becomes of an echo whose bytes `make` gives, of a node that is in doubt. */
function echoed(
  make: (nonce: Uint8Array) => Uint8Array,
  setting: { readonly publicKey?: Uint8Array | null; readonly isAlive?: boolean } = {},
): readonly [outcome: string | undefined, isAuthenticated: boolean | undefined, forged: number] {
  const { publicKey = publicKeyOf(SUBJECT_KEY.publicKey), isAlive = false } = setting;
  const fixture = new Fixture(1);
  fixture.add("subject", ["udp-echo:7342"], {}, publicKey);
  if (!isAlive) fixture.doubt("subject");
  const asked = fixture.first("subject");
  const observations = asked.probes.map(({ kind, networkRole, address, nonce }) => {
    const isEcho = kind === "udp-echo";
    const proof = isEcho ? make(nonce) : new Uint8Array(0);
    return { kind, networkRole, address, outcome: isEcho ? "answered" : "refused", proof };
  });
  fixture.report(asked, "", { observations });
  const [reset, seen] = fixture.posted[0]?.observations ?? [];
  // Whatever the echo is worth, the kernel's refusal beside it stays what it was.
  assert.equal([reset?.outcome, reset?.authenticated], ["answered", false]);
  return [seen?.outcome, seen?.authenticated, fixture.count("forged-echo")];
}

test("an echo that the node alone could have signed is its own", () => {
  assert.equal(
    echoed((nonce) => echo(nonce, SUBJECT_KEY.privateKey)),
    ["answered", true, 0],
  );
});

const SOMEBODYS: readonly (readonly [string, Parameters<typeof echoed>[1], KeyObject | null])[] = [
  ["without a signature", {}, null],
  ["of a node without a certificate", { publicKey: null }, SUBJECT_KEY.privateKey],
  ["of a node whose key can not be read", { publicKey: Uint8Array.of(1) }, SUBJECT_KEY.privateKey],
  ["of a node that is not in doubt", { isAlive: true }, SUBJECT_KEY.privateKey],
];

for (const [what, setting, key] of SOMEBODYS) {
  test(`an echo ${what} is somebody's answer`, () => {
    assert.equal(
      echoed((nonce) => echo(nonce, key), setting),
      ["answered", false, 0],
    );
  });
}

const FORGED: readonly (readonly [string, (nonce: Uint8Array) => Uint8Array])[] = [
  ["to an earlier nonce", () => echo(new Uint8Array(16), SUBJECT_KEY.privateKey)],
  ["by another node's key", (nonce) => echo(nonce, OTHER_KEY.privateKey)],
  ["about another node", (nonce) => echo(nonce, SUBJECT_KEY.privateKey, "node-1")],
  ["cut short", (nonce) => echo(nonce, SUBJECT_KEY.privateKey).slice(0, -1)],
  ["with a byte too many", (nonce) => Uint8Array.of(...echo(nonce, SUBJECT_KEY.privateKey), 0)],
  ["of no bytes", () => new Uint8Array(0)],
  ["of the largest size", () => new Uint8Array(65_536).fill(0x48)],
];

for (const [what, make] of FORGED) {
  test(`an echo ${what} is nobody's answer, and counted`, () => {
    assert.equal(echoed(make), ["cannot-ask", false, 1]);
  });
}

test("in peacetime too an echo must answer the question", () => {
  assert.equal(
    echoed(() => echo(new Uint8Array(16), SUBJECT_KEY.privateKey), { isAlive: true }),
    ["cannot-ask", false, 1],
  );
});

const observation = {
  kind: "tcp-rst",
  networkRole: "",
  outcome: "timeout",
  proof: new Uint8Array(0),
};
const ask = { ...observation, address: "192.0.2.1" };

const HOSTILE: readonly (readonly [string, Fate, Partial<WitnessReport>])[] = [
  ["a request that was never made", "unknown", { requestId: 999 }],
  ["another node", "wrong-node", { nodeId: "node-2" }],
  ["another address", "malformed", { observations: [{ ...ask, address: "192.0.2.77" }] }],
  ["another network", "malformed", { observations: [{ ...ask, networkRole: "storage" }] }],
  ["another way to look", "malformed", { observations: [{ ...ask, kind: "udp-echo" }] }],
  ["the same thing twice", "malformed", { observations: [ask, { ...ask, outcome: "refused" }] }],
];

for (const [what, fate, change] of HOSTILE) {
  test(`a report of ${what} is counted and ignored`, () => {
    const fixture = new Fixture(2);
    const asked = fixture.first("node-1");
    fixture.now += 400;
    fixture.report(asked, "timeout", change);
    assert.equal([fixture.posted.length, fixture.count(fate)], [0, 1]);
  });
}

test("nobody can report for somebody else", () => {
  const fixture = new Fixture(5);
  const [one, two] = fixture.urgent("node-1");
  assert.ok(one && two);
  fixture.report(one, "refused", {}, two.by);
  assert.equal([fixture.posted.length, fixture.count("unknown")], [0, 1]);
  fixture.report(one, "refused");
  assert.is(fixture.posted.length, 1);
});

test("a report counts once, and not when it is late", () => {
  const fixture = new Fixture(3);
  const [one, two] = fixture.urgent("node-1");
  assert.ok(one && two);
  fixture.report(one, "refused");
  fixture.report(one, "refused");
  fixture.now += 1_000;
  fixture.desk.expire(listeningMs(fixture.now));
  fixture.report(two, "timeout");
  assert.equal([fixture.posted.length, fixture.count("late")], [1, 2]);
});

test("a witness is asked ten times a second at most, however soon it reports, and the nodes take turns", () => {
  const fixture = new Fixture(1);
  const names = Array.from({ length: 25 }, (_, i) => `doubted-${i}`);
  for (const name of names) {
    fixture.add(name, []);
    fixture.doubt(name);
  }
  const counts: number[] = [];
  for (let second = 0; second < 5; second++) {
    for (const name of names)
      for (const one of fixture.urgent(name)) fixture.report(one, "refused");
    counts.push(fixture.asked.length);
    fixture.now += 1_000;
    fixture.table.lastHeardAt[fixture.index("node-1")] = fixture.now;
    const before = fixture.asked.length;
    fixture.desk.expire(listeningMs(fixture.now));
    for (const one of fixture.asked.slice(before)) fixture.report(one, "refused");
  }
  assert.equal(counts, [10, 20, 30, 40, 50]);
  const times = names.map((name) => fixture.asked.filter((one) => one.nodeId === name).length);
  assert.ok(Math.min(...times) >= 2, `asked ${times.join()} times`);
});

test("a node that is heard again waits for no witness", () => {
  const fixture = new Fixture(1);
  for (let i = 0; i < 12; i++) fixture.add(`doubted-${i}`, []);
  for (let i = 0; i < 12; i++) fixture.doubt(`doubted-${i}`);
  for (let i = 0; i < 12; i++) fixture.urgent(`doubted-${i}`);
  fixture.change("doubted-10", (state) => ({ ...state, health: { state: "alive" } }));
  fixture.now += 1_000;
  fixture.desk.expire(listeningMs(fixture.now));
  assert.equal(
    fixture.asked.slice(10).map(({ nodeId }) => nodeId),
    ["doubted-11"] as NodeId[],
  );
});

test("in peacetime at most so many questions are open at once", () => {
  const fixture = new Fixture(300);
  for (let i = 1; i <= 300; i++) {
    const index = fixture.index(`node-${i}`);
    fixture.desk.peacetime(index, fixture.table.state(index), listeningMs(fixture.now));
  }
  assert.ok(fixture.asked.length <= 258, `${fixture.asked.length} were asked`);
  assert.is(fixture.urgent("node-1").length, 3);
});

test("when everybody falls silent in one turn, witnesses of some are chosen and of the rest later", () => {
  const fixture = new Fixture(2);
  for (let i = 0; i < 300; i++) fixture.add(`silent-${i}`, []);
  for (let i = 0; i < 300; i++) fixture.urgent(`silent-${i}`);
  // Two witnesses with ten questions each; the rest wait.
  assert.is(fixture.asked.length, 20);
  assert.is(fixture.count("not-asked"), 290);
});

test.run();
