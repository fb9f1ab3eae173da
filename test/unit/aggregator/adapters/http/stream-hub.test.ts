import type { StreamClient } from "@herdbeat/aggregator/adapters/http/stream-hub";
import { StreamHub } from "@herdbeat/aggregator/adapters/http/stream-hub";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import * as assert from "uvu/assert";
import { FixtureFleetView } from "../../../../support/fixture-fleet-view.ts";
import { FIXTURE_START, fixtureRecord } from "../../../../support/fixture-nodes.ts";
import { suite } from "../../../../support/suite.ts";
import { VirtualTime } from "../../../../support/virtual-time.ts";

const test = suite("stream-hub");

class Reader implements StreamClient {
  text = "";
  bufferedBytes = 0;
  allowed = true;
  ended = false;
  readonly buffers: Buffer[] = [];

  write(bytes: Buffer): void {
    this.buffers.push(bytes);
    this.text += bytes.toString();
  }

  isAllowed(): boolean {
    return this.allowed;
  }

  end(): void {
    this.ended = true;
  }

  count(event: string): number {
    return this.text.split(`event: ${event}\n`).length - 1;
  }

  get lastId(): string {
    return [...this.text.matchAll(/^id: (.*)$/gm)].at(-1)?.[1] ?? "";
  }
}

function setup() {
  const time = new VirtualTime(FIXTURE_START);
  const view = new FixtureFleetView({ now: () => time.clock.wallNow() });
  const hub = new StreamHub({
    view,
    clock: time.clock,
    timers: time.timers,
    logger: silentLogger,
    metrics: silentMetrics,
    version: "test",
  });
  const join = async (lastEventId?: string): Promise<Reader> => {
    const reader = new Reader();
    assert.ok(hub.admit());
    const opened = hub.open(reader, lastEventId);
    await time.advance(0);
    await opened;
    return reader;
  };
  const change = (index: number, state: "alive" | "suspect") =>
    view.setNode({ ...fixtureRecord(index), state });
  return { time, view, hub, join, change };
}

test("sends at most four deltas a second, however many changes there are", async () => {
  const { time, join, change } = setup();
  const reader = await join();
  for (let step = 0; step < 100; step++) {
    change(0, step % 2 === 0 ? "suspect" : "alive");
    await time.advance(10);
  }
  await time.advance(250);
  assert.ok(reader.count("delta") <= 5, `${reader.count("delta")}`);
});

test("serialises each event once for all readers", async () => {
  const { time, join, change } = setup();
  const readers = [await join(), await join(), await join()];
  change(0, "suspect");
  await time.advance(250);
  const [first, second, third] = readers.map((each) => each.buffers.at(-1));
  assert.ok(first === second && second === third);
});

test("builds one snapshot for readers that come within ten seconds", async () => {
  const { time, view, join, change } = setup();
  await join();
  const reads = view.nodesReads;
  change(0, "suspect");
  await time.advance(5_000);
  const late = await join();
  assert.is(view.nodesReads, reads);
  assert.equal([late.count("snapshot"), late.count("delta")], [1, 1]);
  await time.advance(6_000);
  await join();
  assert.is(view.nodesReads, reads + 1);
});

test("sends no row again that did not change", async () => {
  const { time, join, change } = setup();
  const reader = await join();
  change(0, "suspect");
  await time.advance(250);
  change(0, "suspect");
  await time.advance(1_000);
  assert.is(reader.count("delta"), 1);
});

test("sends a row that changed back after a snapshot was taken in between", async () => {
  const { time, join, change } = setup();
  await join();
  change(0, "suspect");
  await time.advance(11_000);
  change(0, "alive");
  const reader = await join();
  change(0, "suspect");
  await time.advance(500);
  assert.match(
    reader.text.split("event: delta")[1] ?? "",
    /"hv-00","compute-00\.example\.test",2,/,
  );
});

test("sends the time every five seconds and a comment every fifteen", async () => {
  const { time, join } = setup();
  const reader = await join();
  await time.advance(30_100);
  assert.is(reader.count("time"), 6);
  assert.is(reader.text.split(": heartbeat\n\n").length - 1, 2);
});

test("keeps nothing of a reader that left before its snapshot was ready", async () => {
  const { time, hub, change } = setup();
  const reader = new Reader();
  assert.ok(hub.admit());
  const opened = hub.open(reader, undefined);
  hub.close(reader);
  await time.advance(0);
  await opened;
  assert.is(hub.clients, 0);
  change(0, "suspect");
  await time.advance(250);
  assert.is(reader.count("delta"), 0);
});

test("cuts off a reader that does not read", async () => {
  const { time, join, change } = setup();
  const reader = await join();
  reader.bufferedBytes = 9_000_000;
  change(0, "suspect");
  await time.advance(250);
  assert.ok(reader.ended);
  assert.is(reader.count("delta"), 0);
});

test("ends the stream of a token that is no longer valid", async () => {
  const { time, join } = setup();
  const reader = await join();
  reader.allowed = false;
  await time.advance(5_000);
  assert.ok(reader.ended);
});

test("keeps what changed while the store does not answer, and sends it afterwards", async () => {
  const { time, view, join, change } = setup();
  const reader = await join();
  view.failure = new Error("down");
  change(0, "suspect");
  await time.advance(3_000);
  assert.is(reader.count("delta"), 0);
  view.failure = null;
  await time.advance(1_100);
  assert.is(reader.count("delta"), 1);
});

test("forgets the fleet a minute after the last reader left", async () => {
  const { time, view, hub, join } = setup();
  const reader = await join();
  hub.close(reader);
  await time.advance(55_000);
  assert.is(view.subscribers, 1);
  await time.advance(15_000);
  assert.is(view.subscribers, 0);
  const back = await join(reader.lastId);
  assert.equal([back.count("resync"), back.count("snapshot")], [1, 1]);
});

test("reads the whole fleet once when very many nodes change together", async () => {
  const { time, view, join } = setup();
  const reader = await join();
  const reads = view.nodesReads;
  for (let index = 0; index < 400; index++) {
    view.setNode({ ...fixtureRecord(0), id: `mass-${index}` as never });
  }
  await time.advance(250);
  assert.is(view.nodesReads - reads, 1);
  assert.is(reader.count("delta"), 1);
});

test.run();
