import {
  type ProbeEnd,
  type Questioner,
  runProbe,
  type Word,
} from "@herdbeat/agent/adapters/witness/attempts";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";
import { VirtualTime } from "../../../../support/virtual-time.ts";

const test = suite("attempts");

/** A probe of 900 ms; `answers` holds what comes for each attempt, and how much later. */
function setup(answers: readonly (readonly [word: Word, afterMs: number] | null)[]) {
  const time = new VirtualTime(unixMs(0));
  const asked: number[] = [];
  const ends: (readonly [at: number, outcome: ProbeEnd["outcome"]])[] = [];
  let isClosed = false;
  const probe = runProbe(
    (heard): Questioner => ({
      ask() {
        const answer = answers[asked.length] ?? null;
        asked.push(time.clock.now());
        if (answer === null) return;
        time.timers.after(durationMs(answer[1]), () => heard(answer[0]));
      },
      close() {
        assert.is(isClosed, false);
        isClosed = true;
      },
    }),
    durationMs(900),
    time.timers,
  );
  void probe.ended.then(({ outcome }) => ends.push([time.clock.now(), outcome]));
  return { time, asked, ends, probe, isClosed: () => isClosed };
}

for (const [what, answers, asked, end] of [
  ["silence", [], [0, 300, 600], [900, "timeout"]],
  ["an answer", [["answered", 20]], [0], [20, "answered"]],
  ["one lost packet", [null, ["refused", 20]], [0, 300], [320, "refused"]],
  ["two lost packets", [null, null, ["answered", 20]], [0, 300, 600], [620, "answered"]],
  ["a late answer to the first", [["answered", 700]], [0, 300, 600], [700, "answered"]],
  ["nobody there", [["unreachable", 9], null, null], [0, 300, 600], [900, "unreachable"]],
  [
    "nobody there, then an answer",
    [
      ["unreachable", 9],
      ["refused", 9],
    ],
    [0, 300],
    [309, "refused"],
  ],
  [
    "an attempt that never left",
    [["error", 0], ["unreachable", 9], null],
    [0, 300, 600],
    [900, "error"],
  ],
  [
    "an error, then an answer",
    [["error", 0], null, ["answered", 9]],
    [0, 300, 600],
    [609, "answered"],
  ],
] as const) {
  test(`makes ${end[1]} of ${what}`, async () => {
    const world = setup(answers);
    await world.time.advance(5_000);
    assert.equal([world.asked, world.ends, world.isClosed()], [asked, [end], true]);
  });
}

test("ends as an error when it is cancelled, once, and asks no more", async () => {
  const world = setup([]);
  await world.time.advance(100);
  world.probe.cancel();
  world.probe.cancel();
  await world.time.advance(5_000);
  assert.equal([world.asked, world.ends, world.isClosed()], [[0], [[100, "error"]], true]);
});

test.run();
