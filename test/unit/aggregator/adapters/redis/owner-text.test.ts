import {
  ownerText,
  parseGeneration,
  parseOwner,
} from "@herdbeat/aggregator/adapters/redis/owner-text";
import { describeServer } from "@herdbeat/aggregator/adapters/redis/server-description";
import type { AggregatorId, FencingToken } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("owner-text");

test("reads back the owner it wrote, also one whose id has colons", () => {
  const owner = { aggregator: "agg:1:b" as AggregatorId, token: 1_790_000_000_001 as FencingToken };
  assert.is(ownerText(owner), "1790000000001:agg:1:b");
  assert.equal(parseOwner(ownerText(owner)), owner);
});

for (const [value, owner] of [
  ["17:", null],
  ["", undefined],
  ["agg-1", undefined],
  ["-1:agg-1", undefined],
  ["1e9:agg-1", undefined],
  ["1:agg-1\n", undefined],
  ["9999999999999999:agg-1", undefined],
] as const) {
  test(`takes ${JSON.stringify(value)} for ${owner === null ? "nobody" : "foreign"}`, () => {
    assert.is(parseOwner(value), owner);
  });
}

test("reads a generation and nothing like it", () => {
  assert.equal(parseGeneration("ab12:7"), { id: "ab12", version: 7 });
  for (const value of ["", ":7", "ab12", "ab12:", "ab12:x", "a:b:7"]) {
    assert.is(parseGeneration(value), undefined);
  }
});

test("describes servers of both families", () => {
  const redis = "redis_version:7.0.15\r\nredis_mode:standalone\r\nrole:master\r\naof_enabled:1\r\n";
  assert.is(describeServer(redis), "redis 7.0.15 standalone master, aof, 0 replicas");
  const valkey = "redis_version:7.2.4\r\nvalkey_version:8.1.1\r\nserver_mode:sentinel\r\n";
  assert.is(describeServer(valkey), "valkey 8.1.1 sentinel, no aof, 0 replicas");
});

test.run();
