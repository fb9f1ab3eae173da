import { rfc3339 } from "@herdbeat/aggregator/core/rfc3339";
import { unixMs } from "@herdbeat/shared/time";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("rfc3339");

for (const [instant, text] of [
  [0, "1970-01-01T00:00:00.000Z"],
  [1_795_168_800_123, "2026-11-20T10:00:00.123Z"],
  [951_782_400_000, "2000-02-29T00:00:00.000Z"],
  [4_107_542_399_999, "2100-02-28T23:59:59.999Z"],
  [4_107_542_400_000, "2100-03-01T00:00:00.000Z"],
  [-1, "1969-12-31T23:59:59.999Z"],
] as const) {
  test(`writes ${text}`, () => {
    assert.is(rfc3339(unixMs(instant)), text);
  });
}

test("agrees with the platform in every year of four digits", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
      (date) => {
        assert.is(rfc3339(unixMs(date.getTime())), date.toISOString());
      },
    ),
  );
});

test.run();
