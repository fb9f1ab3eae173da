import type { ConditionStatus, Finding } from "@herdbeat/agent/core/condition";
import { ConditionTable } from "@herdbeat/agent/core/condition-table";
import { OwnLag } from "@herdbeat/agent/core/own-lag";
import type { Monitor } from "@herdbeat/agent/ports/monitor";
import { MonitorRunner } from "@herdbeat/agent/runtime/monitor-runner";
import type { MonitorName } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("monitor-runner");

function finding(status: ConditionStatus): Finding {
  return { subject: "s", status, failureClass: "nic-down", reason: status, message: "" };
}

function monitor(name: string, more: Partial<Monitor>): Monitor {
  return {
    name: name as MonitorName,
    interval: durationMs(1_000),
    timeout: durationMs(500),
    hysteresis: { problemAfter: 1, okAfter: 1 },
    failureClass: "nic-down",
    probe: () => Promise.resolve([finding("ok")]),
    ...more,
  };
}

async function setup(...monitors: readonly Monitor[]) {
  const time = new VirtualTime(unixMs(0));
  const events: string[] = [];
  let number = 0;
  const ownLag = new OwnLag();
  const table = new ConditionTable({
    nextTransition: () => ++number,
    expected: monitors.map(({ name }) => name),
  });
  const runner = new MonitorRunner({
    monitors,
    table,
    ownLag,
    clock: time.clock,
    timers: time.timers,
    logger: silentLogger,
    metrics: silentMetrics,
    onTick: () => {},
    onSecond: () => {},
    onChanges: (changes) => {
      for (const { condition } of changes) {
        events.push(
          `${time.clock.now()} ${condition.monitor} ${condition.status} ${condition.reason}`,
        );
      }
    },
  });
  await runner.start();
  return { time, events, table, runner, ownLag };
}

test("probes every monitor at its interval", async () => {
  let probes = 0;
  const { time } = await setup(
    monitor("a", {
      probe: () => {
        probes += 1;
        return Promise.resolve([finding("ok")]);
      },
    }),
  );
  await time.advance(10_100);
  assert.is(probes, 11);
});

test("makes an overdue probe unknown, aborts it, and never starts a second one beside it", async () => {
  let running = 0;
  let aborted = false;
  const { time, events } = await setup(
    monitor("stuck", {
      probe: (signal) => {
        running += 1;
        signal.addEventListener("abort", () => {
          aborted = true;
        });
        return new Promise(() => {});
      },
    }),
    monitor("fine", {}),
  );
  await time.advance(30_000);
  assert.is(running, 1);
  assert.is(aborted, true);
  assert.equal(events, ["501 stuck unknown ProbeTimeout"]);
});

test("takes a late answer for none, and probes again after it", async () => {
  let answer: (findings: readonly Finding[]) => void = () => {};
  let probes = 0;
  const { time, events } = await setup(
    monitor("slow", {
      probe: () => {
        probes += 1;
        return probes === 1
          ? new Promise((resolve) => {
              answer = resolve;
            })
          : Promise.resolve([finding("ok")]);
      },
    }),
  );
  await time.advance(5_000);
  answer([finding("problem")]);
  await time.advance(1_000);
  assert.is(probes >= 2, true);
  assert.equal(events, ["501 slow unknown ProbeTimeout", "5001 slow ok SubjectGone"]);
});

test("isolates a monitor that throws, rejects, or cannot start", async () => {
  const fail = (): never => {
    throw new Error("broken");
  };
  const { time, events, table } = await setup(
    monitor("throws", { probe: fail }),
    monitor("rejects", { probe: () => Promise.reject(new Error("no")) }),
    monitor("no-start", { start: fail }),
    monitor("fine", {}),
  );
  await time.advance(3_000);
  assert.is(events.filter((event) => event.includes("fine")).length, 0);
  assert.equal(
    table.all().map(({ monitor: name, reason }) => `${name} ${reason}`),
    ["no-start ok", "throws ProbeFailed", "rejects ProbeFailed", "fine ok"],
  );
});

test("probes at once when a monitor wakes it, and once more when woken during a probe", async () => {
  let wake = (): void => {};
  let state: ConditionStatus = "ok";
  const { time, events } = await setup(
    monitor("woken", {
      interval: durationMs(60_000),
      start: (wakeRunner) => {
        wake = wakeRunner;
        return Promise.resolve();
      },
      probe: () => Promise.resolve([finding(state)]),
    }),
  );
  await time.advance(1_234);
  state = "problem";
  wake();
  await time.advance(1);
  assert.equal(events, ["1234 woken problem problem"]);
});

test("polls as often as asked and probes within one poll of a change", async () => {
  let isDown = false;
  let polls = 0;
  const { time, events } = await setup(
    monitor("polled", {
      interval: durationMs(60_000),
      pollInterval: () => durationMs(200),
      poll: () => {
        polls += 1;
        return isDown;
      },
      probe: () => Promise.resolve([finding(isDown ? "problem" : "ok")]),
    }),
  );
  await time.advance(10_000);
  assert.ok(polls >= 49 && polls <= 51, `${polls} polls`);
  isDown = true;
  await time.advance(200);
  assert.is(events.length, 1);
});

test("takes a poll that throws for a change", async () => {
  let probes = 0;
  const { time } = await setup(
    monitor("throws", {
      interval: durationMs(60_000),
      poll: () => {
        throw new Error("gone");
      },
      probe: () => {
        probes += 1;
        return Promise.resolve([]);
      },
    }),
  );
  await time.advance(1_000);
  assert.ok(probes > 5);
});

test("says nothing more after it was stopped", async () => {
  const { time, events, runner } = await setup(
    monitor("late", { probe: () => new Promise(() => {}) }),
  );
  await runner.stop();
  await time.advance(10_000);
  assert.equal(events, []);
});

test("what is due is probed at the first tick of a second, the rest of it is polled only", async () => {
  const at: number[] = [];
  let polls = 0;
  const probed = monitor("slow", {
    probe: () => {
      at.push(time.clock.now());
      return Promise.resolve([finding("ok")]);
    },
  });
  const polled = monitor("polled", {
    interval: durationMs(5_000),
    pollInterval: () => durationMs(200),
    poll: () => {
      polls += 1;
      return false;
    },
  });
  const { time, runner } = await setup(probed, polled);
  const start = time.clock.now();
  await time.advance(1_300);
  // Heartbeats begin here: from now on seconds begin with them.
  runner.alignTo(time.clock.now());
  await time.advance(3_000);
  const after = at.map((one) => one - start);
  assert.ok(Math.abs((after[0] ?? 0) - 1_000) < 20, after.join(" "));
  assert.ok(polls >= 18 && polls <= 23, `${polls} polls`);
  for (const one of after.slice(2)) assert.ok((one - 1_300) % 1_000 < 20, after.join(" "));
  assert.ok(after.length >= 4, after.join(" "));
  for (const [index, one] of after.entries())
    assert.ok(one - (after[index - 1] ?? one) <= 1_050, after.join(" "));
});

test.run();
