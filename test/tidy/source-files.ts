// The files of this repository that the tidy tests look at.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

const BINARY = /\.(?:bin|png|ico|gz|woff2|pcap)$/;
const UNREAD_FOLDERS: ReadonlySet<string> = new Set([".git", "node_modules", "dist", ".cache"]);

/** Everything that is or would be committed; without git, everything below the root. */
export function trackedPaths(): string[] {
  const git = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 50_000_000,
  });
  const paths = git.status === 0 ? git.stdout.split("\0") : [...walk("")];
  return paths.filter((path) => path !== "" && isFile(path)).sort();
}

export function textFiles(): SourceFile[] {
  return trackedPaths()
    .filter((path) => !BINARY.test(path))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

function isFile(path: string): boolean {
  return statSync(join(ROOT, path), { throwIfNoEntry: false })?.isFile() ?? false;
}

function* walk(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    if (UNREAD_FOLDERS.has(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* walk(path);
    else yield path;
  }
}
