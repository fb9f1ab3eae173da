import type { Socket } from "node:net";
import {
  type DestinationSettings,
  HttpWebhook,
} from "@herdbeat/aggregator/adapters/webhook/http-webhook";
import { parseSecret, verifyMessage } from "@herdbeat/aggregator/adapters/webhook/signature";
import type { SendOutcome } from "@herdbeat/aggregator/ports/webhook";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { RECOVERY, rowOf } from "../../support/delivery-builders.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { suite } from "../../support/suite.ts";
import { makeTestCertificates } from "../../support/test-certificates.ts";
import {
  type Answer,
  answerWith,
  type Receiver,
  startReceiver,
} from "../../support/webhook-receiver.ts";

const test = suite("http-webhook");
const SECRETS = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", `whsec_${"A".repeat(32)}`];
const DEADLINE_MS = 1_500;

function settingsOf(url: string, over: Partial<DestinationSettings> = {}): DestinationSettings {
  return {
    name: RECOVERY,
    url,
    secrets: SECRETS,
    deadline: durationMs(DEADLINE_MS),
    connectionsMax: 2,
    allowLoopback: true,
    ...over,
  };
}

interface Sent {
  readonly outcome: SendOutcome;
  readonly tookMs: number;
}

async function sendOnce(settings: DestinationSettings, at = Date.now()): Promise<Sent> {
  const webhook = new HttpWebhook([settings], "0.1.0");
  try {
    const started = performance.now();
    const outcome = await webhook.send(rowOf(), { number: 3, at: unixMs(at) });
    return { outcome, tookMs: performance.now() - started };
  } finally {
    await webhook.close();
  }
}

async function withReceiver<T>(
  answer: Answer,
  use: (receiver: Receiver) => Promise<T>,
): Promise<T> {
  const receiver = await startReceiver();
  receiver.answer(answer);
  try {
    return await use(receiver);
  } finally {
    await receiver.stop();
  }
}

function statusOf(outcome: SendOutcome): number | string {
  return outcome.kind === "answered" ? outcome.status : outcome.kind;
}

test("posts the signed row, and the receiver's own check accepts it", () =>
  withReceiver(answerWith(204), async (receiver) => {
    const now = Date.now();
    const { outcome } = await sendOnce(settingsOf(receiver.url), now);
    assert.equal(outcome, { kind: "answered", status: 204, retryAfter: null, bodyExcerpt: "" });
    const [message] = receiver.received;
    assert.ok(message);
    assert.is(message.path, "/hook?from=test");
    assert.is(message.body, rowOf().body);
    const { headers } = message;
    assert.equal(
      [headers["webhook-id"], headers["idempotency-key"], headers["content-type"]],
      [rowOf().webhookId, rowOf().webhookId, "application/json"],
    );
    assert.equal([headers["herdbeat-attempt"], headers["user-agent"]], ["3", "herdbeat/0.1.0"]);
    for (const secret of SECRETS) {
      const verdict = verifyMessage([parseSecret(secret)], headers, message.body, unixMs(now));
      assert.equal(verdict, { kind: "valid" });
    }
  }));

for (const status of [200, 202, 208, 400, 401, 404, 409, 410, 422, 429, 500, 502, 503]) {
  test(`reports an answer of ${status} as it is`, () =>
    withReceiver(answerWith(status, "", "because"), async (receiver) => {
      const { outcome } = await sendOnce(settingsOf(receiver.url));
      assert.equal(outcome, { kind: "answered", status, retryAfter: null, bodyExcerpt: "because" });
    }));
}

test("follows no redirect", () =>
  withReceiver(answerWith(204), async (target) => {
    await withReceiver(answerWith(307, `location: ${target.url}\r\n`), async (receiver) => {
      const { outcome } = await sendOnce(settingsOf(receiver.url));
      assert.is(statusOf(outcome), 307);
      assert.is(target.received.length, 0);
    });
  }));

