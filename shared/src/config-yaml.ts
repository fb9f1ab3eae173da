/**
 * A configuration layer from a parsed YAML document. This package imports no YAML parser: the caller
 * hands over what `parseDocument(text, { keepSourceTokens: false })` of the `yaml` package made,
 * of which only the shape below is used.
 */
import type { ConfigLayer, ConfigPath } from "./config-table.ts";

export interface YamlDocument {
  readonly contents: unknown;
  readonly errors: readonly { readonly message: string; readonly pos: readonly number[] }[];
  toJS(options?: { readonly maxAliasCount: number }): unknown;
}

/** Aliases are refused altogether: a configuration needs none, and they can be made to explode. */
const ALIASES_MAX = 0;

/** The layer, or what is wrong with the text. */
export function yamlLayer(
  file: string,
  text: string,
  document: YamlDocument,
): { readonly layer: ConfigLayer | null; readonly problems: readonly string[] } {
  if (document.errors.length > 0) {
    return {
      layer: null,
      problems: document.errors.map((error) => {
        const message = error.message.split("\n", 1)[0] ?? "";
        return `${place(file, text, error.pos[0] ?? 0)}: ${message.replace(/ at line \d+, column \d+:?$/, "")}`;
      }),
    };
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return {
      layer: null,
      problems: [`${file}: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
  const locate = (path: ConfigPath): string => place(file, text, offsetOf(document.contents, path));
  return { layer: { name: file, value, locate }, problems: [] };
}

interface YamlNode {
  readonly items?: readonly unknown[];
  readonly range?: readonly number[] | null;
  readonly key?: unknown;
  readonly value?: unknown;
}

/** Offset of the key (in maps) or item (in lists) at `path`; as far down as the path exists. */
function offsetOf(contents: unknown, path: ConfigPath): number {
  let node = contents as YamlNode | null | undefined;
  let offset = node?.range?.[0] ?? 0;
  for (const segment of path) {
    const items = node?.items ?? [];
    if (typeof segment === "number") {
      node = items[segment] as YamlNode | undefined;
      offset = node?.range?.[0] ?? offset;
      continue;
    }
    const pair = (items as readonly YamlNode[]).find((item) => keyOf(item) === segment);
    if (pair === undefined) return offset;
    offset = (pair.key as YamlNode | undefined)?.range?.[0] ?? offset;
    node = pair.value as YamlNode | undefined;
  }
  return offset;
}

function keyOf(pair: YamlNode | null | undefined): string {
  const key = pair?.key;
  return String(typeof key === "object" && key !== null ? (key as YamlNode).value : key);
}

function place(file: string, text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `${file}:${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}
