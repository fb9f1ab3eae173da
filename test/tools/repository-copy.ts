// A copy of the sources that runs by itself, to be broken on purpose.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ROOT } from "./invariants.ts";

const WORKSPACES = ["agent", "aggregator", "proto", "shared", "test"];
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "dist", ".git", ".cache"]);

/**
 * Copies the sources. Installed packages are linked, but our own must resolve to the copy, so the
 * copy gets a node_modules of its own that links entry by entry.
 */
export function copyRepository(target: string): void {
  for (const name of ["package.json", "package-lock.json", "tsconfig.base.json", ...WORKSPACES])
    cpSync(join(ROOT, name), join(target, name), {
      recursive: true,
      filter: (source) => !LEFT_OUT.has(basename(source)),
    });
  linkPackages(join(ROOT, "node_modules"), join(target, "node_modules"));
  for (const workspace of WORKSPACES) {
    const nested = join(ROOT, workspace, "node_modules");
    linkPackages(nested, join(target, workspace, "node_modules"));
  }
  const ours = join(target, "node_modules", "@herdbeat");
  rmSync(ours, { force: true, recursive: true });
  mkdirSync(ours, { recursive: true });
  for (const workspace of WORKSPACES) symlinkSync(join(target, workspace), join(ours, workspace));
}

function linkPackages(from: string, to: string): void {
  let names: string[];
  try {
    names = readdirSync(from);
  } catch {
    // A workspace without packages of its own has no such folder.
    return;
  }
  mkdirSync(to, { recursive: true });
  for (const name of names) {
    if (name.startsWith(".") && name !== ".bin") continue;
    const link = join(to, name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(from, name), link);
  }
}
