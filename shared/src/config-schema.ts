import { type ConfigKey, type ConfigNode, configTree, type ScalarType } from "./config-table.ts";

type Schema = Record<string, unknown>;

/** JSON Schema (draft 2020-12) of a table, for editors; the check itself does not use it. */
export function configJsonSchema(table: readonly ConfigKey[], id: string, title: string): Schema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: id,
    title,
    ...objectSchema(configTree(table)),
  };
}

/** The checked value with every secret replaced, for `config show`. */
export function redactConfig(
  table: readonly ConfigKey[],
  value: Readonly<Record<string, unknown>>,
): Schema {
  const secrets = new Set(table.filter((entry) => entry.secret === true).map((entry) => entry.key));
  const walk = (current: unknown, key: string): unknown => {
    if (secrets.has(key)) return "***";
    if (Array.isArray(current)) return current.map((item) => walk(item, `${key}[]`));
    if (typeof current !== "object" || current === null) return current;
    return Object.fromEntries(
      Object.entries(current).map(([name, item]) => {
        const exact = key === "" ? name : `${key}.${name}`;
        const free = `${key}.*`;
        const known = table.some(
          (entry) =>
            entry.key === exact ||
            entry.key.startsWith(`${exact}.`) ||
            entry.key.startsWith(`${exact}[`),
        );
        return [name, walk(item, known ? exact : free)];
      }),
    );
  };
  return walk(value, "") as Schema;
}

function objectSchema(node: ConfigNode): Schema {
  const properties: Schema = {};
  const required: string[] = [];
  for (const [name, child] of node.children) {
    properties[name] = nodeSchema(child);
    if (child.entry?.required === true) required.push(name);
  }
  return {
    type: "object",
    additionalProperties: false,
    properties,
    ...(required.length > 0 ? { required } : {}),
  };
}

function nodeSchema(node: ConfigNode): Schema {
  const entry = node.entry;
  if (entry === undefined) return objectSchema(node);
  if (entry.reserved !== undefined) return { not: {}, description: entry.reserved };
  const description =
    entry.inequality === undefined
      ? entry.doc
      : `${entry.doc} Must satisfy: ${entry.inequality.text}.`;
  const common = {
    description,
    ...(entry.default === undefined ? {} : { default: entry.default }),
  };
  const type = entry.type;
  const empty: ConfigNode = { entry: undefined, children: new Map() };
  switch (type.kind) {
    case "any":
      return common;
    case "section":
      return { ...objectSchema(node), ...common };
    case "list":
      return { type: "array", maxItems: type.max, items: scalarSchema(type.of), ...common };
    case "map":
      return {
        type: "object",
        maxProperties: type.max,
        additionalProperties: scalarSchema(type.of),
        ...common,
      };
    case "items":
      return {
        type: "array",
        maxItems: type.max,
        items: objectSchema(node.children.get("[]") ?? empty),
        ...common,
      };
    case "entries":
      return {
        type: "object",
        maxProperties: type.max,
        additionalProperties: objectSchema(node.children.get("*") ?? empty),
        ...common,
      };
    default:
      return { ...scalarSchema(type), ...common };
  }
}

function scalarSchema(type: ScalarType): Schema {
  switch (type.kind) {
    case "boolean":
      return { type: "boolean" };
    case "text":
      return {
        type: "string",
        ...(type.pattern === undefined ? {} : { pattern: type.pattern.source }),
      };
    case "choice":
      return { enum: [...type.values] };
    case "integer":
      return { type: "integer", minimum: type.min, maximum: type.max };
    case "number":
      return { type: "number", minimum: type.min, maximum: type.max };
    case "duration":
      return { type: "string", pattern: "^\\d{1,12}(\\.\\d{1,3})?(ms|s|m|h|d)$" };
  }
}
