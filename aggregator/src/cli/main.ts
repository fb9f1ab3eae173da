#!/usr/bin/env node
/** The process of herdctl. */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { runHerdctl } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const terminal: Terminal = {
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  environment: process.env,
  isTerminal: process.stdout.isTTY === true,
  ask,
  readFile: readIfPresent,
};

async function ask(question: string): Promise<string | null> {
  if (process.stdin.isTTY !== true) return null;
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await reader.question(question);
  } finally {
    reader.close();
  }
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === "ENOENT") return null;
    throw error;
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}

// `herdctl node list | head` ends the pipe early, which is not an error.
process.stdout.on("error", () => process.exit(0));
process.exitCode = await runHerdctl(process.argv.slice(2), terminal, packageVersion());
