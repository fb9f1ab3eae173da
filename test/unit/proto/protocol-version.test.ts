import { negotiateVersion } from "@herdbeat/proto/protocol-version";
import { limitText } from "@herdbeat/proto/text-limit";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";

const test = suite("protocol-version");

for (const [min, max, version] of [
  [1, 1, 1],
  [1, 9, 1],
  [2, 9, null],
  [0, 1, null],
  [3, 2, null],
  [0, 0, null],
] as const) {
  test(`a peer that speaks ${min} to ${max} gets ${version ?? "refused"}`, () => {
    assert.is(negotiateVersion(min, max), version);
  });
}

for (const [text, bytesMax, limited] of [
  ["abc", 3, "abc"],
  ["abc", 2, "ab"],
  ["aäb", 2, "a"],
  ["aäb", 3, "aä"],
  ["😀😀", 7, "😀"],
  ["", 0, ""],
] as const) {
  test(`"${text}" in ${bytesMax} bytes is "${limited}"`, () => {
    assert.is(limitText(text, bytesMax), limited);
  });
}

test.run();
