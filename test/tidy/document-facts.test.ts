// What the documents say of names and numbers is what the code has.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { AGGREGATOR_CONFIG } from "@herdbeat/aggregator/config-table";
import { parseDuration } from "@herdbeat/shared/duration-text";
import * as assert from "uvu/assert";
import { LIMITS } from "../support/node-driver.ts";
import { suite } from "../support/suite.ts";
import { ROOT } from "../tools/invariants.ts";
import { servicesPage } from "../tools/service-docs.ts";

const test = suite("document-facts");

const pages = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, "docs")).map((name) => `docs/${name}`),
  ...readdirSync(join(ROOT, "docs/adr")).map((name) => `docs/adr/${name}`),
].filter((name) => name.endsWith(".md"));
const textOf = (page: string): string => readFileSync(join(ROOT, page), "utf8");

test("every npm script that a document names exists", () => {
  const { scripts } = JSON.parse(textOf("package.json")) as { scripts: Record<string, string> };
  const missing = pages.flatMap((page) =>
    [...textOf(page).matchAll(/npm run ([a-z][a-z0-9:-]*)/g)]
      .map(([, name = ""]) => name)
      .filter((name) => scripts[name] === undefined)
      .map((name) => `${page}: npm run ${name}`),
  );
  assert.equal(missing, []);
});

test("the page of services is the one that the profiles make", () => {
  assert.is(textOf("docs/services.md"), servicesPage());
});

test("every limit of detection is on its page with its default", () => {
  const rows = textOf("docs/failure-detection.md").split("\n");
  const wrong = AGGREGATOR_CONFIG.filter(
    ({ key }) => key.startsWith("detection.") && !/Witness|probe\.port|gateway/.test(key),
  ).filter(({ key, ...rest }) => {
    const fallback = "default" in rest ? String(rest.default) : "";
    return !rows.some((row) => row.includes(`\`${key}\` | \`${fallback}\``));
  });
  assert.equal(
    wrong.map(({ key }) => key),
    [],
  );
});

test("the limits that tests drive the core with are the defaults", () => {
  const defaultOf = (key: string): number => {
    const found = AGGREGATOR_CONFIG.find((one) => one.key === key);
    return (
      parseDuration(String((found as { default?: unknown } | undefined)?.default)) ?? Number.NaN
    );
  };
  assert.equal(LIMITS, {
    suspectAfter: defaultOf("detection.suspectAfter"),
    declareWithWitnesses: defaultOf("detection.declareAfter.twoWitnesses"),
    declareAfter: defaultOf("detection.declareAfter.alone"),
    probeTimeout: defaultOf("detection.probe.timeout"),
    probeInterval: defaultOf("detection.probe.interval"),
    provenWithin: defaultOf("detection.probe.provenWithin"),
    reconnectBound: defaultOf("detection.reconnectBound"),
    awaitedProbeDelay: defaultOf("detection.awaitedProbeDelay"),
    agentPageAfter: defaultOf("detection.agentPageAfter"),
    orderlyRebootWindow: defaultOf("detection.orderlyRebootWindow"),
    commitWithWitnesses: defaultOf("detection.fenceAfter.twoWitnesses"),
    commitWithOneWitness: defaultOf("detection.fenceAfter.oneWitness"),
  });
});

test("every decision is in the index of decisions", () => {
  const index = textOf("docs/adr/README.md");
  const missing = readdirSync(join(ROOT, "docs/adr")).filter(
    (name) => /^\d{4}-/.test(name) && !index.includes(`(${name})`),
  );
  assert.equal(missing, []);
});

test.run();
