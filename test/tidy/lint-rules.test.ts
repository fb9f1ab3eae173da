// The linters are only as good as their configuration: every rule that the design leans on must fire
// on a sample that breaks it, and stay silent on one that does not.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const IMPORT = "lint/style/noRestrictedImports";
const GLOBAL = "lint/style/noRestrictedGlobals";

interface Sample {
  readonly path: string;
  readonly code: string;
  /** The rule that must fire, or null where the sample must pass. */
  readonly rule: string | null;
}

const imports = (path: string, specifier: string, rule: string | null = IMPORT): Sample => ({
  path,
  code: `import * as it from "${specifier}";\nexport const used: unknown = it;\n`,
  rule,
});
const code = (path: string, text: string, rule: string | null): Sample => ({
  path,
  code: text,
  rule,
});

const BIOME_SAMPLES: readonly Sample[] = [
  imports("shared/src/a.ts", "node:fs"),
  imports("shared/src/a.ts", "./time.ts", null),
  imports("shared/src/a.ts", "@herdbeat/proto/x"),
  imports("shared/src/system-clock.ts", "node:perf_hooks", null),
  imports("proto/src/a.ts", "@herdbeat/shared/time"),
  imports("proto/src/a.ts", "../gen/herdbeat.js", null),
  imports("proto/src/a.ts", "node:crypto"),
  imports("proto/src/witness-echo.ts", "node:crypto", null),
  imports("proto/src/witness-echo.ts", "node:net"),
  imports("agent/src/core/a.ts", "node:fs"),
  imports("agent/src/core/a.ts", "ws"),
  imports("agent/src/core/a.ts", "../ports/b.ts"),
  imports("agent/src/core/a.ts", "../config.ts"),
  imports("agent/src/core/a.ts", "@herdbeat/proto/b"),
  imports("agent/src/core/a.ts", "@herdbeat/shared/system-clock"),
  imports("agent/src/core/a.ts", "@herdbeat/shared/time", null),
  imports("agent/src/core/a.ts", "./b.ts", null),
  imports("agent/src/core/deep/a.ts", "../b.ts", null),
  imports("agent/src/core/deep/a.ts", "../../ports/b.ts"),
  imports("aggregator/src/core/a.ts", "../adapters/redis/b.ts"),
  imports("aggregator/src/ports/a.ts", "../core/b.ts", null),
  imports("aggregator/src/ports/a.ts", "../runtime/b.ts"),
  imports("aggregator/src/runtime/a.ts", "../ports/b.ts", null),
  imports("aggregator/src/runtime/a.ts", "../adapters/redis/b.ts"),
  imports("aggregator/src/runtime/a.ts", "node:net"),
  imports("agent/src/monitors/a.ts", "../ports/b.ts", null),
  imports("agent/src/monitors/a.ts", "node:fs"),
  imports("agent/src/monitors/a.ts", "../adapters/procfs/b.ts"),
  imports("aggregator/src/adapters/redis/a.ts", "redis", null),
  imports("aggregator/src/adapters/redis/a.ts", "node:net", null),
  imports("aggregator/src/adapters/redis/a.ts", "../../ports/b.ts", null),
  imports("aggregator/src/adapters/redis/a.ts", "../ws/b.ts"),
  imports("aggregator/src/adapters/redis/a.ts", "../../runtime/b.ts"),
  imports("aggregator/src/adapters/redis/a.ts", "@herdbeat/proto/b"),
  imports("aggregator/src/adapters/redis/deep/a.ts", "../b.ts", null),
  imports("aggregator/src/adapters/redis/deep/a.ts", "../../ws/b.ts"),
  imports("aggregator/src/adapters/ws/a.ts", "@herdbeat/proto/b", null),
  imports("agent/src/adapters/witness/a.ts", "@herdbeat/proto/witness-echo", null),
  imports("agent/src/adapters/witness/a.ts", "@herdbeat/proto/frame-codec"),
  imports("aggregator/src/aggregator.ts", "@herdbeat/agent/b"),
  imports("aggregator/src/aggregator.ts", "./adapters/redis/b.ts", null),
  imports("agent/src/main.ts", "@herdbeat/aggregator/b"),
  imports("aggregator/src/cli/a.ts", "../adapters/redis/b.ts"),
  imports("aggregator/src/cli/a.ts", "commander", null),
  imports("agent/src/libvirt-child.ts", "./adapters/libvirt/b.ts", null),
  imports("agent/src/libvirt-child.ts", "./adapters/ws/b.ts"),
  imports("agent/guest/a.ts", "node:fs", null),
  imports("agent/guest/a.ts", "@herdbeat/shared/time"),
  imports("aggregator/web/a.ts", "preact", null),
  imports("aggregator/web/a.ts", "@herdbeat/aggregator/adapters/http/dto", null),
  imports("aggregator/web/a.ts", "@herdbeat/aggregator/adapters/http/server"),
  imports("aggregator/web/a.ts", "node:fs"),
  imports("aggregator/web/a.ts", "../src/config.ts"),
  imports("test/unit/a.test.ts", "../../agent/src/core/b.ts"),
  imports("test/unit/a.test.ts", "@herdbeat/agent/core/b", null),
  imports("test/sim/a.ts", "node:net"),
  imports("test/sim/a.ts", "@herdbeat/shared/system-clock"),
  imports("test/controller/a.ts", "@herdbeat/aggregator/core/b"),
  imports("test/tools/a.mjs", "yaml"),
  code("agent/src/core/a.ts", "export const t: number = Date.now();\n", GLOBAL),
  code("agent/src/core/a.ts", "setTimeout(() => {}, 1);\n", GLOBAL),
  code("aggregator/src/core/a.ts", "export const e: unknown = process.env;\n", GLOBAL),
  code("aggregator/src/runtime/a.ts", "setInterval(() => {}, 1);\n", GLOBAL),
  code("agent/src/monitors/a.ts", "export const t: number = performance.now();\n", GLOBAL),
  code("shared/src/a.ts", "export const t: unknown = new Date();\n", GLOBAL),
  code("shared/src/system-clock.ts", "export const t: unknown = new Date();\n", null),
  code("test/sim/a.ts", "setTimeout(() => {}, 1);\n", GLOBAL),
  code("agent/src/adapters/ws/a.ts", 'console.log("x");\n', "lint/suspicious/noConsole"),
  code("agent/src/a.ts", "export default 1;\n", "lint/style/noDefaultExport"),
  code("aggregator/web/vite.config.ts", "export default 1;\n", null),
  code("agent/src/a.ts", "export enum A {\n  B = 1,\n}\n", "lint/style/noEnum"),
  code("agent/src/aB.ts", "export const a = 1;\n", "lint/style/useFilenamingConvention"),
  code("agent/src/a.ts", "export const a: any = 1;\n", "lint/suspicious/noExplicitAny"),
  code("agent/src/a.ts", 'export * from "./b.ts";\n', "lint/performance/noReExportAll"),
];

