/**
 * Checks configuration against one declarative table. Pure: who reads files, environment and
 * command line hands their content over as layers of plain data.
 *
 *     const TABLE: readonly ConfigKey[] = [
 *       { key: "heartbeat.interval", type: { kind: "duration", min: "100ms", max: "60s" }, default: "1s",
 *         doc: "Time between two heartbeats." },
 *       { key: "services[].name", type: { kind: "text" }, required: true, doc: "..." },   // list of objects
 *       { key: "services", type: { kind: "items", max: 64 }, doc: "..." },
 *       { key: "networks", type: { kind: "map", of: { kind: "text" }, max: 16 }, doc: "role: interface" },
 *       { key: "stores.*.url", type: { kind: "text" }, doc: "..." },                      // free names of objects
 *       { key: "stores", type: { kind: "entries", max: 8 }, doc: "..." },
 *     ];
 *     const checked = checkConfig(TABLE, [fileLayer, dropInLayer, environmentLayer, flagLayer]);
 *     if (checked.problems.length > 0) throw new ConfigError("agent.yaml", checked.problems);
 *
 * Later layers win: objects and maps merge by key, scalars and lists replace. Every layer is checked
 * by itself, so each problem names its own place. The result holds every key of the table that has
 * a value or a default; durations are milliseconds. Layers: `config-yaml.ts` (YAML with
 * file:line:column), `config-environment.ts`; a flag layer is `{ name, value, locate }` by hand.
 * The types of a table are in `config-table.ts`; `config-schema.ts` makes its JSON Schema.
 */
import { checkScalar, keyText, shown } from "./config-scalar.ts";
import {
  type ConfigKey,
  type ConfigLayer,
  type ConfigNode,
  type ConfigPath,
  type ConfigReport,
  configTree,
} from "./config-table.ts";
import { nearestWord } from "./nearest-word.ts";

export interface CheckedConfig {
  readonly value: Readonly<Record<string, unknown>>;
  /** `<where>: <what>`, in the order of layers, then of the table. Empty = valid. */
  readonly problems: readonly string[];
}

type Plain = Record<string, unknown>;

export function checkConfig(
  table: readonly ConfigKey[],
  layers: readonly ConfigLayer[],
): CheckedConfig {
  const tree = configTree(table);
  const problems: string[] = [];
  let merged: Plain = {};
  for (const layer of layers) {
    if (layer.value === undefined || layer.value === null) continue;
    const report = (path: ConfigPath, what: string): void => {
      problems.push(`${layer.locate(path)}: ${what}`);
    };
    const checked = checkObject(tree, layer.value, [], report);
    if (checked !== undefined) merged = mergeObjects(merged, checked);
  }
  const locate = (path: ConfigPath): string => locateIn(layers, path);
  fillObject(tree, merged, [], (path, what) => problems.push(`${locate(path)}: ${what}`));
  for (const entry of table) {
    if (entry.inequality === undefined) continue;
    if (entry.inequality.holds((key) => valueAt(merged, key))) continue;
    problems.push(
      `${locate(entry.key.split("."))}: ${entry.key} must satisfy: ${entry.inequality.text}`,
    );
  }
  return { value: merged, problems };
}

function checkValue(
  node: ConfigNode,
  value: unknown,
  path: ConfigPath,
  report: ConfigReport,
): unknown {
  const type = node.entry?.type ?? { kind: "section" };
  if (node.entry?.reserved !== undefined) {
    report(path, `${keyText(path)}: ${node.entry.reserved}`);
    return undefined;
  }
  if (value === null || value === undefined) return undefined;
  switch (type.kind) {
    case "any":
      return value;
    case "section":
      return checkObject(node, value, path, report);
    case "list":
      return checkList(value, path, type.max, report, (item, at) =>
        checkScalar(type.of, item, at, report),
      );
    case "items": {
      const child = node.children.get("[]") ?? { entry: undefined, children: new Map() };
      return checkList(value, path, type.max, report, (item, at) =>
        checkObject(child, item, at, report),
      );
    }
    case "map":
      return checkFree(value, path, type.max, report, (item, at) =>
        checkScalar(type.of, item, at, report),
      );
    case "entries": {
      const child = node.children.get("*") ?? { entry: undefined, children: new Map() };
      return checkFree(value, path, type.max, report, (item, at) =>
        checkObject(child, item, at, report),
      );
    }
    default:
      return checkScalar(type, value, path, report);
  }
}

