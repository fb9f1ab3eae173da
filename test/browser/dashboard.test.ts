// deadline: 480s
// needs: browser
// The dashboard in a real browser, on the real server and a made-up fleet.
import { readFileSync } from "node:fs";
import { shardOf } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import type { BrowserContext, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { eventually } from "../support/eventually.ts";
import { fixtureNodeId, fixtureRecord, manyNodes } from "../support/fixture-nodes.ts";
import { hasCommand, onlyWith } from "../support/skip.ts";
import { suite } from "../support/suite.ts";
import {
  AXE_PATH,
  buildDashboard,
  type FleetServer,
  openBrowser,
  openPage,
  serveFleet,
  type TestBrowser,
} from "./dashboard-world.ts";

const test = suite("dashboard");
const hasChromium = hasCommand("chromium");
const inBrowser = onlyWith(test, "needs-chromium", hasChromium);

let dashboard: string;
let browser: TestBrowser;
let server: FleetServer;
let context: BrowserContext;

test.before(async () => {
  if (!hasChromium) return;
  dashboard = buildDashboard();
  browser = await openBrowser();
});
test.after(async () => {
  await browser?.close();
});
test.before.each(async () => {
  if (!hasChromium) return;
  server = await serveFleet(dashboard);
  context = await browser.context();
});
test.after.each(async () => {
  await context?.close();
  await server?.stop();
});

const rowOf = (page: Page, index: number) => page.locator(`#row-${fixtureNodeId(index)}`);
const bodyText = async (page: Page) =>
  (await page.locator("body").innerText()).replaceAll(/\s+/g, " ");
const sees = (page: Page, text: string | RegExp) =>
  eventually(async () => (await bodyText(page)).match(text) !== null, {
    what: `the text ${text}`,
    withinMs: 8_000,
  });

inBrowser("takes the token from the address, removes it and keeps the session", async () => {
  const page = await openPage(context, server, "/system");
  assert.is(new URL(page.url()).hash, "");
  await page.goto(`${server.url}/`);
  await sees(page, "nodes OK");
});

inBrowser("asks for a token when there is none and explains a wrong one", async () => {
  const page = await context.newPage();
  await page.goto(`${server.url}/`);
  await page.getByLabel("API token").fill("hb_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await sees(page, "This token is not accepted.");
  await page.getByLabel("API token").fill(server.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await sees(page, "nodes OK");
});

inBrowser("says what is broken, how sure that is and what is being done", async () => {
  const page = await openPage(context, server, "/");
  await sees(page, "2 nodes down, 1 suspect, 3 unknown.");
  await sees(page, "9 of 20 nodes OK");
  const line = page.getByRole("row", { name: /compute-07 host down/ });
  assert.match(await line.innerText(), /unreachable\s+On hold: the proof is not strong enough/);
});

inBrowser("says of every node its state and, unless it is well, why", async () => {
  const page = await openPage(context, server, "/");
  await sees(page, "9 of 20 nodes OK");
  await sees(page, "Power-off confirmed by the fence agent");
  const rows = await page.locator("tbody tr[id^='row-']").allInnerTexts();
  assert.is(rows.length, 20);
  for (const row of rows) {
    const [state = "", , why = ""] = row.split("\t").map((cell) => cell.trim());
    assert.match(state, /^(Committed|Declared down|Suspect|Problem|Agent trouble|Unknown|OK)$/);
    if (state !== "OK") assert.ok(why.length > 10, `a reason in: ${row}`);
  }
});

inBrowser("never shows a living node with a problem as OK", async () => {
  const page = await openPage(context, server, "/");
  await rowOf(page, 2).waitFor();
  assert.match(await rowOf(page, 2).innerText(), /^\s*Problem/);
  assert.match(await rowOf(page, 2).innerText(), /Libvirt hangs/);
});

inBrowser("shows a node of a shard that nobody judges as unknown and says why", async () => {
  const inHeldShard = Array.from({ length: 20 }, (_, index) => index).find(
    (index) => shardOf(fixtureNodeId(index)) === 63,
  );
  assert.type(inHeldShard, "number");
  const index = inHeldShard ?? 0;
  server.view.setNode({
    ...fixtureRecord(index),
    state: "alive",
    stateReason: "heartbeats arrive",
  });
  const page = await openPage(context, server, "/");
  await rowOf(page, index).waitFor();
  const text = await rowOf(page, index).innerText();
  assert.match(
    text,
    /^\s*Unknown[\s\S]*Shard 63 is on hold: the stored version is lower than known/,
  );
});

inBrowser("filters map and table alike and keeps the filter in the address", async () => {
  const page = await openPage(context, server, "/");
  await rowOf(page, 2).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("az2 r3");
  await eventually(async () => (await page.locator("tbody tr[id^='row-']").count()) === 5);
  await page.keyboard.press("Escape");
  await page.keyboard.press("n");
  await page.getByRole("button", { name: /^Agent trouble 2/ }).click();
  await eventually(async () => (await page.locator("tbody tr[id^='row-']").count()) === 2);
  assert.is(new URL(page.url()).search, "?q=az2+r3&notok=1&state=agent");
  await page.reload();
  await eventually(async () => (await page.locator("tbody tr[id^='row-']").count()) === 2);
});

inBrowser("walks the map with arrow keys, names each node and opens one", async () => {
  const page = await openPage(context, server, "/");
  await rowOf(page, 2).waitFor();
  await page.locator(".map-field").focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  const tip = await page.locator(".tip strong").innerText();
  const active = page.locator(".map-field [role=option]");
  assert.match((await active.textContent()) ?? "", new RegExp(`^${tip}: `));
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: tip }).waitFor();
});

inBrowser("draws cells that differ in colour by state", async () => {
  const page = await openPage(context, server, "/");
  await rowOf(page, 2).waitFor();
  const colours = await eventually(() =>
    page.evaluate(() => {
      const canvas = document.querySelector<HTMLCanvasElement>(".map canvas");
      const pixels = canvas?.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      const seen = new Map<string, number>();
      for (let at = 0; at < (pixels?.length ?? 0); at += 4) {
        const key = pixels?.slice(at, at + 4).join(",") ?? "";
        seen.set(key, (seen.get(key) ?? 0) + 1);
      }
      const large = [...seen].filter(([, count]) => count > 150);
      return large.length > 6 ? large.length : null;
    }),
  );
  assert.ok(colours > 6);
});

inBrowser("reaches every page with two keys and explains the keys", async () => {
  const page = await openPage(context, server, "/");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await sees(page, "6 open incidents.");
  await page.keyboard.press("g");
  await page.keyboard.press("s");
  await sees(page, "1 shard is on hold.");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys and marks" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("f");
  await sees(page, "9 of 20 nodes OK");
});

inBrowser("walks the table with the keyboard and opens the chosen node", async () => {
  const page = await openPage(context, server, "/");
  await rowOf(page, 8).waitFor();
  await page.getByRole("grid", { name: "Nodes" }).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.is(await rowOf(page, 7).getAttribute("aria-selected"), "true");
  await page.keyboard.press("Enter");
  await page.locator("h1", { hasText: "compute-07" }).waitFor();
});

inBrowser("shows a node's state in a sentence, its signs of life and its conditions", async () => {
  const page = await openPage(context, server, `/nodes/${fixtureNodeId(2)}`);
  await page.locator("h1", { hasText: "compute-02.example.test" }).waitFor();
  for (const text of [
    /Problem for/,
    "libvirtd accepts connections and answers none",
    /Last heartbeat [\d.]+ (s|min|d)/,
    /Kernel probe refused/,
    "NoAnswer libvirt-daemon",
    /Unknown libvirt-guests/,
    "Incarnation 1768000000",
    "suspect → alive",
  ]) {
    await sees(page, text);
  }
});

inBrowser("shows conditions from before a silence as unknown, never as facts", async () => {
  const record = fixtureRecord(2);
  server.view.setNode({ ...record, state: "suspect", stateReason: "no heartbeat for 2 s" });
  const page = await openPage(context, server, `/nodes/${record.id}`);
  await sees(page, /Unknown \(was problem\) libvirt-daemon/);
});

inBrowser("explains an incident: grade, evidence, rule, hold and what would end it", async () => {
  const page = await openPage(context, server, "/");
  await page.getByRole("link", { name: /compute-07 host down/ }).click();
  for (const text of [
    "grade 1 of 5: unreachable",
    "It may still run, cut off.",
    "The proof is not strong enough",
    "Released by: better proof, or an operator",
    "The same boot of the node shows that it lives",
    "Heartbeats silent last heartbeat 2.4 s before agg-1 2.4 s",
    "Kernel probe no answer",
    "Rule silence-two-witnesses",
    "declare after 2.0 s",
    /controller fact · transition 1 accepted/,
  ]) {
    await sees(page, text);
  }
});

inBrowser("records an acknowledgement and shows it", async () => {
  const page = await openPage(context, server, "/");
  await page.getByRole("link", { name: /compute-08 host down/ }).click();
  await page.getByLabel("Note (optional)").fill("on my way");
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await sees(page, "Recorded as test.");
  await sees(page, "acknowledge succeeded on my way");
});

inBrowser(
  "shows a change as it happens and keeps focus, search and what is being read",
  async () => {
    const page = await openPage(context, server, "/?q=compute");
    await rowOf(page, 12).waitFor();
    await page.keyboard.press("/");
    await page.locator(".table-scroller").evaluate((element) => {
      element.style.maxHeight = "200px";
      element.scrollTop = 192;
    });
    const before = await rowOf(page, 12).boundingBox();
    const record = fixtureRecord(0);
    const now = unixMs(Date.now());
    const stateReason = "the test pulled the plug";
    server.view.setNode({ ...record, state: "declared", stateSince: now, stateReason });
    await sees(page, "3 nodes down");
    // A row came in above; the rows that somebody looks at stay where they are.
    assert.equal(await rowOf(page, 12).boundingBox(), before);
    assert.is(await page.evaluate(() => document.activeElement?.id), "fleet-search");
    await page.locator(".table-scroller").evaluate((element) => element.scrollTo(0, 0));
    await sees(page, "The test pulled the plug");
  },
);

inBrowser("holds one stream for all tabs and hands it over when its tab closes", async () => {
  let streams = 0;
  context.on("request", (request) => {
    if (request.url().endsWith("/api/v1/stream")) streams += 1;
  });
  const first = await openPage(context, server, "/");
  await sees(first, "9 of 20 nodes OK");
  const second = await openPage(context, server, "/");
  await sees(second, "9 of 20 nodes OK");
  assert.is(streams, 1);
  await first.close();
  await eventually(() => streams === 2, { what: "a stream of the second tab" });
  server.view.setNode({ ...fixtureRecord(0), state: "suspect" });
  await sees(second, "2 nodes down, 2 suspect");
});

inBrowser(
  "says that it is disconnected, trusts nothing then, and recovers by itself",
  async () => {
    const page = await openPage(context, server, "/");
    await sees(page, "9 of 20 nodes OK");
    await server.stop();
    await eventually(async () => (await bodyText(page)).includes("Disconnected."), {
      withinMs: 15_000,
      what: "the banner",
    });
    await sees(page, "Nothing is known right now.");
    assert.match(await rowOf(page, 0).innerText(), /^\s*Unknown/);
    assert.match(await page.title(), /^\? /);
    await server.restart();
    await eventually(async () => (await bodyText(page)).includes("The session has ended."), {
      withinMs: 20_000,
      what: "the login",
    });
    await page.getByLabel("API token").fill(server.token);
    await page.getByRole("button", { name: "Sign in" }).click();
    await sees(page, "2 nodes down, 1 suspect, 3 unknown.");
  },
  60_000,
);

inBrowser("says how to start an agent when there is no node", async () => {
  const empty = await serveFleet(dashboard, []);
  try {
    const page = await openPage(context, empty, "/");
    await sees(page, "No node has reported yet.");
    await sees(page, "systemctl enable --now herdbeat-agent");
  } finally {
    await empty.stop();
  }
});

inBrowser("keeps the document small with ten thousand nodes", async () => {
  const many = await serveFleet(dashboard, manyNodes(10_000, unixMs(Date.now())));
  try {
    const page = await openPage(context, many, "/");
    await sees(page, /9,\d{3} of 10,000 nodes OK/);
    assert.ok((await page.locator("*").count()) < 1_500);
    await page.getByRole("grid", { name: "Nodes" }).focus();
    await page.keyboard.press("End");
    await page.locator("#row-node-009999").waitFor();
  } finally {
    await many.stop();
  }
});

inBrowser("fits into 320 pixels on every page", async () => {
  await context.close();
  context = await browser.context({ viewport: { width: 320, height: 640 } });
  const page = await openPage(context, server, "/");
  await rowOf(page, 2).waitFor();
  for (const path of [
    "/",
    "/incidents",
    "/system",
    `/nodes/${fixtureNodeId(2)}`,
    await anIncident(),
  ]) {
    await page.goto(`${server.url}${path}`);
    await page.locator("main h1").waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.is(width, 320, `width of ${path}`);
  }
});

inBrowser("shows a wall view without controls", async () => {
  const page = await openPage(context, server, "/?wall=1");
  await sees(page, "2 nodes down");
  assert.is(await page.locator("nav, search, .table-scroller").count(), 0);
});

for (const theme of ["light", "dark"] as const)
  inBrowser(
    `has no accessibility violation and no console error, ${theme}`,
    async () => {
      await context.close();
      context = await browser.context({ colorScheme: theme });
      await context.addInitScript({ content: readFileSync(AXE_PATH, "utf8") });
      const complaints: string[] = [];
      const page = await openPage(context, server, "/", complaints);
      await rowOf(page, 2).waitFor();
      for (const path of [
        "/",
        "/incidents",
        "/system",
        `/nodes/${fixtureNodeId(2)}`,
        await anIncident(),
        "/nowhere",
      ]) {
        await page.goto(`${server.url}${path}`);
        await page.locator("main h1").waitFor();
        assert.equal(await violations(page), [], `${theme} ${path}`);
      }
      await page.keyboard.press("?");
      assert.equal(await violations(page), [], `${theme} help`);
      assert.equal(complaints, []);
    },
    60_000,
  );

async function anIncident(): Promise<string> {
  const all = await server.view.incidents();
  return `/incidents/${all.find((each) => each.phase === "committed")?.id}`;
}

interface AxeGlobal {
  readonly axe: {
    run(): Promise<{
      readonly violations: readonly {
        readonly id: string;
        readonly nodes: readonly { html: string }[];
      }[];
    }>;
  };
}

async function violations(page: Page): Promise<readonly string[]> {
  return await page.evaluate(async () => {
    const { axe } = window as unknown as AxeGlobal;
    const { violations: found } = await axe.run();
    return found.flatMap(({ id, nodes }) =>
      nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`),
    );
  });
}

test.run();
