import { readFileSync } from "node:fs";
import {
  optionProblems,
  parseMetadata,
} from "@herdbeat/aggregator/adapters/fence-agent/agent-metadata";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("fence-agent-metadata");

const xmlOf = (name: string): string =>
  readFileSync(new URL(`../../../../fixtures/fence-agents/${name}.xml`, import.meta.url), "utf8");

function problemsOf(name: string, given: readonly string[]): readonly string[] {
  const metadata = parseMetadata(xmlOf(name));
  assert.ok(metadata);
  return optionProblems(metadata, given);
}

test("reads what real agents print", () => {
  const metadata = parseMetadata(`a warning before it\n${xmlOf("fence_ipmilan")}`);
  assert.is(metadata?.name, "fence_ipmilan");
  assert.ok(metadata?.actions.has("off"));
  assert.ok(metadata?.actions.has("status"));
  assert.equal(metadata?.options.get("ip"), { isRequired: false, formerly: "ipaddr" });
});

test("names what is unknown, near or missing", () => {
  assert.equal(problemsOf("fence_ipmilan", ["ip", "username", "password", "lanplus"]), []);
  assert.equal(problemsOf("fence_ipmilan", ["usernam", "colour"]), [
    "fence_ipmilan has no option usernam, did you mean username?",
    "fence_ipmilan has no option colour",
  ]);
  assert.equal(problemsOf("fence_apc_snmp", ["ip"]), ["fence_apc_snmp needs the option plug"]);
});

test("an option's former name counts for it", () => {
  assert.equal(problemsOf("fence_apc_snmp", ["ipaddr", "port"]), []);
});

test("an agent that cannot cut power is no fence device", () => {
  const metadata = parseMetadata(
    '<resource-agent name="kdump"><parameters /><actions><action name="monitor" /></actions></resource-agent>',
  );
  assert.ok(metadata);
  assert.equal(optionProblems(metadata, []), [
    "kdump cannot do off: it is no device for fencing",
    "kdump cannot do status: it is no device for fencing",
  ]);
});

test("anything else is no metadata", () => {
  for (const xml of [
    "",
    "Status: ON",
    "<html><body>login</body></html>",
    "<resource-agent name='x'>",
    '<resource-agent name="x"><actions></actions></resource-agent>',
    `<!DOCTYPE a [<!ENTITY b "c">]><resource-agent name="x"><!ENTITY></resource-agent>`,
    `<resource-agent name="x">${"<a>".repeat(100)}`,
    "\u0000".repeat(1_000),
  ]) {
    assert.is(parseMetadata(xml), null, xml.slice(0, 60));
  }
});

test.run();
