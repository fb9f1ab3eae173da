// Run this file with --rewrite to make the golden bytes of an unreleased version again.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  decodeAgentFrame,
  decodeAggregatorFrame,
  decodeMeshFrame,
  encodeAgentFrame,
  encodeAggregatorFrame,
  encodeMeshFrame,
} from "@herdbeat/proto/frame-codec";
import * as assert from "uvu/assert";
import { AGENT_SAMPLES, AGGREGATOR_SAMPLES, MESH_SAMPLES } from "../../support/sample-frames.ts";
import { suite } from "../../support/suite.ts";

const test = suite("golden-frames");
const root = fileURLToPath(new URL("../../../", import.meta.url));
const golden = join(root, "proto/golden/1");

interface Example {
  readonly file: string;
  readonly encoded: Uint8Array;
  readonly decode: (bytes: Uint8Array) => unknown;
  readonly sample: unknown;
}

const EXAMPLES: readonly Example[] = [
  ...AGENT_SAMPLES.map((sample) => ({
    file: `agent.${sample.kind}.bin`,
    encoded: encodeAgentFrame(sample),
    decode: decodeAgentFrame,
    sample,
  })),
  ...AGGREGATOR_SAMPLES.map((sample) => ({
    file: `aggregator.${sample.kind}.bin`,
    encoded: encodeAggregatorFrame(sample),
    decode: decodeAggregatorFrame,
    sample,
  })),
  ...MESH_SAMPLES.map((sample) => ({
    file: `mesh.${sample.kind}.bin`,
    encoded: encodeMeshFrame(sample),
    decode: decodeMeshFrame,
    sample,
  })),
];

/** Decoded messages are class instances; only set fields are their own. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      item instanceof Uint8Array ? { bytes: [...item] } : item,
    ).replaceAll(/\{"type":"Buffer","data":(\[[^\]]*\])\}/g, '{"bytes":$1}'),
  );
}

/** Own fields that hold the default are not on the wire. */
function withoutDefaults(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDefaults);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== 0 && item !== "" && item !== false)
      .filter(([, item]) => !Array.isArray(item) || item.length > 0)
      .map(([key, item]) => [key, withoutDefaults(item)]),
  );
}

if (process.argv.includes("--rewrite")) {
  for (const { file, encoded } of EXAMPLES) writeFileSync(join(golden, file), encoded);
  execFileSync(
    join(root, "node_modules/.bin/buf"),
    ["build", "--exclude-source-info", "-o", join(golden, "descriptor.bin#format=binpb")],
    { cwd: join(root, "proto") },
  );
}

for (const { file, encoded, decode, sample } of EXAMPLES) {
  test(`${file} is what this version sends`, () => {
    assert.equal([...encoded], [...readFileSync(join(golden, file))]);
  });

  test(`${file} decodes to the message it was made of`, () => {
    const decoded = decode(readFileSync(join(golden, file)));
    assert.equal(withoutDefaults(plain(decoded)), withoutDefaults(plain(sample)));
  });
}

test("every golden file has its example", () => {
  const known = new Set([...EXAMPLES.map(({ file }) => file), "descriptor.bin"]);
  assert.equal(
    readdirSync(golden).filter((file) => !known.has(file)),
    [],
  );
});

test("the generated code is what the definitions give", () => {
  const scratch = mkdtempSync(join(tmpdir(), "herdbeat-proto-"));
  try {
    const { scripts } = JSON.parse(readFileSync(join(root, "proto/package.json"), "utf8")) as {
      scripts: { gen: string };
    };
    const command = scripts.gen.replaceAll("gen/herdbeat.js", join(scratch, "herdbeat.js"));
    execFileSync("sh", ["-c", command], {
      cwd: join(root, "proto"),
      env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"]}` },
    });
    for (const file of ["herdbeat.js", "herdbeat.d.ts"]) {
      const same = readFileSync(join(scratch, file)).equals(
        readFileSync(join(root, "proto/gen", file)),
      );
      assert.ok(same, `${file} differs: run npm run proto:gen`);
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});

test("the definitions pass lint and break nothing that was released", () => {
  const buf = join(root, "node_modules/.bin/buf");
  assert.ok(existsSync(buf));
  for (const arguments_ of [
    ["lint"],
    ["breaking", "--against", "golden/1/descriptor.bin#format=binpb"],
  ])
    execFileSync(buf, arguments_, { cwd: join(root, "proto"), stdio: "pipe" });
});

test.run();
