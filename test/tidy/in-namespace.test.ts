// deadline: 180s
// needs: network
// What ends a program that works in a namespace ends all of it, and in good order.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { eventually } from "../support/eventually.ts";
import { noNamespaceBecause } from "../support/in-namespace.ts";
import { startProcess } from "../support/processes.ts";
import { onlyWith } from "../support/skip.ts";
import { suite } from "../support/suite.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const test = suite("in-namespace");
const run = onlyWith(test, "needs-netns", noNamespaceBecause() === null);

const PROGRAM = fileURLToPath(new URL("../fixtures/in-namespace/program.ts", import.meta.url));

for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
  run(
    `${signal} of the outer process alone ends the inner one, which cleans up`,
    async () => {
      const dir = makeTempDir("in-namespace");
      const left = join(dir.path, "left");
      const environment = { ...process.env };
      delete environment["HERDBEAT_IN_NAMESPACE"];
      const outer = startProcess(process.execPath, [...process.execArgv, PROGRAM, left], {
        env: environment,
      });
      try {
        const inner = await eventually(
          () => Number(/working as (\d+)/.exec(outer.output())?.[1] ?? 0) || null,
          { withinMs: 40_000, what: `the inner process in: ${outer.output()}` },
        );
        assert.is.not(inner, outer.pid);
        process.kill(outer.pid, signal);
        await eventually(() => existsSync(left) && !existsSync(`/proc/${inner}`), {
          withinMs: 5_000,
          what: "the end of the inner process",
        });
        await outer.ended;
      } finally {
        await outer.stop(0);
        dir.remove();
      }
    },
    60_000,
  );
}

test.run();
