/** The Node that the packages ship, from its npm package, in a cache folder outside the tree. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

const CACHE = join(homedir(), ".cache", "herdbeat", "node-24");
const PACKAGE = `node-linux-${process.arch}@24`;
const DEADLINE_MS = 180_000;

export interface NodeBinary {
  readonly path: string;
  readonly version: string;
}

/** Throws when the registry does not give it. */
export function node24(say: (text: string) => void): NodeBinary {
  const path = join(CACHE, "bin", "node");
  if (!existsSync(path)) fetchNode(say);
  const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
  return { path, version };
}

function fetchNode(say: (text: string) => void): void {
  say(`fetching ${PACKAGE}`);
  mkdirSync(join(CACHE, ".."), { recursive: true });
  const dir = mkdtempSync(`${CACHE}-`);
  try {
    const options = { cwd: dir, timeout: DEADLINE_MS, stdio: "pipe" } as const;
    execFileSync("npm", ["pack", "--silent", PACKAGE], options);
    const archive = readdirSync(dir).find((name) => name.endsWith(".tgz"));
    if (archive === undefined) throw new Error("npm pack made no archive");
    execFileSync("tar", ["-xzf", archive], options);
    rmSync(CACHE, { recursive: true, force: true });
    renameSync(join(dir, "package"), CACHE);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
