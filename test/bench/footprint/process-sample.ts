/** What all processes of a program use, from /proc. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { processTree } from "../lib/process-tree.ts";

export interface ProcessSample {
  readonly pid: number;
  /** The script that it runs. */
  readonly what: string;
  readonly cpuMs: number;
  readonly rssKiB: number;
  readonly anonKiB: number;
  readonly threads: number;
}

const TICKS_PER_SECOND = Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));

/** One per living process, the program's first one first. */
export function sampleTree(root: number): readonly ProcessSample[] {
  return processTree(root).flatMap((pid) => sampleProcess(pid) ?? []);
}

/** Also the time of children that are over: theirs is added to their parent's. */
function sampleProcess(pid: number): ProcessSample | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const script = words.slice(1).find((word) => /\.[mc]?[jt]s$/.test(word)) ?? words[0] ?? "";
    return {
      pid,
      what: script.split("/").slice(-2).join("/") || basename(script),
      cpuMs: (ticks * 1_000) / TICKS_PER_SECOND,
      rssKiB: kibOf(status, "VmRSS"),
      anonKiB: kibOf(status, "RssAnon"),
      threads: kibOf(status, "Threads"),
    };
  } catch {
    // It ended between two looks.
    return null;
  }
}

function kibOf(status: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
}

/** In MiB; what is only ours and what is shared, by the kernel's own sums. */
export function memoryMap(pid: number): { readonly pssMiB: number; readonly privateMiB: number } {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  const mib = (name: string): number => kibOf(text, name) / 1_024;
  const privateMiB = mib("Private_Clean") + mib("Private_Dirty");
  return { pssMiB: mib("Pss"), privateMiB };
}
