// The examples of docs/api.md, run as they stand.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as assert from "uvu/assert";
import { startHttpFixture } from "../../support/http-fixture.ts";
import { hasCommand } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const test = suite("examples of api.md");
const run = promisify(execFile);

const text = readFileSync(fileURLToPath(new URL("../../../docs/api.md", import.meta.url)), "utf8");
const examples = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .map((match) => match[1] ?? "")
  .filter((example) => example.includes("curl"));

test("run one after the other in one shell", async () => {
  assert.is(examples.length, 6);
  // Only this file needs curl, and every machine that builds this project has it.
  assert.ok(hasCommand("curl"), "install curl");
  const api = await startHttpFixture();
  const script = `set -euo pipefail\n${examples.join("\necho\n")}`;
  const environment = { ...process.env, SERVER: api.endpoint, TOKEN: api.tokens.operator };
  const { stdout } = await run("bash", ["-c", script], { env: environment, timeout: 15_000 });
  await api.stop();
  assert.match(stdout, /"stateReason":"no heartbeat/);
  assert.match(stdout, /What happened:/);
  assert.match(stdout, /"message":"12 of 120 guests"/);
  assert.match(stdout, /"state":"succeeded","progress":100/);
  assert.match(stdout, /event: snapshot/);
});

test.run();
