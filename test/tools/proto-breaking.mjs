// `npm run proto:breaking`: compares the wire definitions with those of the last release.
//
// Before the first release tag there is nothing to be compatible with, and a shallow clone may lack
// the tags; the golden bytes in proto/golden/ hold in both cases.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const described = spawnSync("git", ["describe", "--tags", "--abbrev=0", "--match=v*"], {
  cwd: ROOT,
  encoding: "utf8",
});
const tag = described.stdout.trim();
if (described.status !== 0 || tag === "") {
  console.log("skipped: no release to compare the wire definitions with");
} else {
  const against = `${join(ROOT, ".git")}#tag=${tag},subdir=proto`;
  const buf = join(ROOT, "node_modules", ".bin", "buf");
  const result = spawnSync(buf, ["breaking", "--against", against], {
    cwd: join(ROOT, "proto"),
    stdio: "inherit",
  });
  process.exitCode = result.status ?? 1;
}
