import { parseCommandLine } from "@herdbeat/agent/command-line";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";

const test = suite("agent-command-line");

class Ended extends Error {}

const parsed = (...args: readonly string[]): unknown =>
  parseCommandLine(["node", "main.js", ...args], "1.2.3", (code) => {
    throw new Ended(String(code));
  });

test("without arguments the agent runs", () => {
  assert.equal(parsed(), { command: "run", options: {} });
});

test("flags are options, and may repeat where the configuration is a list", () => {
  const endpoints = ["wss://a:1", "wss://b:2"];
  assert.equal(
    parsed("--config", "/a.yaml", "--node-id", "n", "--insecure", "--aggregator", ...endpoints),
    {
      command: "run",
      options: { config: "/a.yaml", nodeId: "n", insecure: true, aggregator: endpoints },
    },
  );
});

test("a check is asked for in two ways", () => {
  assert.equal(parsed("--check"), { command: "check", options: { check: true } });
  assert.equal(parsed("--config", "/a.yaml", "config", "check"), {
    command: "check",
    options: { config: "/a.yaml" },
  });
});

test("`config show` is what it says, also with --check", () => {
  assert.equal(parsed("config", "show"), { command: "show", options: {} });
  assert.equal(parsed("--check", "config", "show"), { command: "show", options: { check: true } });
});

for (const [what, args, code] of [
  ["an unknown flag", ["--no-such-flag"], "64"],
  ["an argument that nobody takes", ["surplus"], "64"],
  ["an unknown command", ["config", "edit"], "64"],
  ["a flag without its value", ["--config"], "64"],
  ["help", ["--help"], "0"],
  ["the version", ["--version"], "0"],
] as const) {
  test(`${what} ends the process with ${code}`, () => {
    assert.throws(
      () => parsed(...args),
      (error: Error) => error instanceof Ended && error.message === code,
    );
  });
}

test.run();
