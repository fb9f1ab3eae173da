import { nodeMatcher } from "@herdbeat/aggregator/adapters/fence-agent/fence-agent-device";
import { orderOf, plain, readingOf } from "@herdbeat/aggregator/adapters/fence-agent/power-words";
import type { NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("fence-agent-words");

const exited = (code: number, stdout = "", stderr = "", isCut = false) =>
  ({ kind: "exited", code, stdout, stderr, isCut }) as const;

test("an exit is believed together with its words, and words with their exit", () => {
  const kinds = (stdout: string): readonly string[] =>
    [0, 1, 2, 3].map((code) => readingOf(exited(code, stdout), "fence_x").kind);
  assert.equal(kinds("Status: ON\n"), ["on", "error", "unknown", "error"]);
  assert.equal(kinds("Status: OFF\n"), ["unknown", "error", "off", "error"]);
  assert.equal(kinds("power = off\n"), ["unknown", "error", "off", "error"]);
  assert.equal(kinds(""), ["unknown", "error", "unknown", "error"]);
  assert.equal(kinds("Status: ON\nStatus: OFF\n"), ["unknown", "error", "unknown", "error"]);
  assert.equal(kinds("can not turn off\n"), ["unknown", "error", "unknown", "error"]);
});

test("an output that is cut says nothing", () => {
  assert.is(readingOf(exited(2, "Status: OFF\n", "", true), "fence_x").kind, "unknown");
});

test("a device that was not reached is told from a question that is wrong", () => {
  const of = (stderr: string): string => readingOf(exited(1, "", stderr), "fence_x").kind;
  assert.is(of("2026-11-30 10:00:00,000 ERROR: Connection timed out\n\n\n"), "unreachable");
  assert.is(of("ERROR: Unable to connect/login to fencing device\n"), "unreachable");
  assert.is(of("ERROR: Failed: You have to enter fence address\n"), "error");
  assert.is(readingOf({ kind: "timed-out", stderr: "" }, "fence_x").kind, "unreachable");
  assert.is(readingOf({ kind: "killed", signal: "SIGKILL" }, "fence_x").kind, "error");
  assert.equal(readingOf({ kind: "not-started", detail: "ENOENT" }, "fence_x"), {
    kind: "error",
    detail: "fence_x could not be started: ENOENT",
  });
});

test("an order that ended well is done, whatever it says; nothing else is", () => {
  assert.equal(orderOf(exited(0, "garbage"), "fence_x"), { kind: "done" });
  for (const code of [1, 2, 255])
    assert.is(orderOf(exited(code, "Success: Powered OFF"), "fence_x").kind, "error");
});

test("foreign words are cut and keep no control characters", () => {
  assert.is(plain("a\u001b[31m\r\nb\u0000\u009bc"), "a [31m b c");
  assert.is(plain("x".repeat(5_000)).length, 300);
});

test("patterns select by id, host name and label, and by nothing else", () => {
  const node = { id: "cmp-12" as NodeId, hostname: "cmp-12.r1.example", labels: { rack: "a1" } };
  for (const [pattern, matches] of [
    ["cmp-12", true],
    ["cmp-1", false],
    ["cmp-*", true],
    ["*12", true],
    ["c*p*2", true],
    ["*cmp-12*", true],
    ["cmp-12*12", false],
    ["*", true],
    ["hostname:*.r1.example", true],
    ["hostname:cmp-12", false],
    ["label:rack=a1", true],
    ["label:rack=a*", true],
    ["label:rack=b1", false],
    ["label:constructor=*", false],
    ["label:row=*", false],
  ] as const) {
    assert.is(nodeMatcher(pattern)(node), matches, pattern);
  }
});

test.run();
