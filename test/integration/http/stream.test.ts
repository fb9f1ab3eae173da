import { get, type IncomingMessage } from "node:http";
import type { SessionDto } from "@herdbeat/aggregator/adapters/http/cluster-dto";
import type { StreamDelta, StreamSnapshot } from "@herdbeat/aggregator/adapters/http/stream-dto";
import type { NodeId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { type HttpFixture, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("event stream");

let api: HttpFixture;
test.before(async () => {
  api = await startHttpFixture();
});
test.after(() => api.stop());

interface StreamEvent {
  readonly id: string;
  readonly event: string;
  readonly data: StreamSnapshot & StreamDelta;
}

interface Reader {
  readonly status: number;
  readonly events: readonly StreamEvent[];
  readonly ended: boolean;
  close(): void;
}

/** node:http instead of fetch: a reader that stops reading must be possible. */
async function read(
  server: HttpFixture,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reader> {
  const authorization = `Bearer ${server.tokens.viewer}`;
  const options = { headers: { authorization, ...headers }, agent: false };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${server.endpoint}/api/v1/stream`, options, resolve).on("error", reject);
  });
  const events: StreamEvent[] = [];
  const state = { ended: false };
  let text = "";
  response.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
      if (field("event") !== "") {
        events.push({
          id: field("id"),
          event: field("event"),
          data: JSON.parse(field("data")) as StreamSnapshot & StreamDelta,
        });
      }
    }
  });
  response.on("close", () => {
    state.ended = true;
  });
  response.on("error", () => {});
  return {
    status: response.statusCode ?? 0,
    events,
    get ended() {
      return state.ended;
    },
    close: () => response.destroy(),
  };
}

const named = (reader: Reader, event: string) =>
  reader.events.filter((each) => each.event === event);

async function setState(node: string, state: "alive" | "suspect"): Promise<void> {
  const found = await api.view.node(node as NodeId);
  if (found !== null) api.view.setNode({ ...found.record, state });
}

test("starts with the whole picture, then sends what changes", async () => {
  const reader = await read(api);
  const [snapshot] = await eventually(
    () => named(reader, "snapshot").length > 0 && named(reader, "snapshot"),
  );
  assert.is(snapshot?.data.nodes.length, 20);
  assert.is(snapshot?.data.shards.length, 64);
  assert.is(snapshot?.data.states[snapshot.data.nodes[3]?.[2] ?? 0], "suspect");
  await setState("hv-04", "suspect");
  const [delta] = await eventually(
    () => named(reader, "delta").length > 0 && named(reader, "delta"),
  );
  assert.equal(
    delta?.data.nodes.map((row) => [row[0], row[2]]),
    [["hv-04", 2]],
  );
  api.view.removeNode("hv-19" as NodeId);
  await eventually(() => reader.events.some((each) => each.data.removed?.[0] === "hv-19"));
  reader.close();
});

/** The first delta that has the node's row. */
const deltaWith = (reader: Reader, node: string): Promise<StreamEvent> =>
  eventually(() =>
    named(reader, "delta").find((each) => each.data.nodes?.some((row) => row[0] === node)),
  );

test("puts changes that come together into one event", async () => {
  const reader = await read(api);
  await eventually(() => named(reader, "snapshot").length > 0);
  for (let round = 0; round < 40; round++) {
    await setState("hv-05", round % 2 === 0 ? "alive" : "suspect");
  }
  for (let index = 10; index < 15; index++) await setState(`hv-${index}`, "suspect");
  const delta = await deltaWith(reader, "hv-14");
  assert.equal(
    delta.data.nodes.map((row) => row[0]),
    ["hv-05", "hv-10", "hv-11", "hv-12", "hv-13", "hv-14"],
  );
  reader.close();
});

test("gives a reader that comes back what it missed, without a snapshot", async () => {
  const first = await read(api);
  await setState("hv-06", "suspect");
  const last = await deltaWith(first, "hv-06");
  await setState("hv-09", "suspect");
  await deltaWith(first, "hv-09");
  first.close();
  const second = await read(api, { "last-event-id": last.id });
  await eventually(() => second.events.length > 0);
  assert.equal(
    second.events.map((each) => [each.event, each.data.nodes.map((row) => row[0])]),
    [["delta", ["hv-09"]]],
  );
  second.close();
});

test("tells a reader whose place is forgotten to start over", async () => {
  const reader = await read(api, { "last-event-id": "000000000000-7" });
  await eventually(() => reader.events.length >= 2);
  assert.equal(
    reader.events.slice(0, 2).map((each) => each.event),
    ["resync", "snapshot"],
  );
  reader.close();
});

test("lets go of the fleet's changes only for as long as somebody may come back", async () => {
  const reader = await read(api);
  await eventually(() => named(reader, "snapshot").length > 0);
  assert.is(api.view.subscribers, 1);
  reader.close();
});

test("refuses more readers than it has places for, and frees them", async () => {
  const small = await startHttpFixture();
  const readers: Reader[] = [];
  for (let count = 0; count < 128; count++) readers.push(await read(small));
  assert.equal([...new Set(readers.map((each) => each.status))], [200]);
  const refused = await small.call("/api/v1/stream", { as: "operator" });
  assert.equal([refused.status, refused.json.code], [503, "HB_API_RATE_LIMITED"]);
  readers[0]?.close();
  const again = await eventually(async () => {
    const reader = await read(small);
    if (reader.status === 200) return reader;
    reader.close();
    return null;
  });
  for (const each of [...readers, again]) each.close();
  await small.stop();
});

test("opens no stream for a HEAD request", async () => {
  assert.is((await api.call("/api/v1/stream", { method: "HEAD" })).status, 404);
});

test("ends all streams when the server stops", async () => {
  const stopping = await startHttpFixture();
  const reader = await read(stopping);
  await eventually(() => named(reader, "snapshot").length > 0);
  await stopping.stop();
  await eventually(() => reader.ended);
});

test("streams to a browser session and ends with it", async () => {
  const login = await api.call<SessionDto>("/api/v1/session", { method: "POST" });
  const cookie = (login.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? "";
  const response = await fetch(`${api.endpoint}/api/v1/stream`, {
    headers: { cookie },
    signal: AbortSignal.timeout(10_000),
  });
  assert.is(response.status, 200);
  assert.is(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  await response.body?.cancel();
});

test.run();
