import {
  LineSplitter,
  parseChildMessage,
  parseCommand,
} from "@herdbeat/agent/adapters/libvirt/child-protocol";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("child-protocol");

test("reads what the child says", () => {
  const event = { kind: "event", event: { kind: "stopped", uuid: "u", detail: "failed" } };
  assert.equal(parseChildMessage(JSON.stringify(event)), event);
  assert.equal(parseChildMessage('{"kind":"beat"}'), { kind: "beat" });
});

for (const line of [
  "",
  "null",
  "[]",
  '{"kind":"beat"',
  '{"kind":"surprise"}',
  '{"kind":"guests"}',
  '{"kind":"guests","guests":[null]}',
  '{"kind":"guests","guests":[{"uuid":1}]}',
  '{"kind":"event","event":{"kind":"stopped"}}',
  `{"kind":"guests","guests":[${Array(1_001).fill("{}").join(",")}]}`,
]) {
  test(`refuses ${line.slice(0, 40)}`, () => {
    assert.is(parseChildMessage(line), null);
  });
}

test("refuses commands that are none", () => {
  assert.is(parseCommand('{"kind":"ping","id":"1","uuid":"u","timeoutS":1}'), null);
  assert.equal(parseCommand('{"kind":"ping","id":1,"uuid":"u","timeoutS":2}'), {
    kind: "ping",
    id: 1,
    uuid: "u",
    timeoutS: 2,
  });
});

test("puts lines together that arrive in pieces", () => {
  const splitter = new LineSplitter(10);
  assert.equal(splitter.push("ab"), []);
  assert.equal(splitter.push("c\nde\nf"), ["abc", "de"]);
  assert.equal(splitter.push("\n"), ["f"]);
});

test("drops a line that is too long, wholly and once", () => {
  const splitter = new LineSplitter(10);
  assert.equal(splitter.push("x".repeat(11)), []);
  assert.equal(splitter.push("x".repeat(50)), []);
  assert.equal(splitter.push("tail\nnext\n"), ["next"]);
  assert.equal(splitter.push(`${"y".repeat(11)}\nok\n`), ["ok"]);
  assert.is(splitter.dropped, 2);
});

test.run();