const NOW = Date.parse("2026-11-20T10:00:00Z");
for (const [header, expected] of [
  ["7", 7_000],
  ["Fri, 20 Nov 2026 10:00:30 GMT", 30_000],
  ["Fri, 20 Nov 2026 09:00:00 GMT", 0],
  ["soon", null],
  ["-3", null],
] as const) {
  test(`reads Retry-After "${header}"`, () =>
    withReceiver(answerWith(503, `retry-after: ${header}\r\n`), async (receiver) => {
      const { outcome } = await sendOnce(settingsOf(receiver.url), NOW);
      // A negative number is no valid value; some platforms read it as a date long past.
      const got = outcome.kind === "answered" ? outcome.retryAfter : "nothing";
      assert.ok(header === "-3" ? got === null || got === 0 : got === expected, String(got));
    }));
}

test("says that nothing was sent when nobody listens", async () => {
  const { outcome } = await sendOnce(settingsOf(`http://127.0.0.1:${await freePort()}/`));
  assert.is(outcome.kind, "not-sent");
});

test("says that nothing was sent when the name does not exist", async () => {
  const { outcome } = await sendOnce(settingsOf("http://receiver.invalid/hook"));
  assert.is(outcome.kind, "not-sent");
});

test("waits for a slow answer", () =>
  withReceiver(
    (received, socket) => void setTimeout(() => answerWith(202)(received, socket), 400),
    async (receiver) => {
      assert.is(statusOf((await sendOnce(settingsOf(receiver.url))).outcome), 202);
    },
  ));

const endlessly = (socket: Parameters<Answer>[1], text: string): void => {
  const timer = setInterval(() => socket.write(text), 5);
  socket.on("close", () => clearInterval(timer));
};

const UNCERTAIN: readonly (readonly [string, Answer])[] = [
  ["hangs", () => {}],
  ["hangs in the status line", (_received, socket) => void socket.write("HTTP/1.1 20")],
  ["closes without an answer", (_received, socket) => void socket.destroy()],
  ["resets the connection", (_received, socket) => void socket.resetAndDestroy()],
  ["speaks no HTTP", (_received, socket) => void socket.write("SSH-2.0-x\r\n\r\n")],
  [
    "sends huge headers",
    (_received, socket) => void socket.write(`HTTP/1.1 204 X\r\nx: ${"y".repeat(100_000)}\r\n\r\n`),
  ],
  [
    "sends headers without end",
    (_received, socket) => {
      socket.write("HTTP/1.1 204 X\r\n");
      endlessly(socket, "x: y\r\n");
    },
  ],
];

for (const [what, answer] of UNCERTAIN) {
  test(`counts as possibly accepted, within the deadline, a receiver that ${what}`, () =>
    withReceiver(answer, async (receiver) => {
      const { outcome, tookMs } = await sendOnce(settingsOf(receiver.url));
      assert.is(outcome.kind, "timed-out");
      assert.is(receiver.received.length, 1);
      assert.ok(tookMs < DEADLINE_MS + 500, `${tookMs} ms`);
    }));
}

