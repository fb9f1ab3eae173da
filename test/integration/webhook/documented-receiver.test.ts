import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HttpWebhook } from "@herdbeat/aggregator/adapters/webhook/http-webhook";
import { FAILURE_CLASSES } from "@herdbeat/shared/classes";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { RECOVERY, rowOf } from "../../support/delivery-builders.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { startProcess, withProcess } from "../../support/processes.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("documented-receiver");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const page = readFileSync(new URL("../../../docs/webhooks.md", import.meta.url), "utf8");

function block(language: string): string {
  const text = new RegExp(`\`\`\`${language}\\n([^]*?)\n\`\`\``).exec(page)?.[1];
  assert.ok(text, `docs/webhooks.md has a block of ${language}`);
  return text;
}

test("the documented receiver accepts a message once, knows its repeat, refuses a forgery", () =>
  withTempDir("receiver", async (folder) => {
    const file = join(folder, "receiver.mjs");
    writeFileSync(file, block("js"));
    const port = await freePort();
    const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(port) };
    const send = async (secret: string): Promise<number> => {
      const webhook = new HttpWebhook(
        [
          {
            name: RECOVERY,
            url: `http://127.0.0.1:${port}/`,
            secrets: [secret],
            deadline: durationMs(2_000),
            connectionsMax: 1,
            allowLoopback: true,
          },
        ],
        "0.1.0",
      );
      const row = rowOf({ body: '{"transition":{"message":"hv-0042 is silent"}}' });
      const outcome = await webhook.send(row, { number: 1, at: unixMs(Date.now()) });
      await webhook.close();
      return outcome.kind === "answered" ? outcome.status : 0;
    };
    for (const expected of [
      [202, 208],
      [208, 208],
    ]) {
      const receiver = startProcess(process.execPath, [file], { env, cwd: folder });
      await withProcess(receiver, async () => {
        await eventually(() => fetch(`http://127.0.0.1:${port}/`).then(() => true));
        assert.is(await send(`whsec_${"A".repeat(32)}`), 401);
        assert.equal([await send(SECRET), await send(SECRET)], expected);
      });
    }
  }));

test("the page shows the body that the schema's example is", () => {
  const example = readFileSync(
    new URL("../../../docs/schema/webhook-native-v1.example.json", import.meta.url),
    "utf8",
  );
  assert.equal(JSON.parse(block("json")), JSON.parse(example));
});

test("every failure class is a class to the schema", () => {
  const schema = readFileSync(
    new URL("../../../docs/schema/webhook-native-v1.json", import.meta.url),
    "utf8",
  );
  const { definitions } = JSON.parse(schema) as {
    definitions: { incident: { properties: { class: { pattern: string } } } };
  };
  const pattern = new RegExp(definitions.incident.properties.class.pattern);
  assert.equal(
    FAILURE_CLASSES.filter((name) => !pattern.test(name)),
    [],
  );
});

test.run();
