// `npm run build`: bundles the dashboard when there is one.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const web = join(ROOT, "aggregator", "web");
if (existsSync(join(web, "index.html"))) {
  const vite = join(ROOT, "node_modules", ".bin", "vite");
  const result = spawnSync(vite, ["build", "--logLevel", "warn"], { cwd: web, stdio: "inherit" });
  process.exitCode = result.status ?? 1;
}
