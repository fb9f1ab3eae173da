import {
  LIVENESS_DEFAULTS,
  type LivenessConfig,
  type LivenessEvent,
  newLiveness,
  stepLiveness,
} from "@herdbeat/agent/core/daemon-liveness";
import { daemonFinding } from "@herdbeat/agent/monitors/libvirt-daemon";
import { durationMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("daemon-liveness");

const answered: LivenessEvent = { kind: "answered", answeredIn: durationMs(1) };
const connected: LivenessEvent = { kind: "connected" };
const tick: LivenessEvent = { kind: "tick" };
const lost: LivenessEvent = { kind: "lost", detail: "" };
const refused: LivenessEvent = { kind: "refused", detail: "ECONNREFUSED" };
const absent: LivenessEvent = { kind: "absent", detail: "no socket" };

/** Kinds of state after each event, given as [time, event]. */
function run(
  events: readonly (readonly [number, LivenessEvent])[],
  config: LivenessConfig = LIVENESS_DEFAULTS,
): string {
  let state = newLiveness(monotonicMs(0));
  for (const [at, event] of events) state = stepLiveness(state, event, monotonicMs(at), config);
  return state.daemon.kind;
}

/** A tick every 500 ms from `from` to `to`. */
function ticks(from: number, to: number): readonly (readonly [number, LivenessEvent])[] {
  const events: (readonly [number, LivenessEvent])[] = [];
  for (let at = from; at <= to; at += 500) events.push([at, tick]);
  return events;
}

const upAtOne: readonly (readonly [number, LivenessEvent])[] = [
  [0, connected],
  [1, answered],
];

test("is up once something was answered", () => {
  assert.is(run([[0, connected]]), "unknown");
  assert.is(run(upAtOne), "up");
});

test("is hung after two seconds of silence, and up with the next answer", () => {
  assert.is(run([...upAtOne, ...ticks(500, 1_500)]), "up");
  assert.is(run([...upAtOne, ...ticks(500, 2_500)]), "hung");
  assert.is(run([...upAtOne, ...ticks(500, 2_500), [2_600, answered]]), "up");
});

test("is hung when it accepts from the start and never answers", () => {
  assert.is(run([[0, connected], ...ticks(500, 2_500)]), "hung");
  assert.is(run([[0, { kind: "busy" }], ...ticks(500, 2_500)]), "hung");
});

test("does not take its own stall for the daemon's silence", () => {
  assert.is(run([...upAtOne, [60_000, tick]]), "up");
});

test("is down as soon as nobody accepts after a loss", () => {
  assert.is(run([...upAtOne, [100, lost], [101, refused]]), "down");
});

test("is not down when socket activation answers at once", () => {
  assert.is(run([...upAtOne, [100, lost], [101, connected], [250, tick], [300, answered]]), "up");
});

test("is down when the successor accepts but does not answer, and hung only much later", () => {
  const restarting = [...upAtOne, [100, lost], [101, connected], [500, tick]] as const;
  assert.is(run(restarting), "down");
  assert.is(run([...restarting, ...ticks(1_000, 10_000)]), "down");
  assert.is(run([...restarting, ...ticks(1_000, 16_000)]), "hung");
});

test("knows nothing of a machine without a socket, unless a daemon was seen or is expected", () => {
  assert.is(run([[0, absent]]), "unknown");
  assert.is(run([[0, absent]], { ...LIVENESS_DEFAULTS, isExpected: true }), "down");
  assert.is(run([...upAtOne, [100, lost], [101, absent]]), "down");
});

test("is down where a socket was left behind by a dead daemon", () => {
  assert.is(run([[0, refused]]), "down");
});

test("can not tell where it may not connect", () => {
  assert.is(run([[0, { kind: "forbidden", detail: "EACCES" }]]), "unknown");
});

test("says why it can not tell, so that the reason is told when it changes", () => {
  const whyAfter = (...events: readonly LivenessEvent[]): string => {
    let state = newLiveness(monotonicMs(0));
    for (const event of events)
      state = stepLiveness(state, event, monotonicMs(1), LIVENESS_DEFAULTS);
    return daemonFinding(state.daemon).reason;
  };
  assert.is(whyAfter(), "NotLooked");
  assert.is(whyAfter(absent), "NeverSeen");
  assert.is(whyAfter({ kind: "forbidden", detail: "EACCES" }), "NotAllowed");
  assert.is(whyAfter({ kind: "forbidden", detail: "EACCES" }, absent), "NeverSeen");
});

test.run();
