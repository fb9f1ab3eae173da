import { chmodSync, writeFileSync } from "node:fs";
import { TokenFile } from "@herdbeat/aggregator/adapters/http/token-file";
import {
  createTokenRegistry,
  generateToken,
  includesScope,
  isWellFormedToken,
  parseTokens,
} from "@herdbeat/aggregator/adapters/http/tokens";
import { ConfigError } from "@herdbeat/shared/errors";
import { silentLogger } from "@herdbeat/shared/logger";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../../../support/eventually.ts";
import { suite } from "../../../../support/suite.ts";
import { makeTempDir } from "../../../../support/temp-dir.ts";
import { VirtualTime } from "../../../../support/virtual-time.ts";

const test = suite("tokens");
const NOW = unixMs(1_768_471_200_000);

test("admits a token whose sum is in the file, with its name and scope", () => {
  const { token, line } = generateToken("ci", "operator");
  const registry = createTokenRegistry(parseTokens(`# tokens\n\n${line}\n`, "file"));
  assert.equal(registry.authenticate(token, NOW), { name: "ci", scope: "operator" });
});

test("stores no token", () => {
  const { token, line } = generateToken("ci", "viewer");
  assert.not.match(line, token.slice(3, 46));
});

test("refuses any other token, and one with a slip", () => {
  const mine = generateToken("ci", "admin");
  const registry = createTokenRegistry(parseTokens(mine.line, "file"));
  assert.is(registry.authenticate(generateToken("x", "admin").token, NOW), null);
  const slip = `${mine.token.slice(0, 20)}${mine.token[20] === "a" ? "b" : "a"}${mine.token.slice(21)}`;
  assert.not(isWellFormedToken(slip));
  for (const text of [
    "",
    "hb_",
    slip,
    `${mine.token} `,
    mine.token.toUpperCase(),
    "x".repeat(200),
  ]) {
    assert.is(registry.authenticate(text, NOW), null);
  }
});

test("refuses an expired token", () => {
  const { token, line } = generateToken("guest", "viewer", new Date(NOW).toISOString());
  const registry = createTokenRegistry(parseTokens(line, "file"));
  assert.is(registry.authenticate(token, unixMs(NOW - 1))?.name, "guest");
  assert.is(registry.authenticate(token, NOW), null);
});

test("orders the scopes", () => {
  assert.ok(includesScope("admin", "viewer") && includesScope("operator", "operator"));
  assert.not(includesScope("viewer", "operator"));
});

for (const [name, line, problem] of [
  ["a token itself", `${generateToken("x", "viewer").token} viewer x`, /this is a token/],
  ["a short sum", "abcd viewer x", /64 lower-case hex/],
  ["an unknown scope", `${"a".repeat(64)} root x`, /scope must be one of/],
  ["a missing name", `${"a".repeat(64)} viewer`, /name is not well formed/],
  ["a bad expiry", `${"a".repeat(64)} viewer x tomorrow`, /RFC 3339/],
  ["more words", `${"a".repeat(64)} viewer x 2026-01-01T00:00:00Z y`, /expected/],
] as const) {
  test(`says which line has ${name}`, () => {
    assert.throws(
      () => parseTokens(`# first\n${line}`, "tokens"),
      (error: unknown) =>
        error instanceof ConfigError &&
        problem.test(error.message) &&
        error.message.includes("tokens:2:1"),
    );
  });
}

test("reads the file again when it changes, and keeps the old tokens when it is damaged", async () => {
  const dir = makeTempDir("tokens");
  const path = `${dir.path}/tokens`;
  const time = new VirtualTime(NOW);
  const [first, second] = [generateToken("one", "viewer"), generateToken("two", "viewer")];
  writeFileSync(path, first.line, { mode: 0o640 });
  const complaints: number[] = [];
  const logger = { ...silentLogger, error: () => void complaints.push(1) };
  const file = new TokenFile({ path, timers: time.timers, logger });
  await file.start();
  assert.is(file.authenticate(first.token, NOW)?.name, "one");

  // The file is read by the kernel's threads, which do not know virtual time.
  const passesUntil = async (condition: () => boolean): Promise<void> => {
    await time.advance(5_000);
    await eventually(condition);
  };
  writeFileSync(path, `${second.line}\n`);
  await passesUntil(() => file.authenticate(first.token, NOW) === null);
  assert.is(file.authenticate(second.token, NOW)?.name, "two");

  writeFileSync(path, "not a token line");
  await passesUntil(() => complaints.length === 1);
  assert.is(file.authenticate(second.token, NOW)?.name, "two");
  await file.stop();
  dir.remove();
});

test("does not start on a file that others may write", async () => {
  const dir = makeTempDir("tokens");
  const path = `${dir.path}/tokens`;
  writeFileSync(path, "");
  chmodSync(path, 0o666);
  const file = new TokenFile({ path, timers: new VirtualTime(NOW).timers, logger: silentLogger });
  const failure = await file.start().catch((error: unknown) => error);
  assert.ok(failure instanceof ConfigError);
  dir.remove();
});

test.run();
