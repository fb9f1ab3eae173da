import { readDomainXml } from "@herdbeat/agent/libvirt-child/domain-xml";
import { scanXml, XML_CHARACTERS_MAX } from "@herdbeat/shared/xml-scanner";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("domain-xml");

const NOTHING = { attributes: {}, heartbeatChannel: null, hasGuestAgent: false };

function domain(body: string): string {
  return `<?xml version="1.0"?><domain type='qemu' id='3'><name>instance-00000001</name>${body}</domain>`;
}

function novaDomain(instance: string): string {
  return domain(`<metadata><nova:instance>${instance}</nova:instance></metadata>`);
}

test("reads nova's metadata and both channels as libvirt prints them", () => {
  const xml = domain(`
  <metadata>
    <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
      <nova:package version="27.1.0"/>
      <nova:name>web &amp; co</nova:name>
      <nova:creationTime>2026-11-20 10:00:00</nova:creationTime>
      <nova:flavor name="m1.small"><nova:memory>2048</nova:memory></nova:flavor>
      <nova:owner>
        <nova:user uuid="5c2f">alice</nova:user>
        <nova:project uuid="9d1e">web</nova:project>
      </nova:owner>
      <nova:root type="image" uuid="a7c8"/>
    </nova:instance>
  </metadata>
  <devices>
    <channel type='unix'>
      <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/domain-3/org.herdbeat.guest.0'/>
      <target type='virtio' name='org.herdbeat.guest.0' state='connected'/>
    </channel>
    <channel type="unix">
      <target type="virtio" name="org.qemu.guest_agent.0"/>
    </channel>
  </devices>`);
  assert.equal(readDomainXml(xml, "instance-00000001"), {
    attributes: { novaName: "web & co", flavor: "m1.small", project: "9d1e", image: "a7c8" },
    heartbeatChannel: "/var/lib/libvirt/qemu/channel/target/domain-3/org.herdbeat.guest.0",
    hasGuestAgent: true,
  });
});

for (const [name, expected] of [
  ["i-0a1b2c3d", { eucalyptusInstance: "i-0a1b2c3d" }],
  ["i-0a1b2c3d4e5f60718", { eucalyptusInstance: "i-0a1b2c3d4e5f60718" }],
  ["i-XYZ", {}],
  ["instance-00000001", {}],
] as const) {
  test(`finds ${JSON.stringify(expected)} in the domain name ${name}`, () => {
    assert.equal(readDomainXml(domain(""), name).attributes, expected);
  });
}

test("does not take another guest's channel path for ours", () => {
  const xml = domain(`<devices>
    <channel type='unix'><source path='/other'/><target name='org.other.0'/></channel>
    <channel type='unix'><target name='org.herdbeat.guest.0'/></channel></devices>`);
  assert.equal(readDomainXml(xml, "x"), NOTHING);
});

const HOSTILE: readonly (readonly [string, string])[] = [
  ["empty text", ""],
  ["no XML", "\u0000\u0001 hello"],
  ["an unfinished tag", "<domain><devices"],
  ["an unfinished quote", `<domain><name a="${"x".repeat(100)}`],
  ["a tag without a name", "<domain><></domain>"],
  ["a closing tag that was never opened", "</domain>"],
  ["tags closed in the wrong order", "<domain><a><b></a></b></domain>"],
  ["an entity bomb", '<!DOCTYPE d [<!ENTITY a "aaaa">]><domain>&a;</domain>'],
  ["a comment that never ends", "<domain><!-- "],
  ["CDATA that never ends", "<domain><![CDATA[ "],
  ["nesting without end", "<a>".repeat(100_000)],
  ["too many elements", `<domain>${"<a/>".repeat(30_000)}</domain>`],
  ["too many attributes", `<domain ${"a='1' ".repeat(1_000)}></domain>`],
  ["a tag that is too long", `<domain a="${"x".repeat(10_000)}"></domain>`],
  ["a text above the limit", "x".repeat(XML_CHARACTERS_MAX + 1)],
];

for (const [what, xml] of HOSTILE) {
  test(`survives ${what}`, () => {
    assert.equal(readDomainXml(xml, "guest"), NOTHING);
  });
}

for (const [what, xml, opensMax] of [
  ["nesting", "<a>".repeat(100), 32],
  ["elements", `<domain>${"<a/>".repeat(30_000)}</domain>`, 20_000],
] as const) {
  test(`ends the scan at its bound of ${what}`, () => {
    let opens = 0;
    const isWhole = scanXml(xml, { onOpen: () => void opens++, onText: () => {} });
    assert.equal([isWhole, opens], [false, opensMax]);
  });
}

test("cuts long values and takes control characters out of them", () => {
  const xml = novaDomain(
    `<nova:name>&#27;[31mred&#10;${"y".repeat(500)}</nova:name><nova:flavor name="&#x202e;evil"/>`,
  );
  const { attributes } = readDomainXml(xml, "guest");
  assert.is(attributes["novaName"], `[31mred${"y".repeat(256 - 7)}`);
  assert.is(attributes["flavor"], "evil");
});

test("keeps the first of two elements of the same name", () => {
  const xml = novaDomain("<nova:name>first</nova:name><nova:name>second</nova:name>");
  assert.is(readDomainXml(xml, "guest").attributes["novaName"], "first");
});

test("does not take metadata of somebody else for nova's", () => {
  const xml = domain(
    "<metadata><x:instance><nova:name>forged</nova:name></x:instance></metadata>" +
      "<title><nova:instance><nova:name>forged</nova:name></nova:instance></title>",
  );
  assert.equal(readDomainXml(xml, "guest").attributes, {});
});

for (const path of ["relative.sock", "", `/${"p".repeat(107)}`, "/tmp/a&#10;b", "/tmp/&#0;"]) {
  test(`refuses the channel path ${path.slice(0, 20)}`, () => {
    const xml = domain(`<devices><channel><source path="${path}"/>
      <target name="org.herdbeat.guest.0"/></channel></devices>`);
    assert.is(readDomainXml(xml, "guest").heartbeatChannel, null);
  });
}

test("reads numeric entities up to the last code point and drops what is above", () => {
  const texts: string[] = [];
  const isWhole = scanXml("<a>&#65;&#x1F600;&#x110000;&#55296;&unknown;&lt;</a>", {
    onOpen: () => {},
    onText: (_path, text) => texts.push(text),
  });
  assert.ok(isWhole);
  assert.equal(texts, ["A\u{1F600}\ud800&unknown;<"]);
});

test.run();