function checkObject(
  node: ConfigNode,
  value: unknown,
  path: ConfigPath,
  report: ConfigReport,
): Plain | undefined {
  if (!isObject(value)) {
    report(path, `${keyText(path)} must be a section with keys, not ${shown(value)}`);
    return undefined;
  }
  const result: Plain = {};
  for (const [name, item] of Object.entries(value)) {
    const child = node.children.get(name);
    const at = [...path, name];
    if (child === undefined) {
      const near = nearestWord(name, [...node.children.keys()]);
      report(
        at,
        `unknown key ${keyText(at)}${near === undefined ? "" : `, did you mean ${near}?`}`,
      );
      continue;
    }
    const checked = checkValue(child, item, at, report);
    if (checked !== undefined) result[name] = checked;
  }
  return result;
}

type CheckItem = (item: unknown, path: ConfigPath) => unknown;

function checkList(
  value: unknown,
  path: ConfigPath,
  max: number,
  report: ConfigReport,
  check: CheckItem,
): unknown {
  if (!Array.isArray(value)) {
    report(path, `${keyText(path)} must be a list, not ${shown(value)}`);
    return undefined;
  }
  if (value.length > max) {
    report(path, `${keyText(path)} may have at most ${max} entries, not ${value.length}`);
    return undefined;
  }
  return value
    .map((item, index) => check(item, [...path, index]))
    .filter((item) => item !== undefined);
}

function checkFree(
  value: unknown,
  path: ConfigPath,
  max: number,
  report: ConfigReport,
  check: CheckItem,
): unknown {
  if (!isObject(value)) {
    report(path, `${keyText(path)} must be a section with keys, not ${shown(value)}`);
    return undefined;
  }
  const names = Object.keys(value);
  if (names.length > max) {
    report(path, `${keyText(path)} may have at most ${max} keys, not ${names.length}`);
    return undefined;
  }
  const result: Plain = {};
  for (const name of names) {
    if (name === "__proto__") continue;
    const checked = check(value[name], [...path, name]);
    if (checked !== undefined) result[name] = checked;
  }
  return result;
}

/** Adds defaults and reports what is required and missing. Changes `target` in place. */
function fillObject(node: ConfigNode, target: Plain, path: ConfigPath, report: ConfigReport): void {
  for (const [name, child] of node.children) {
    if (name === "[]" || name === "*" || child.entry?.reserved !== undefined) continue;
    const at = [...path, name];
    const type = child.entry?.type ?? { kind: "section" };
    if (target[name] === undefined && child.entry?.default !== undefined) {
      target[name] = checkValue(child, child.entry.default, at, (_where, what) =>
        report(at, `default: ${what}`),
      );
    }
    if (target[name] === undefined && child.entry?.required === true) {
      report(path, `${keyText(at)} is required`);
      continue;
    }
    if (type.kind === "section") {
      const section = isObject(target[name]) ? { ...target[name] } : {};
      fillObject(child, section, at, report);
      target[name] = section;
    } else if (type.kind === "items" && Array.isArray(target[name])) {
      const items = child.children.get("[]");
      for (const [index, item] of (target[name] as Plain[]).entries()) {
        if (items !== undefined) fillObject(items, item, [...at, index], report);
      }
    } else if (type.kind === "entries" && isObject(target[name])) {
      const entries = child.children.get("*");
      for (const [key, item] of Object.entries(target[name])) {
        if (entries !== undefined) fillObject(entries, item as Plain, [...at, key], report);
      }
    }
  }
}

function mergeObjects(base: Plain, over: Plain): Plain {
  const result: Plain = { ...base };
  for (const [name, value] of Object.entries(over)) {
    const before = result[name];
    result[name] = isObject(before) && isObject(value) ? mergeObjects(before, value) : value;
  }
  return result;
}

/** The place of the last layer that has the key, else the last layer that has anything. */
export function locateIn(layers: readonly ConfigLayer[], path: ConfigPath): string {
  for (const layer of [...layers].reverse()) {
    let value: unknown = layer.value;
    for (const segment of path)
      value = isObject(value) || Array.isArray(value) ? (value as Plain)[segment] : undefined;
    if (value !== undefined && value !== null) return layer.locate(path);
  }
  return layers[0]?.name ?? "configuration";
}

function valueAt(value: Plain, key: string): unknown {
  let current: unknown = value;
  for (const segment of key.split(".")) current = isObject(current) ? current[segment] : undefined;
  return current;
}

function isObject(value: unknown): value is Plain {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
