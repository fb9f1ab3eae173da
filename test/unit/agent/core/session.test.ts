import type { ConditionChange } from "@herdbeat/agent/core/condition-table";
import type {
  AggregatorMessage,
  GoodbyeMessage,
  WelcomeMessage,
} from "@herdbeat/agent/core/messages";
import { Session } from "@herdbeat/agent/core/session";
import type {
  SessionConfig,
  SessionEffect,
  SessionEvent,
} from "@herdbeat/agent/core/session-types";
import type { Incarnation, MonitorName, NodeId, SessionEpoch } from "@herdbeat/shared/ids";
import { seededRandom } from "@herdbeat/shared/random";
import { durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("session");

const CONFIG: SessionConfig = {
  endpoints: ["ws://a:1", "ws://b:1", "ws://c:1"],
  backoff: { initial: durationMs(500), factor: 1.6, max: durationMs(30_000) },
  quickRetry: { min: durationMs(100), max: durationMs(300) },
  versionMin: 1,
  versionMax: 1,
  heartbeatInterval: durationMs(1_000),
  connectTimeout: durationMs(5_000),
  greetingTimeout: durationMs(5_000),
  persistTimeout: durationMs(1_000),
  ackSilence: durationMs(15_000),
  wholeListInterval: durationMs(60_000),
  stableAfter: durationMs(60_000),
  drainTimeout: durationMs(700),
  spoolEventsMax: 8,
  resendAfter: durationMs(30_000),
  canSendWholeList: () => true,
};

const WELCOME: WelcomeMessage = {
  kind: "welcome",
  version: 1,
  aggregatorId: "agg-1",
  aggregatorVersion: "0.1.0",
  clusterId: "c",
  nodeId: "n1" as NodeId,
  incarnation: 7 as Incarnation,
  sessionEpoch: 1 as SessionEpoch,
  heartbeatInterval: durationMs(1_000),
  frameBytesMax: 65_536,
  framesPerSecondMax: 50,
  acknowledgedTransition: 0,
};

/** A session in simulated time: the world answers, the clock jumps from wake to wake. */
function setup(overrides: Partial<SessionConfig> = {}) {
  let now = 0;
  const session = new Session({ ...CONFIG, ...overrides }, seededRandom(1), monotonicMs(0));
  const log: (readonly [number, SessionEffect])[] = [];
  const step = (event: SessionEvent): readonly SessionEffect[] => {
    const effects = session.step(event, monotonicMs(now));
    for (const effect of effects) log.push([now, effect]);
    return effects;
  };
  const world = {
    session,
    log,
    step,
    now: () => now,
    receive: (message: AggregatorMessage) => step({ kind: "received", message }),
    ack: () => world.receive({ kind: "ack", sequence: 1, storeWriteAge: durationMs(0) }),
    /** Ticks as the runner would, for `ms`; `each` runs after every tick. */
    run(ms: number, each: () => void = () => {}) {
      const end = now + ms;
      while (session.wakeAt() <= end) {
        now = Math.max(now, session.wakeAt());
        step({ kind: "tick" });
        each();
      }
      now = end;
    },
    jump(ms: number) {
      now += ms;
    },
    establish(welcome: Partial<WelcomeMessage> = {}) {
      while (session.phase === "disconnected") world.run(50);
      step({ kind: "opened" });
      world.receive({ ...WELCOME, ...welcome });
      step({ kind: "persisted" });
      assert.is(session.phase, "established");
    },
    effects: (kind: SessionEffect["kind"]) => log.filter(([, effect]) => effect.kind === kind),
    times: (kind: SessionEffect["kind"]) => world.effects(kind).map(([at]) => at),
    last: <K extends SessionEffect["kind"]>(kind: K) =>
      world.effects(kind).at(-1)?.[1] as Extract<SessionEffect, { kind: K }> | undefined,
    eventsSent: () =>
      log.flatMap(([, effect]) => (effect.kind === "sendEvent" ? [effect.change.transition] : [])),
  };
  return world;
}

function change(transition: number): ConditionChange {
  return {
    transition,
    at: monotonicMs(0),
    condition: {
      monitor: "network-link" as MonitorName,
      subject: "eth0",
      status: "problem",
      failureClass: "nic-down",
      reason: "CarrierLost",
      message: "no carrier",
      since: monotonicMs(0),
      transition,
    },
  };
}

function changes(from: number, to: number): SessionEvent {
  const list = Array.from({ length: to - from + 1 }, (_, index) => change(from + index));
  return { kind: "changed", changes: list };
}

function goodbye(
  reason: GoodbyeMessage["reason"],
  endpoint = "",
  reconnectAfter = 0,
): GoodbyeMessage {
  return {
    kind: "goodbye",
    reason,
    message: "",
    endpoint,
    reconnectAfter: durationMs(reconnectAfter),
  };
}

test("greets, persists before the first heartbeat, and starts with the whole list", () => {
  const world = setup();
  world.run(300);
  world.step({ kind: "opened" });
  world.receive(WELCOME);
  assert.equal(
    world.log.map(([, effect]) => effect.kind),
    ["connect", "sendHello", "persist"],
  );
  world.step({ kind: "persisted" });
  assert.equal(world.last("sendHeartbeat"), {
    kind: "sendHeartbeat",
    sequence: 1,
    whole: true,
    spooled: false,
  });
});

test("goes on after a second when the disk does not take the incarnation", () => {
  const world = setup();
  world.run(300);
  world.step({ kind: "opened" });
  world.receive(WELCOME);
  world.run(999);
  assert.is(world.session.phase, "greeting");
  world.run(1);
  assert.is(world.session.phase, "established");
});

test("sends a heartbeat every interval without drift, and the whole list every minute", () => {
  const world = setup();
  world.establish();
  const start = world.now();
  world.run(120_500, () => void world.ack());
  const times = world.times("sendHeartbeat").map((at) => at - start);
  assert.equal(
    times,
    Array.from({ length: 121 }, (_, index) => index * 1_000),
  );
  const whole = world.log.flatMap(([at, effect]) =>
    effect.kind === "sendHeartbeat" && effect.whole ? [at - start] : [],
  );
  assert.equal(whole, [0, 60_000, 120_000]);
});

test("goes on at the next slot after a stall, without a burst", () => {
  const world = setup();
  world.establish();
  const start = world.now();
  world.run(2_000);
  world.jump(3_300);
  world.run(2_700);
  assert.equal(
    world.times("sendHeartbeat").map((at) => at - start),
    [0, 1_000, 2_000, 5_300, 6_000, 7_000, 8_000],
  );
});

test("waits with the whole list until every monitor has answered", () => {
  let isComplete = false;
  const world = setup({ canSendWholeList: () => isComplete });
  world.establish();
  world.run(2_000);
  isComplete = true;
  world.run(1_000);
  const whole = world.log.flatMap(([, effect]) =>
    effect.kind === "sendHeartbeat" ? [effect.whole] : [],
  );
  assert.equal(whole, [false, false, false, true]);
});

test("takes another interval from the welcome, within its bounds", () => {
  const world = setup();
  world.establish({ heartbeatInterval: durationMs(1) });
  const start = world.now();
  world.run(450);
  assert.equal(
    world.times("sendHeartbeat").map((at) => at - start),
    [0, 100, 200, 300, 400],
  );
});

test("sends an event at once and forgets it when it is acknowledged", () => {
  const world = setup();
  world.establish();
  world.run(500);
  const [effect] = world.step(changes(1, 1));
  assert.is(effect?.kind, "sendEvent");
  assert.is(world.session.spooled, 1);
  world.receive({ kind: "event-ack", transition: 1 });
  assert.is(world.session.spooled, 0);
});

test("sends again at the next session what was not acknowledged, and only that", () => {
  const world = setup();
  world.establish();
  world.step(changes(1, 3));
  world.receive({ kind: "event-ack", transition: 1 });
  world.step({ kind: "closed", reason: "reset" });
  world.step(changes(4, 4));
  world.log.length = 0;
  world.establish({ acknowledgedTransition: 2 });
  assert.equal(world.eventsSent(), [3, 4]);
});

test("ignores an acknowledgement of what was never sent", () => {
  const world = setup();
  world.establish();
  world.step(changes(1, 2));
  world.receive({ kind: "event-ack", transition: 99 });
  assert.is(world.session.spooled, 2);
});

test("repeats an event on the same session when no acknowledgement comes", () => {
  const world = setup();
  world.establish();
  world.step(changes(1, 1));
  world.run(31_000, () => void world.ack());
  assert.equal(world.eventsSent(), [1, 1]);
});

test("keeps the rate that the welcome states, heartbeats first", () => {
  const world = setup({ spoolEventsMax: 100 });
  world.establish({ framesPerSecondMax: 12 });
  world.run(10_000, () => void world.ack());
  const before = world.log.length;
  const start = world.now();
  world.step(changes(1, 60));
  world.run(3_000, () => void world.ack());
  const sent = world.log.slice(before).filter(([, effect]) => effect.kind === "sendEvent");
  const burst = sent.filter(([at]) => at === start).length;
  assert.is(burst, 10);
  assert.ok(sent.length <= 10 + 3 * 10, `${sent.length} events in three seconds`);
  assert.is(world.times("sendHeartbeat").filter((at) => at > start).length, 3);
});

test("gives the spool up for the whole list when it is full, and counts it", () => {
  const world = setup();
  world.establish();
  world.step({ kind: "closed", reason: "reset" });
  world.step(changes(1, 9));
  assert.is(world.session.spooled, 0);
  assert.is(world.session.spoolOverflows, 1);
  world.establish();
  assert.is(world.last("sendHeartbeat")?.whole, true);
});

test("brings the whole list forward when the spool overflows in a session", () => {
  const world = setup();
  world.establish({ framesPerSecondMax: 3 });
  world.run(1_500);
  world.step(changes(1, 9));
  world.run(1_000);
  assert.is(world.last("sendHeartbeat")?.whole, true);
});

test("offers events again after a pause when the socket is full", () => {
  const world = setup();
  world.establish();
  world.step(changes(1, 1));
  world.step({ kind: "refused" });
  world.run(900);
  assert.equal(world.eventsSent(), [1]);
  world.run(300);
  assert.equal(world.eventsSent(), [1, 1]);
});

test("ends a session without an acknowledgement for 15 s and goes elsewhere", () => {
  const world = setup();
  world.establish();
  const endpoint = (world.last("established") as { endpoint: string }).endpoint;
  world.run(14_990);
  assert.is(world.session.phase, "established");
  world.run(10);
  assert.is(world.session.phase, "disconnected");
  assert.is.not(world.last("lost")?.endpoint, endpoint);
});

for (const phase of ["connecting", "greeting"] as const) {
  test(`gives up after five seconds of ${phase}`, () => {
    const world = setup();
    world.run(300);
    if (phase === "greeting") world.step({ kind: "opened" });
    assert.is(world.session.phase, phase);
    world.run(5_000);
    assert.is(world.effects("close").length, 1);
    assert.is(world.effects("lost").length, 1);
  });
}

test("connects elsewhere within 300 ms when an established session breaks", () => {
  const world = setup();
  world.establish();
  const before = world.last("connect")?.endpoint;
  world.run(70_000, () => void world.ack());
  const brokenAt = world.now();
  world.step({ kind: "closed", reason: "reset" });
  world.run(300);
  const [connectedAt] = world.times("connect").slice(-1);
  assert.ok((connectedAt ?? 0) - brokenAt >= 100 && (connectedAt ?? 0) - brokenAt <= 300);
  assert.is.not(world.last("connect")?.endpoint, before);
});

test("backs off with jitter up to 30 s, walking the list, and never stops trying", () => {
  const world = setup();
  const delays: number[] = [];
  for (let attempt = 0; attempt < 40; attempt++) {
    while (world.session.phase === "disconnected") world.run(20);
    const [lost] = world.step({ kind: "closed", reason: "refused" });
    if (lost?.kind === "lost") delays.push(lost.retryIn);
  }
  assert.ok(delays.every((delay) => delay >= 50 && delay <= 30_000));
  assert.ok(Math.max(...delays) > 15_000);
  assert.ok((delays[0] ?? 0) <= 300);
  assert.ok((delays[1] ?? 0) <= 500);
  assert.is(new Set(world.effects("connect").map(([, effect]) => JSON.stringify(effect))).size, 3);
});

test("follows a redirect at once, without counting it as a failure", () => {
  const world = setup();
  world.establish();
  world.receive(goodbye("not-owner", "ws://d:9"));
  world.run(150);
  assert.is(world.last("connect")?.endpoint, "ws://d:9");
});

for (const endpoint of [
  "http://d:9",
  "ws://d",
  "ws://d:99999",
  "ws://u:p@d:9",
  "x".repeat(300),
  "wss://d:9",
]) {
  test(`does not follow a redirect to ${endpoint.slice(0, 20)}`, () => {
    const world = setup();
    world.establish();
    world.receive(goodbye("not-owner", endpoint));
    world.run(1_000);
    assert.ok(CONFIG.endpoints.includes(world.last("connect")?.endpoint ?? ""));
  });
}

test("does not run in circles when two aggregators point at each other", () => {
  const world = setup();
  for (let round = 0; round < 30; round++) {
    while (world.session.phase === "disconnected") world.run(20);
    world.step({ kind: "opened" });
    world.receive(goodbye("not-owner", round % 2 === 0 ? "ws://a:1" : "ws://b:1"));
  }
  assert.ok(world.now() > 20_000, `30 redirects took ${world.now()} ms`);
});

test("comes back not before it was told, spread by half as much again", () => {
  const waits = new Set<number>();
  for (let seed = 0; seed < 5; seed++) {
    const world = setup();
    for (let n = 0; n < seed; n++) world.step({ kind: "tick" });
    world.establish();
    world.receive(goodbye("busy", "", 4_000));
    waits.add(world.last("lost")?.retryIn ?? 0);
  }
  for (const wait of waits) assert.ok(wait >= 4_000 && wait <= 6_000);
});

for (const reason of ["version-unsupported", "identity-refused", "replaced"] as const) {
  test(`does not hurry back after ${reason}`, () => {
    const world = setup();
    world.establish();
    world.receive(goodbye(reason));
    assert.ok((world.last("lost")?.retryIn ?? 0) >= 15_000);
  });
}

test("says goodbye to an aggregator of another version", () => {
  const world = setup();
  world.run(300);
  world.step({ kind: "opened" });
  world.receive({ ...WELCOME, version: 2 });
  assert.is(world.last("sendGoodbye")?.reason, "version-unsupported");
  assert.is(world.session.phase, "disconnected");
});

for (const incarnation of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
  test(`refuses a welcome with incarnation ${incarnation}`, () => {
    const world = setup();
    world.run(300);
    world.step({ kind: "opened" });
    world.receive({ ...WELCOME, incarnation: incarnation as Incarnation });
    assert.is(world.session.phase, "disconnected");
    assert.is(world.effects("persist").length, 0);
  });
}

test("takes over higher numbers when its own state was lost", () => {
  const world = setup();
  world.session.startFrom(3);
  world.run(300);
  world.step({ kind: "opened" });
  world.receive({ ...WELCOME, acknowledgedTransition: 500 });
  assert.equal(world.last("raiseTransitions"), { kind: "raiseTransitions", to: 500 });
});

test("says goodbye when it drains, then stops when the socket is closed", () => {
  const world = setup();
  world.establish();
  world.step({ kind: "drain", reason: "shutdown", message: "bye" });
  assert.equal(world.last("sendGoodbye"), {
    kind: "sendGoodbye",
    reason: "shutdown",
    message: "bye",
  });
  assert.is(world.session.phase, "draining");
  world.step({ kind: "closed", reason: "1000" });
  assert.is(world.session.phase, "stopped");
});

test("stops after its bound when the peer never closes, and at once without a session", () => {
  const world = setup();
  world.establish();
  world.step({ kind: "drain", reason: "shutdown", message: "" });
  world.run(700);
  assert.is(world.session.phase, "stopped");
  const idle = setup();
  idle.step({ kind: "drain", reason: "shutdown", message: "" });
  assert.is(idle.session.phase, "stopped");
  assert.is(idle.session.wakeAt(), Number.POSITIVE_INFINITY);
});

test("survives any message in any phase without leaving its states", () => {
  const messages: readonly AggregatorMessage[] = [
    WELCOME,
    { ...WELCOME, version: 9 },
    { kind: "ack", sequence: 4_000_000_000, storeWriteAge: durationMs(0) },
    { kind: "event-ack", transition: Number.MAX_SAFE_INTEGER },
    { kind: "ignored", what: "x" },
    goodbye("unspecified"),
    goodbye("not-owner", "ws://d:9"),
    goodbye("rate-exceeded", "", 60_000),
  ];
  const random = seededRandom(42);
  const pick = (count: number): number => Math.floor(random.next() * count);
  const world = setup();
  let number = 0;
  for (let round = 0; round < 20_000; round++) {
    const message = messages[pick(messages.length)];
    const events: readonly SessionEvent[] = [
      { kind: "tick" },
      { kind: "opened" },
      { kind: "persisted" },
      { kind: "refused" },
      { kind: "closed", reason: "x" },
      { kind: "changed", changes: [change(++number)] },
      ...(message === undefined ? [] : [{ kind: "received" as const, message }]),
    ];
    const event = events[pick(events.length)];
    if (event !== undefined) world.step(event);
    world.jump(pick(400));
    assert.ok(world.session.spooled <= CONFIG.spoolEventsMax);
    world.log.length = 0;
  }
  while (world.session.phase !== "established") {
    world.run(40_000);
    if (world.session.phase === "connecting") world.establish({ acknowledgedTransition: number });
  }
  assert.is(world.session.spooled, 0);
});

test("gives a report the room of an event, so that an aggregator's questions end no session", () => {
  const world = setup();
  const request: AggregatorMessage = {
    kind: "witness-request",
    requestId: 1,
    nodeId: "n2",
    probes: [],
    timeout: durationMs(400),
  };
  world.receive(request);
  world.establish({ framesPerSecondMax: 5 });
  for (let round = 0; round < 99; round++) world.receive(request);
  assert.is(world.effects("look").length, 99);
  world.step(changes(1, 3));
  assert.equal(world.eventsSent(), []);
  world.run(3_000);
  assert.equal(world.eventsSent(), [1, 2, 3]);
});

test.run();
