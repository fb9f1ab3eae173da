// A package for the start alone is gone when the start is over.
import { createRequire } from "node:module";
import { withPackage } from "@herdbeat/agent/package-for-once";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";

const test = suite("package-for-once");

type Yaml = typeof import("yaml");

const { cache } = createRequire(import.meta.url);

function loadedFrom(name: string): readonly string[] {
  return Object.keys(cache).filter((path) => path.includes(`/node_modules/${name}/`));
}

test("the package can be used, and nothing of it stays", () => {
  const value = withPackage("yaml", ({ parse }: Yaml) => {
    assert.ok(loadedFrom("yaml").length > 1);
    return parse("a: [1, 2]") as unknown;
  });
  assert.equal(value, { a: [1, 2] });
  assert.equal(loadedFrom("yaml"), []);
});

test("nothing of it stays when its use fails", () => {
  assert.throws(() => {
    withPackage("yaml", () => {
      throw new RangeError("on purpose");
    });
  }, /on purpose/);
  assert.equal(loadedFrom("yaml"), []);
});

test("what was there before stays", () => {
  createRequire(import.meta.url)("ws");
  const before = loadedFrom("ws");
  assert.ok(before.length > 0);
  withPackage("ws", () => null);
  assert.equal(loadedFrom("ws"), before);
});

test.run();