const ENDLESS: readonly (readonly [string, Answer])[] = [
  [
    "drips for ever",
    (_received, socket) => {
      socket.write("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
      endlessly(socket, "1\r\nx\r\n");
    },
  ],
  [
    "floods for ever",
    (_received, socket) => {
      socket.write("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n");
      endlessly(socket, `4000\r\n${"x".repeat(0x4000)}\r\n`);
    },
  ],
  [
    "promises a body and sends none",
    (_received, socket) => void socket.write("HTTP/1.1 200 X\r\ncontent-length: 99\r\n\r\n"),
  ],
];

for (const [what, answer] of ENDLESS) {
  test(`takes the status and cuts the connection of a receiver that ${what}`, () =>
    withReceiver(answer, async (receiver) => {
      const webhook = new HttpWebhook([settingsOf(receiver.url)], "0.1.0");
      try {
        let first: Socket | undefined;
        receiver.answer((received, socket) => {
          first = socket;
          answer(received, socket);
        });
        const started = performance.now();
        const attempt = { number: 1, at: unixMs(Date.now()) };
        assert.is(statusOf(await webhook.send(rowOf(), attempt)), 200);
        assert.ok(performance.now() - started < DEADLINE_MS + 500);
        await eventually(() => first?.destroyed, { what: "the end of the connection" });
        receiver.answer(answerWith(204));
        assert.is(statusOf(await webhook.send(rowOf(), attempt)), 204);
      } finally {
        await webhook.close();
      }
    }));
}

test("keeps its connections for the next rows", () =>
  withReceiver(answerWith(200, "", "ok"), async (receiver) => {
    const webhook = new HttpWebhook([settingsOf(receiver.url)], "0.1.0");
    for (let number = 1; number <= 20; number++) {
      const outcome = await webhook.send(rowOf(), { number, at: unixMs(Date.now()) });
      assert.is(statusOf(outcome), 200);
    }
    assert.ok(receiver.connections() <= 2, `${receiver.connections()} connections`);
    await webhook.close();
  }));

test("ends in time also for a row that waits for a free connection", () =>
  withReceiver(
    () => {},
    async (receiver) => {
      const webhook = new HttpWebhook([settingsOf(receiver.url, { connectionsMax: 1 })], "0.1.0");
      const started = performance.now();
      const attempt = { number: 1, at: unixMs(Date.now()) };
      const both = [webhook.send(rowOf(), attempt), webhook.send(rowOf(), attempt)];
      const outcomes = await Promise.all(both);
      assert.equal(
        outcomes.map((outcome) => outcome.kind),
        ["timed-out", "timed-out"],
      );
      assert.ok(performance.now() - started < DEADLINE_MS + 500);
      await webhook.close();
    },
  ));

test("shows 200 characters of what the receiver says and reads no more than it must", () =>
  withReceiver(answerWith(500, "", "e".repeat(1_000_000)), async (receiver) => {
    const { outcome } = await sendOnce(settingsOf(receiver.url));
    assert.equal(outcome, {
      kind: "answered",
      status: 500,
      retryAfter: null,
      bodyExcerpt: "e".repeat(200),
    });
  }));

for (const host of [
  "127.0.0.1",
  "localhost",
  "[::1]",
  "[::ffff:127.0.0.1]",
  "0.0.0.0",
  "169.254.169.254",
]) {
  test(`does not send to ${host} unless that is allowed`, () =>
    withReceiver(answerWith(204), async (receiver) => {
      const url = `http://${host}:${receiver.port}/`;
      const { outcome } = await sendOnce(settingsOf(url, { allowLoopback: false }));
      assert.is(outcome.kind, "not-sent");
      assert.match(outcome.kind === "not-sent" ? outcome.detail : "", /loopback or link-local/);
      assert.is(receiver.received.length, 0);
    }));
}

test("refuses link-local addresses even where loopback is allowed", async () => {
  const { outcome } = await sendOnce(settingsOf("http://169.254.169.254/latest"));
  assert.is(outcome.kind, "not-sent");
});

test("sends over TLS to a receiver that its authority vouches for, and to no other", async () => {
  const certificates = await makeTestCertificates();
  const receiver = await startReceiver({ tls: certificates.server });
  try {
    const trusted = settingsOf(receiver.url, { tls: { ca: certificates.ca } });
    assert.is(statusOf((await sendOnce(trusted)).outcome), 204);
    const { outcome } = await sendOnce(settingsOf(receiver.url));
    assert.is(outcome.kind, "not-sent");
    assert.is(receiver.received.length, 1);
  } finally {
    await receiver.stop();
  }
});

test("shows its own certificate to a receiver that wants one", async () => {
  const certificates = await makeTestCertificates();
  const receiver = await startReceiver({ tls: { ...certificates.server, ca: certificates.ca } });
  try {
    const { ca, client } = certificates;
    const tls = { ca, certificate: client.cert, key: client.key };
    assert.is(statusOf((await sendOnce(settingsOf(receiver.url, { tls }))).outcome), 204);
    const stranger = await sendOnce(settingsOf(receiver.url, { tls: { ca } }));
    assert.is.not(stranger.outcome.kind, "answered");
    assert.is(receiver.received.length, 1);
  } finally {
    await receiver.stop();
  }
});

test("does not send to a destination that is not configured", async () => {
  const webhook = new HttpWebhook([], "0.1.0");
  const outcome = await webhook.send(rowOf(), { number: 1, at: unixMs(Date.now()) });
  assert.is(outcome.kind, "not-sent");
});

test("refuses a URL that is not HTTP when it is made", () => {
  assert.throws(() => new HttpWebhook([settingsOf("ftp://192.0.2.1/")], "0.1.0"));
});

test.run();
