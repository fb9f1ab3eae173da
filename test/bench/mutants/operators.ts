/**
 * Small changes of a source text, each of which should be noticed by some test: what a slip of the
 * hand would do. Works on lines; comments, imports and texts are left alone.
 */
export interface Mutant {
  readonly line: number;
  readonly operator: string;
  readonly before: string;
  readonly after: string;
}

interface Operator {
  readonly name: string;
  readonly find: RegExp;
  readonly replace: string | ((...groups: string[]) => string);
}

const OPERATORS: readonly Operator[] = [
  {
    name: "negate condition",
    find: /\bif \((.*)\) (return|continue|break|throw)\b/,
    replace: "if (!($1)) $2",
  },
  { name: "negate condition", find: /\bif \((.*)\) \{$/, replace: "if (!($1)) {" },
  {
    name: "negate condition",
    find: /^( +)return ((?:[^"`]| )*(?:===|!==|&&|\|\|)[^"`]*);$/,
    replace: "$1return !($2);",
  },
  { name: "swap comparison", find: / <= /, replace: " > " },
  { name: "swap comparison", find: / >= /, replace: " < " },
  { name: "swap comparison", find: / < /, replace: " >= " },
  { name: "swap comparison", find: / > /, replace: " <= " },
  { name: "swap equality", find: / === /, replace: " !== " },
  { name: "swap equality", find: / !== /, replace: " === " },
  { name: "boundary", find: / <= /, replace: " < " },
  { name: "boundary", find: / >= /, replace: " > " },
  { name: "and or", find: / && /, replace: " || " },
  { name: "and or", find: / \|\| /, replace: " && " },
  { name: "off by one", find: / \+ 1\b/, replace: " + 2" },
  { name: "off by one", find: / - 1\b/, replace: "" },
  { name: "plus minus", find: / \+= /, replace: " -= " },
  { name: "swap constant", find: /\btrue\b(?=[,;)])/, replace: "false" },
  { name: "swap constant", find: /\bfalse\b(?=[,;)])/, replace: "true" },
  { name: "drop statement", find: /^( +)(?:this\.|[a-z]\w*\.)[#\w.?[\]]+\(.*\);$/, replace: "$1;" },
  { name: "drop statement", find: /^( +)this\.#\w+ = .*;$/, replace: "$1;" },
];

const LEFT_ALONE =
  /^\s*(?:\/\/|\/?\*|import |export type|export interface|readonly |type |interface |\})|logger|counters|metrics/;

export function mutantsOf(source: string): readonly Mutant[] {
  const found: Mutant[] = [];
  for (const [line, before] of source.split("\n").entries()) {
    if (LEFT_ALONE.test(before)) continue;
    for (const { name, find, replace } of OPERATORS) {
      const after = before.replace(find, replace as string);
      if (after !== before && !isInText(before, find))
        found.push({ line, operator: name, before, after });
    }
  }
  return found;
}

export function mutated(source: string, { line, after }: Mutant): string {
  return source
    .split("\n")
    .map((text, at) => (at === line ? after : text))
    .join("\n");
}

/** What is found lies behind an odd number of quotes: words, not code. */
function isInText(line: string, find: RegExp): boolean {
  const at = line.search(find);
  return (line.slice(0, at).match(/["`]/g)?.length ?? 0) % 2 === 1;
}
