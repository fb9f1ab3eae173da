import { parseProcessStat } from "@herdbeat/agent/adapters/procfs/processes";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("processes");

/** A line of /proc/<pid>/stat, Linux 6.1; see proc_pid_stat(5). */
function stat(name: string, state: string, exitCode: number): string {
  const after = `1 4711 4711 0 -1 4194624 5000 0 12 0 1234 56 0 0 20 0 4 0 889900 900000000 35000 `;
  const more = `18446744073709551615 1 1 0 0 0 0 268444224 4096 2147171323 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 `;
  return `4711 (${name}) ${state} ${after}${more}${exitCode}\n`;
}

for (const name of ["qemu-system-x86", "a b", "evil) Z 1 (", ")", ""]) {
  test(`reads a process named ${JSON.stringify(name)}`, () => {
    assert.equal(parseProcessStat(stat(name, "S", 0)), {
      state: "S",
      startTicks: 889_900,
      cpuTicks: 1_290,
      killedBy: 0,
    });
  });
}

for (const [exitCode, killedBy] of [
  [9, 9],
  [139, 11],
  [256, 0],
  [0, 0],
] as const) {
  test(`reads signal ${killedBy} from the exit code ${exitCode}`, () => {
    assert.is(parseProcessStat(stat("qemu", "Z", exitCode))?.killedBy, killedBy);
  });
}

for (const text of ["", "4711", "4711 (qemu)", "4711 (qemu) S 1 2 3"]) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.is(parseProcessStat(text), null);
  });
}

test.run();
