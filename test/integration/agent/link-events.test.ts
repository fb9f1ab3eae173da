// The kernel's link events through `ip monitor`: it ends, it is missing, its parent is killed.
import { existsSync, readFileSync } from "node:fs";
import { IpMonitor } from "@herdbeat/agent/adapters/iproute/link-events";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess } from "../../support/processes.ts";
import { suite } from "../../support/suite.ts";

const test = suite("link-events");
const wait = { withinMs: 20_000, everyMs: 20 };

/** Children of a process that run `ip monitor`. */
function monitors(parent: number): readonly number[] {
  const text = readFileSync(`/proc/${parent}/task/${parent}/children`, "utf8");
  return text
    .split(" ")
    .filter((pid) => pid.trim() !== "")
    .map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("monitor\0link"));
}

function newMonitor(command?: readonly [string, ...string[]]): IpMonitor {
  const deps = { timers: systemTimers, random: systemRandom, logger: silentLogger };
  return new IpMonitor(command === undefined ? deps : { ...deps, command });
}

test("is live, is not while its program is gone, and starts it again", async () => {
  const events = newMonitor();
  events.start(() => {});
  await eventually(() => events.isLive, wait);
  const [first] = monitors(process.pid);
  assert.type(first, "number");
  process.kill(first ?? 0, "SIGKILL");
  await eventually(() => !events.isLive, wait);
  await eventually(() => events.isLive, wait);
  assert.is.not(monitors(process.pid)[0], first);
  events.stop();
  await eventually(() => monitors(process.pid).length === 0, wait);
});

test("is never live without its program, and says so once", async () => {
  let warnings = 0;
  const events = new IpMonitor({
    timers: systemTimers,
    random: systemRandom,
    logger: {
      ...silentLogger,
      warn: () => {
        warnings += 1;
      },
    },
    command: ["/nonexistent/ip"],
  });
  events.start(() => {});
  await eventually(() => warnings === 1, wait);
  assert.is(events.isLive, false);
  events.stop();
});

test("leaves no program behind when the process that started it is killed", async () => {
  const code = `
    import { IpMonitor } from "@herdbeat/agent/adapters/iproute/link-events";
    import { silentLogger as logger } from "@herdbeat/shared/logger";
    import { systemTimers as timers } from "@herdbeat/shared/system-clock";
    import { systemRandom as random } from "@herdbeat/shared/system-random";
    new IpMonitor({ timers, random, logger }).start(() => {});
    setInterval(() => {}, 1000);`;
  const args = [...process.execArgv, "--input-type=module", "--eval", code];
  const parent = startProcess(process.execPath, args);
  const pid = await eventually(() => monitors(parent.pid)[0], wait);
  process.kill(parent.pid, "SIGKILL");
  await eventually(() => !existsSync(`/proc/${pid}`), wait);
});

test.run();
