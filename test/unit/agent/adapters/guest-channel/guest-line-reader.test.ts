import {
  GuestLineReader,
  LINE_BYTES_MAX,
} from "@herdbeat/agent/adapters/guest-channel/guest-line-reader";
import { parseBeat } from "@herdbeat/agent/core/guest-silence";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("guest-line-reader");

const newReader = (): GuestLineReader => new GuestLineReader({ lines: 3, bytes: 4_096 });
const read = (reader: GuestLineReader, text: string): readonly string[] =>
  reader.push(Buffer.from(text, "latin1")).lines;

test("cuts lines at any chunking", () => {
  const text = "HB1 1 2.0 ok\nHB1 2 3.0 ok\r\n";
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = newReader();
    const lines = [...read(reader, text.slice(0, cut)), ...read(reader, text.slice(cut))];
    assert.equal(lines, ["HB1 1 2.0 ok", "HB1 2 3.0 ok"]);
    assert.is(reader.dropped, 0);
  }
});

test("accepts a line of the greatest length and drops a longer one", () => {
  const reader = newReader();
  const longest = "x".repeat(LINE_BYTES_MAX);
  assert.equal(read(reader, `${longest}\n${longest}y\nok\n`), [longest, "ok"]);
  assert.is(reader.dropped, 1);
});

test("holds one line at most of a guest that never ends its line", () => {
  const reader = newReader();
  for (let count = 0; count < 1_000; count++) {
    assert.equal(read(reader, "z".repeat(1_024)), []);
    reader.startWindow();
  }
  assert.is(reader.dropped, 1);
  assert.equal(read(reader, "\nok\n"), ["ok"]);
});

test("drops what is not printable ASCII", () => {
  const reader = newReader();
  assert.equal(read(reader, "fine\n\x1b[2Jbad\nt\xe4st\n\x00\n"), ["fine"]);
  assert.is(reader.dropped, 3);
});

test("forgives half a line after a reconnect", () => {
  const reader = newReader();
  reader.push(Buffer.from("HB1 1 2"));
  reader.restart();
  assert.equal(read(reader, "\x80\xff3 ok\nHB1 2 3.0 ok\n"), ["HB1 2 3.0 ok"]);
  assert.is(reader.dropped, 0);
});

test("passes on no more lines in a window than allowed, and says so", () => {
  const reader = newReader();
  const flood = reader.push(Buffer.from("a\nb\nc\nd\ne\n"));
  assert.equal(flood.lines, ["a", "b", "c"]);
  assert.is(flood.isOverRate, true);
  assert.is(reader.dropped, 2);
  reader.startWindow();
  assert.equal(read(reader, "f\n"), ["f"]);
});

test("looks at no more bytes in a window than allowed", () => {
  const reader = newReader();
  const flood = reader.push(Buffer.from(`${"q\n".repeat(3_000)}end\n`));
  assert.is(flood.isOverRate, true);
  assert.is(flood.lines.length, 3);
  reader.startWindow();
  assert.equal(read(reader, "tail of what was skipped\nok\n"), ["ok"]);
});

for (const [line, expected] of [
  ["HB1 1 2.11 ok", { kind: "ok" }],
  ["HB1 1 2.11 bye", { kind: "bye" }],
  ["HB1 9 100 fail disk,web", { kind: "fail", checks: "disk,web" }],
  ["HB1 1 2.11 okay", undefined],
  ["HB1 1 2.11 fail ", undefined],
  ["HB1 1 2.11 fail a b", undefined],
  ["HB2 1 2.11 ok", undefined],
  ["HB1 -1 2.11 ok", undefined],
  ["", undefined],
] as const) {
  test(`reads ${line === "" ? "an empty line" : line}`, () => {
    assert.equal(parseBeat(line), expected);
  });
}

test.run();
