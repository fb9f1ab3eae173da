// Skipping a test, loudly and for a reason on the closed list only.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import type { SkipReason } from "../tools/skip-reasons.mjs";
import type { Suite } from "./suite.ts";

export type { SkipReason } from "../tools/skip-reasons.mjs";

type Register = (...test: Parameters<Suite>) => void;

/**
 * A registration function for tests that need something. Where it is missing, they count as skipped
 * and the reason is printed in the form that the runner reads.
 *
 *     const asRoot = onlyWith(test, "needs-root", isRoot());
 *     asRoot("opens a raw socket", async () => { ... });
 */
export function onlyWith(test: Suite, reason: SkipReason, isPresent: boolean): Register {
  if (isPresent) return test;
  return () => {
    console.log(`skip-reason: ${reason}`);
    test.skip();
  };
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0;
}

/** Whether a program is on the path or, because plain users' paths leave it out, in an sbin folder. */
export function hasCommand(name: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => folder !== "" && existsSync(`${folder}/${name}`));
}

/** Whether network namespaces may be made here; containers often forbid it even to root. */
export function canMakeNamespaces(): boolean {
  return (
    isRoot() &&
    hasCommand("ip") &&
    spawnSync("unshare", ["--net", "true"], { stdio: "ignore", timeout: 5_000 }).status === 0
  );
}
