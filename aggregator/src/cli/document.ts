/** Reading answers of a server that may be older or newer than this herdctl: nothing is taken for granted. */

export type Document = Readonly<Record<string, unknown>>;

export function asDocument(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Document)
    : {};
}

export function documentsOf(value: unknown): readonly Document[] {
  return Array.isArray(value) ? value.map(asDocument) : [];
}

/** The member's text; lists are joined, absent and null members are empty. */
export function textOf(document: Document, name: string): string {
  return plainText(document[name]);
}

export function plainText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.map(plainText).join(",");
  return Object.entries(value)
    .map(([name, each]) => `${name}=${plainText(each)}`)
    .join(",");
}

export function numberOf(document: Document, name: string): number | null {
  const value = document[name];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these would steer the terminal.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** Text that others chose must not move the cursor, change colours or turn the writing direction. */
export function harmless(text: string): string {
  return text.replaceAll(UNSAFE, (character) => (/\s/.test(character) ? " " : "\u00b7"));
}

/** The same for text inside a quoted JSON or YAML string, without changing its meaning. */
export function escapeUnsafe(quoted: string): string {
  return quoted.replaceAll(UNSAFE, (character) =>
    character === "\n" ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
