import {
  parseClusterSlots,
  parseRedirection,
} from "@herdbeat/aggregator/adapters/redis/cluster-map";
import { keySlot, SLOT_COUNT } from "@herdbeat/aggregator/adapters/redis/key-slot";
import { parsePlace, placeText } from "@herdbeat/aggregator/adapters/redis/server-place";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("the map of a cluster");
const ASKED = { host: "192.0.2.1", port: 6379 };

test("finds slots as the servers do", () => {
  // By CLUSTER KEYSLOT of Redis 7.0.15.
  const known: readonly (readonly [key: string, slot: number])[] = [
    ["123456789", 12_739],
    ["foo", 12_182],
    ["{s17}", keySlot("s17")],
    ["hb:{s17}:owner", keySlot("hb:{s17}:history")],
    ["a{}b", keySlot("a{}b")],
  ];
  for (const [key, slot] of known) assert.is(keySlot(key), slot, key);
  assert.is.not(keySlot("{}a"), keySlot("{}b"));
  assert.is.not(keySlot("{s1}"), keySlot("{s2}"));
});

test("reads who has which slot, with the asked host where a server leaves its own out", () => {
  const map = parseClusterSlots(
    [
      [0, 8_191, ["192.0.2.7", 7_000, "id", {}], ["192.0.2.8", 7_001, "id"]],
      [8_192, 16_382, ["", 7_002, "id"]],
    ],
    ASKED,
  );
  assert.equal(map?.masters[0], { host: "192.0.2.7", port: 7_000 });
  assert.equal(map?.masters[8_192], { host: "192.0.2.1", port: 7_002 });
  assert.equal([...(map?.places.keys() ?? [])], ["192.0.2.7:7000", "192.0.2.1:7002"]);
  assert.is(map?.uncovered, 1);
  assert.is(parseClusterSlots([], ASKED)?.uncovered, SLOT_COUNT);
});

for (const reply of [
  null,
  "OK",
  [1],
  [[0, 16_384, ["a", 1]]],
  [[-1, 2, ["a", 1]]],
  [["0", 1, ["a", 1]]],
  [[0, 1, ["a", 0]]],
  [[0, 1, ["a", "6379"]]],
  [[0, 1]],
]) {
  test(`takes no map from ${JSON.stringify(reply)}`, () => {
    assert.is(parseClusterSlots(reply, ASKED), null);
  });
}

test("understands where a server sends a command", () => {
  assert.equal(parseRedirection("MOVED 3999 192.0.2.9:6381", ASKED), {
    kind: "moved",
    slot: 3_999,
    place: { host: "192.0.2.9", port: 6_381 },
  });
  assert.equal(parseRedirection("ASK 0 :6381", ASKED)?.place, { host: "192.0.2.1", port: 6_381 });
  assert.is(parseRedirection("MOVED 1 2001:db8::1:6381", ASKED)?.place.host, "2001:db8::1");
  for (const foreign of ["MOVED", "MOVED 16384 a:1", "MOVED 1 a:0", "ERR MOVED 1 a:1", "ASK 1 a"])
    assert.is(parseRedirection(foreign, ASKED), null, foreign);
});

test("reads places as they are written", () => {
  for (const text of ["redis-1.example.org:6379", "192.0.2.1:1", "[2001:db8::1]:65535"]) {
    const place = parsePlace(text);
    assert.ok(place, text);
    assert.is(placeText(place), text);
  }
  for (const text of ["", "a", "a:", ":1", "a:0", "a:65536", "2001:db8::1:1", "a b:1", "a:1 "])
    assert.is(parsePlace(text), undefined, text);
});

test.run();
