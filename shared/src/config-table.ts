/** What a configuration may hold: one declarative table per program. See `config-check.ts`. */

export type ScalarType =
  | { readonly kind: "boolean" }
  /** `pattern` must match the whole text; `expects` says for people what it wants. */
  | { readonly kind: "text"; readonly pattern?: RegExp; readonly expects?: string }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "integer"; readonly min: number; readonly max: number }
  | { readonly kind: "number"; readonly min: number; readonly max: number }
  | { readonly kind: "duration"; readonly min: string; readonly max: string };

export type ConfigType =
  | ScalarType
  /** An object with the keys of the table below it. Only needed to give it a `doc`. */
  | { readonly kind: "section" }
  | { readonly kind: "list"; readonly of: ScalarType; readonly max: number }
  | { readonly kind: "map"; readonly of: ScalarType; readonly max: number }
  /** List of objects; their keys are `<key>[].<name>`. */
  | { readonly kind: "items"; readonly max: number }
  /** Objects under free names; their keys are `<key>.*.<name>`. */
  | { readonly kind: "entries"; readonly max: number }
  /** Any value; whoever uses it checks it. */
  | { readonly kind: "any" };

export interface ConfigKey {
  readonly key: string;
  readonly type: ConfigType;
  /** As it would be written in the file. Absent: the key has no value unless given. */
  readonly default?: unknown;
  readonly required?: boolean;
  /** For people: unit, bound, consequence. */
  readonly doc: string;
  /** A relation to other keys, checked on the merged result; not for keys inside lists and entries. */
  readonly inequality?: {
    readonly text: string;
    readonly holds: (get: (key: string) => unknown) => boolean;
  };
  /** The name is taken for later: any value is an error with this text. */
  readonly reserved?: string;
  /** Never shown. */
  readonly secret?: boolean;
}

export type ConfigPath = readonly (string | number)[];

export interface ConfigLayer {
  readonly name: string;
  /** Plain data: null, undefined, boolean, number, string, array, object. */
  readonly value: unknown;
  /** Where the key at `path` stands, e.g. `/etc/x.yaml:3:5` or `--interval`. */
  locate(path: ConfigPath): string;
}

/** The table as a tree; `[]` and `*` are the children of lists and free names. */
export interface ConfigNode {
  entry: ConfigKey | undefined;
  readonly children: Map<string, ConfigNode>;
}

export function configTree(table: readonly ConfigKey[]): ConfigNode {
  const root: ConfigNode = { entry: undefined, children: new Map() };
  for (const entry of table) {
    let node = root;
    for (const segment of entry.key.replaceAll("[]", ".[]").split(".")) {
      let child = node.children.get(segment);
      if (child === undefined) {
        child = { entry: undefined, children: new Map() };
        node.children.set(segment, child);
      }
      node = child;
    }
    node.entry = entry;
  }
  return root;
}

export type ConfigReport = (path: ConfigPath, what: string) => void;
