// deadline: 180s
// needs: store network
// The bench itself, with a few deaths: what it prints is what benches promise, and nothing is false.
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { noNamespaceBecause } from "../../support/in-namespace.ts";
import { startProcess, withProcess } from "../../support/processes.ts";
import { onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";

const test = suite("silent-death");
const run = onlyWith(test, "needs-netns", noNamespaceBecause() === null);

const MAIN = fileURLToPath(new URL("../../bench/main.ts", import.meta.url));
const TRIALS = 5;
/** Of so few nodes two that are out at once are an outage, told as one: deaths do not overlap. */
const GAP_S = "7";
/** Alone on a machine it is 3.1 s at the most; a busy one may be late, but not by this much. */
const LATEST_MS = 6_000;

run(
  "every silent death is declared to the receiver, and nothing else is",
  async () => {
    const dir = makeTempDir("bench");
    const options = [
      "--json",
      "--out",
      dir.path,
      "--trials",
      String(TRIALS),
      "--nodes",
      "5",
      "--gap",
      GAP_S,
    ];
    const bench = startProcess(process.execPath, [
      ...process.execArgv,
      MAIN,
      "silent-death",
      ...options,
    ]);
    await withProcess(bench, async () => {
      const { code } = await bench.ended;
      const text = bench.output();
      assert.is(code, 0, text);
      const line = text.trim().split("\n").at(-1) ?? "";
      const result = JSON.parse(line) as Readonly<Record<string, number | string | null>>;
      console.log(`measured: silent death p50 ${result["p50Ms"]} ms, max ${result["maxMs"]} ms`);
      assert.equal(
        [result["trials"], result["undeclared"], result["falseDeclarations"]],
        [TRIALS, 0, 0],
      );
      assert.is(result["closesSeenByAggregator"], 0);
      assert.ok(Number(result["dropRuleHits"]) > 0);
      assert.ok(Number(result["maxMs"]) <= LATEST_MS);
      assert.is(result["commitP50Ms"], null);
      assert.match(String(result["rawSha256"]), /^[0-9a-f]{64}$/);
    });
    dir.remove();
  },
  170_000,
);

test.run();
