import type { Condition } from "@herdbeat/agent/core/condition";
import { isEndpoint } from "@herdbeat/agent/core/reconnect-plan";
import { TransitionNumbers } from "@herdbeat/agent/core/transition-numbers";
import { selectWholeList } from "@herdbeat/agent/core/whole-list";
import type { AgentState, StateStore } from "@herdbeat/agent/ports/state-store";
import { AgentMemory } from "@herdbeat/agent/runtime/agent-memory";
import type { BootId, Incarnation, MonitorName, SessionEpoch } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { seededRandom } from "@herdbeat/shared/random";
import { monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("numbers-and-lists");

test("never uses a number twice, however often it is killed between saves", () => {
  const random = seededRandom(3);
  const used = new Set<number>();
  let stored = 0;
  for (let life = 0; life < 300; life++) {
    const numbers = new TransitionNumbers(stored);
    stored = numbers.wantedCeiling;
    numbers.persisted(stored);
    for (let change = 0; change < random.next() * 700; change++) {
      const number = numbers.next();
      assert.not.ok(used.has(number), `${number} twice`);
      used.add(number);
      // The disk takes a new ceiling with some delay, well within the block that is left.
      if (numbers.needsSave && random.next() < 0.5) {
        stored = numbers.wantedCeiling;
        numbers.persisted(stored);
      }
    }
  }
});

function store(initial: AgentState | null) {
  const saved: AgentState[] = [];
  const it: StateStore = {
    load: () => ({ state: saved.at(-1) ?? initial, damaged: null }),
    save: (state) => {
      saved.push(state);
      return Promise.resolve();
    },
  };
  return { it, saved };
}

test("starts with the wall clock as incarnation and keeps what a session assigns", async () => {
  const { it, saved } = store(null);
  const memory = new AgentMemory(it, "b" as BootId, unixMs(1_700_000_000_500), silentLogger);
  assert.is(memory.incarnation, 1_700_000_000);
  await memory.adopt({
    incarnation: 1_700_000_001 as Incarnation,
    sessionEpoch: 4 as SessionEpoch,
  });
  assert.equal(saved, [
    { incarnation: 1_700_000_001, sessionEpoch: 4, lastTransition: 256, bootId: "b" },
  ]);
  const again = new AgentMemory(it, "b" as BootId, unixMs(0), silentLogger);
  assert.is(again.incarnation, 1_700_000_001);
  assert.is(again.nextTransition(), 257);
});

test("does not write again what is already on disk", async () => {
  const { it, saved } = store(null);
  const memory = new AgentMemory(it, "b" as BootId, unixMs(0), silentLogger);
  await memory.save();
  await memory.adopt({ incarnation: memory.incarnation, sessionEpoch: memory.sessionEpoch });
  assert.is(saved.length, 1);
});

function condition(subject: string, status: Condition["status"], message = "m"): Condition {
  return {
    monitor: "guests" as MonitorName,
    subject,
    status,
    failureClass: "guest-crashed",
    reason: "R",
    message,
    since: monotonicMs(0),
    transition: 0,
    attributes: { project: "p".repeat(50) },
  };
}

test("puts problems first, shortens, and leaves out what is ok before what is not", () => {
  const list = [
    ...Array.from({ length: 400 }, (_, index) => condition(`ok-${index}`, "ok", "x".repeat(200))),
    ...Array.from({ length: 20 }, (_, index) =>
      condition(`bad-${index}`, "problem", "x".repeat(200)),
    ),
  ];
  const { conditions, isWhole, left } = selectWholeList(list, 16_384, monotonicMs(5));
  assert.is(isWhole, true);
  assert.ok(left > 0);
  assert.is(conditions.filter(({ status }) => status === "problem").length, 20);
  assert.equal(conditions[0]?.subject, "bad-0");
});

test("is not whole when even the problems do not fit", () => {
  const list = Array.from({ length: 2_000 }, (_, index) => condition(`bad-${index}`, "unknown"));
  const { isWhole, left, conditions } = selectWholeList(list, 65_536, monotonicMs(5));
  assert.is(isWhole, false);
  assert.is(left + conditions.length, 2_000);
});

const endpoints: readonly (readonly [string, boolean])[] = [
  ["wss://aggregator-1.example:7341", true],
  ["ws://192.0.2.1:7341/", true],
  ["wss://[2001:db8::1]:7341", true],
  ["wss://host", false],
  ["wss://host:0", false],
  ["wss://host:65536", false],
  ["https://host:1", false],
  ["wss://host:1/path", false],
  ["wss://user@host:1", false],
  ["wss://ho st:1", false],
  [`wss://${"a".repeat(300)}:1`, false],
];

for (const [text, expected] of endpoints) {
  test(`${expected ? "takes" : "refuses"} the endpoint ${text.slice(0, 40)}`, () => {
    assert.is(isEndpoint(text), expected);
  });
}

test.run();
