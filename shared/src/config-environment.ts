import {
  type ConfigKey,
  type ConfigLayer,
  type ConfigNode,
  configTree,
  type ScalarType,
} from "./config-table.ts";
import { nearestWord } from "./nearest-word.ts";

/**
 * The layer of environment variables `<prefix>__<SECTION>__<KEY>`; case and single underscores do
 * not matter (`HERDBEAT_AGENT__HEARTBEAT__INTERVAL`, `..__STATE_DIR` for `stateDir`). Lists are
 * comma-separated; keys of maps are a further part (`..__NETWORKS__ADMIN=eth0`, lower-cased); lists
 * of objects cannot be given this way.
 */
export function environmentLayer(
  table: readonly ConfigKey[],
  prefix: string,
  environment: Readonly<Record<string, string | undefined>>,
): { readonly layer: ConfigLayer; readonly problems: readonly string[] } {
  const tree = configTree(table);
  const value: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const problems: string[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable];
    if (text === undefined || !variable.startsWith(`${prefix}__`)) continue;
    const found = resolve(tree, variable.slice(prefix.length + 2).split("__"));
    if (typeof found === "string") {
      problems.push(`${variable}: ${found}`);
      continue;
    }
    origins.set(found.path.join("."), variable);
    put(value, found.path, convert(found.node, text, found.path.length > found.depth));
  }
  const locate = (path: readonly (string | number)[]): string => {
    for (let length = path.length; length > 0; length--) {
      const origin = origins.get(path.slice(0, length).join("."));
      if (origin !== undefined) return origin;
    }
    return "environment";
  };
  return { layer: { name: "environment", value, locate }, problems };
}

interface Found {
  readonly path: readonly string[];
  readonly node: ConfigNode;
  /** How much of the path is in the table; one less than the path for a key of a map. */
  readonly depth: number;
}

function resolve(tree: ConfigNode, parts: readonly string[]): Found | string {
  let node = tree;
  const path: string[] = [];
  for (const part of parts) {
    if (node.entry?.type.kind === "map" && path.length === parts.length - 1) {
      return { path: [...path, part.toLowerCase()], node, depth: path.length };
    }
    const names = [...node.children.keys()];
    const name = names.find((candidate) => plain(candidate) === plain(part));
    const child = name === undefined ? undefined : node.children.get(name);
    if (name === undefined || child === undefined) {
      const near = nearestWord(part, names);
      return `unknown key${near === undefined ? "" : `, did you mean ${[...path, near].join(".")}?`}`;
    }
    path.push(name);
    node = child;
  }
  const kind = node.entry?.type.kind ?? "section";
  if (kind === "section" || kind === "items" || kind === "entries" || kind === "map") {
    return `${path.join(".")} cannot be given as one variable`;
  }
  return { path, node, depth: path.length };
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function convert(node: ConfigNode, text: string, isMapValue: boolean): unknown {
  const type = node.entry?.type;
  if (type?.kind === "map" && isMapValue) return scalar(type.of, text);
  if (type?.kind === "list") {
    return text
      .split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "")
      .map((item) => scalar(type.of, item));
  }
  return type === undefined ? text : scalar(type as ScalarType, text);
}

/** What the text means for the type; text that means nothing stays text and is refused by the check. */
function scalar(type: ScalarType, text: string): unknown {
  if (type.kind === "boolean") return text === "true" ? true : text === "false" ? false : text;
  if (type.kind === "integer" || type.kind === "number") {
    return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
  }
  return text;
}

function put(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let current = target;
  for (const name of path.slice(0, -1)) {
    current[name] ??= {};
    current = current[name] as Record<string, unknown>;
  }
  const last = path.at(-1);
  if (last !== undefined) current[last] = value;
}
