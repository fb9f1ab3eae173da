import type { Field } from "./bench.ts";

/** Name and value, aligned; nested objects as JSON. */
export function fieldTable(fields: Readonly<Record<string, Field>>): string {
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields)
    .map(([name, value]) => {
      const text =
        typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
      return `${name.padEnd(width)}  ${text}`;
    })
    .join("\n");
}
