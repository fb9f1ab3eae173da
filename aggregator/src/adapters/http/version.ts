import { readFileSync } from "node:fs";

let known: string | null = null;

/** The package's version; beside `src` and `dist` alike. */
export function productVersion(): string {
  known ??= readVersion();
  return known;
}

function readVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version?: unknown };
  return typeof version === "string" ? version : "unknown";
}
