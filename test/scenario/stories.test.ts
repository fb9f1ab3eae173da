// deadline: 120s
// Runs every story of test/scenario/stories. `npm run test:stories -- --rewrite` writes the traces
// anew: commit a rewrite only when every line that changed is understood.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { suite } from "../support/suite.ts";
import { parseStory, renderStory, tell } from "./story.ts";

const test = suite("stories");
const FOLDER = fileURLToPath(new URL("./stories", import.meta.url));
const files = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

for (const name of files) {
  test(name, async () => {
    const path = join(FOLDER, name);
    const { head, expected } = parseStory(readFileSync(path, "utf8"));
    const trace = await tell(head);
    if (process.argv.includes("--rewrite")) writeFileSync(path, renderStory(head, trace));
    else assert.is(trace, expected);
  });
}

test("there are stories", () => {
  assert.ok(files.length >= 6, files.join(", "));
});

test("a story that says what nobody can do is refused", async () => {
  for (const event of ["at 1s explode node-1", "once die node-1", "at 1s die node-9"]) {
    let error: unknown = null;
    await tell(`fleet 1 nodes 1 aggregators\n${event}\n`).catch((thrown: unknown) => {
      error = thrown;
    });
    assert.ok(error instanceof Error, event);
  }
});

test.run();
