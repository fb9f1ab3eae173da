import { TokenBucket } from "@herdbeat/agent/core/token-bucket";
import { monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("token-bucket");

const taken = (bucket: TokenBucket, times: number, at: number): number =>
  Array.from({ length: times }, () => bucket.take(monotonicMs(at))).filter(Boolean).length;

test("gives its burst at once, then what the time has earned", () => {
  const bucket = new TokenBucket(10, 20, monotonicMs(0));
  assert.equal(
    [taken(bucket, 99, 0), taken(bucket, 99, 50), taken(bucket, 99, 1_000)],
    [20, 0, 10],
  );
});

test("never saves more than its burst, and earns nothing by a clock that goes back", () => {
  const bucket = new TokenBucket(10, 20, monotonicMs(1_000));
  assert.is(taken(bucket, 99, 1e9), 20);
  assert.is(taken(bucket, 99, 0), 0);
});

test.run();
