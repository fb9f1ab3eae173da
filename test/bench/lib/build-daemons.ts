/** What runs under measurement is what `tsc -b` makes of the tree as it is. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

export function buildDaemons(say: (text: string) => void): void {
  say("building agent and aggregator");
  const tsc = `${ROOT}/node_modules/.bin/tsc`;
  const { status, stdout } = spawnSync(tsc, ["-b", "agent", "aggregator"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the build fails:\n${stdout}`);
}