const OXLINT_SAMPLES: readonly Sample[] = [
  code(
    "agent/src/a.ts",
    "const f = async (): Promise<void> => {};\nexport function g(m: Map<string, () => Promise<void>>): void {\n  f();\n  m.get('x')?.();\n}\n",
    "no-floating-promises",
  ),
  code(
    "agent/src/a.ts",
    "export const run = (list: number[]): void => list.forEach(async () => {});\n",
    "no-misused-promises",
  ),
  code(
    "agent/src/a.ts",
    "export const f = async (n: number): Promise<number> => await n;\n",
    "await-thenable",
  ),
  code(
    "agent/src/a.ts",
    "export function f(k: 'a' | 'b'): number {\n  switch (k) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
    "switch-exhaustiveness-check",
  ),
  code(
    "agent/src/a.ts",
    "export const f = (t: string): number => JSON.parse(t).a.b;\n",
    "no-unsafe-member-access",
  ),
  code("agent/src/a.ts", "export const r: number = Math.random();\n", "no-restricted-properties"),
  code("agent/src/a.ts", "export const r: number = Date.now();\n", "no-restricted-properties"),
  code("test/unit/a.ts", "export const r: number = Math.random();\n", "no-restricted-properties"),
  code("shared/src/system-clock.ts", "export const r: number = Date.now();\n", null),
  code("agent/src/a.ts", "export const f = async (): Promise<void> => {};\n", null),
];

