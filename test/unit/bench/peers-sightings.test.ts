import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { RawFile } from "../../bench/lib/raw-file.ts";
import { configurationSha256 } from "../../bench/peers/packages.ts";
import { Sightings } from "../../bench/peers/sightings.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("peers-sightings");

async function withSightings(use: (sightings: Sightings) => void): Promise<readonly string[]> {
  return withTempDir("sightings", (dir) => {
    const path = join(dir, "raw.jsonl");
    use(new Sightings(new RawFile(path, false)));
    const lines = readFileSync(path, "utf8").trim();
    return lines.split("\n").map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
  });
}

test("the first sighting of a death counts, later ones and those of other survivors do not", async () => {
  const kinds = await withSightings((sightings) => {
    sightings.dies(3);
    sightings.note("serf", 3, "member 1", 5_000);
    sightings.note("serf", 3, "member 2", 4_000);
    sightings.note("ours", 3, "", 2_000);
    assert.is(sightings.firstMs("serf"), 5_000);
    assert.is(sightings.firstMs("ours"), 2_000);
    assert.is(sightings.firstMs("corosync"), null);
    assert.is(sightings.falseCount("serf"), 0);
  });
  assert.equal(kinds, ["sighting", "sighting"]);
});

test("a sighting of a living host is a false one", async () => {
  const kinds = await withSightings((sightings) => {
    sightings.dies(3);
    sightings.note("ours", 4, "", 1_000);
    assert.is(sightings.firstMs("ours"), null);
    sightings.revived();
    sightings.note("ours", 3, "", 2_000);
    assert.is(sightings.falseCount("ours"), 2);
  });
  assert.equal(kinds, ["false-sighting", "false-sighting"]);
});

test("the next death is seen anew", async () => {
  await withSightings((sightings) => {
    sightings.dies(3);
    sightings.note("ours", 3, "", 1_000);
    sightings.revived();
    sightings.dies(3);
    assert.is(sightings.firstMs("ours"), null);
  });
});

test("a configuration's hash knows names and texts, not their order", () => {
  const hash = (files: Readonly<Record<string, string>>): string =>
    configurationSha256({ commandLines: [], files });
  assert.is(hash({ a: "1", b: "2" }), hash({ b: "2", a: "1" }));
  assert.is.not(hash({ a: "1", b: "2" }), hash({ a: "2", b: "1" }));
});

test.run();