const test = suite("lint-rules");

/** Writes every sample below a folder of its own, so that one run of the linter judges them all. */
function layOut(folder: string, samples: readonly Sample[]): void {
  for (const name of ["biome.json", ".oxlintrc.json", ".gitignore", "tsconfig.base.json"])
    copyFileSync(join(ROOT, name), join(folder, name));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const { path, code: text } of samples) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const tsconfig = { extends: "./tsconfig.base.json", compilerOptions: { types: ["node"] } };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
}

function lint(program: string, args: readonly string[], folder: string): string {
  const result = spawnSync(join(ROOT, "node_modules", ".bin", program), args, {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    timeout: 15_000,
  });
  return `${result.stdout}${result.stderr}`;
}

/** Samples of one path would overwrite each other: lay out as many rounds as needed. */
function rounds(samples: readonly Sample[]): Sample[][] {
  const result: Sample[][] = [];
  for (const sample of samples) {
    const free = result.find((round) => round.every(({ path }) => path !== sample.path));
    if (free === undefined) result.push([sample]);
    else free.push(sample);
  }
  return result;
}

interface Finding {
  readonly path: string;
  readonly rule: string;
}

function biomeFindings(folder: string): Finding[] {
  const output = lint("biome", ["lint", "--max-diagnostics=none", "--reporter=github"], folder);
  return [...output.matchAll(/title=([\w/]+),file=([^,]+),/g)].map((match) => ({
    rule: match[1] ?? "",
    path: relative(realpathSync(folder), resolve(folder, match[2] ?? "")),
  }));
}

function oxlintFindings(folder: string): Finding[] {
  const output = lint("oxlint", ["--type-aware", "--format=unix"], folder);
  return [
    ...output.matchAll(/^(?:\.\/)?([^:\n]+):\d+:\d+: .*\[\w+\/[\w-]*\(?([\w-]+)\)?\]$/gm),
  ].map((match) => ({ path: match[1] ?? "", rule: match[2] ?? "" }));
}

function check(samples: readonly Sample[], find: (folder: string) => Finding[]): void {
  const wrong: string[] = [];
  for (const round of rounds(samples)) {
    const folder = makeTempDir("lint");
    layOut(folder.path, round);
    const findings = find(folder.path);
    for (const sample of round) {
      const rules = findings.filter(({ path }) => path === sample.path).map(({ rule }) => rule);
      const isRight =
        sample.rule === null
          ? !rules.some((rule) => rule === IMPORT || rule === GLOBAL || !rule.includes("/"))
          : rules.includes(sample.rule);
      if (!isRight)
        wrong.push(
          `${sample.path}: wanted ${sample.rule}, got [${rules.join()}] for\n${sample.code}`,
        );
    }
    folder.remove();
  }
  assert.equal(wrong, []);
}

test("Biome enforces the layers and the style", () => check(BIOME_SAMPLES, biomeFindings));

test("Oxlint enforces promises, exhaustiveness and types", () =>
  check(OXLINT_SAMPLES, oxlintFindings));

test("Biome finds import cycles", () => {
  const folder = makeTempDir("lint");
  layOut(folder.path, [
    code(
      "agent/src/a.ts",
      'import { b } from "./b.ts";\nexport const a = (): number => b();\n',
      null,
    ),
    code(
      "agent/src/b.ts",
      'import { a } from "./a.ts";\nexport const b = (): number => a();\n',
      null,
    ),
  ]);
  const rules = biomeFindings(folder.path).map(({ rule }) => rule);
  assert.ok(rules.includes("lint/suspicious/noImportCycles"), `got ${rules.join()}`);
  folder.remove();
});

test.run();
