// deadline: 120s
// Every profile that exchanges bytes, against answers constructed from the protocol's description: ok,
// what it says of itself, hung, and something else on its port.

import { createSocket } from "node:dgram";
import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { LocalServiceChecks } from "@herdbeat/agent/adapters/service-check/checks";
import { establishedTo } from "@herdbeat/agent/adapters/service-check/profile-checks";
import { profileProblems, type ServiceProfile } from "@herdbeat/agent/core/service-profile";
import type { CheckResult } from "@herdbeat/agent/ports/services";
import { systemClock } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("service-profiles");
const folder = new URL("../../fixtures/service-answers/", import.meta.url);
const rows = JSON.parse(
  readFileSync(new URL("constructed.json", folder), "utf8"),
) as readonly (readonly [string, CheckResult["outcome"], string])[];
const shipped = JSON.parse(
  readFileSync(new URL("../../../agent/profiles/shipped.json", import.meta.url), "utf8"),
) as readonly (ServiceProfile & { readonly verified: string; readonly against: string })[];
const checks = new LocalServiceChecks(systemClock);
const PATIENT = durationMs(10_000);
const QUICK = durationMs(300);

/** What the profile's check makes of a server that says `answer`; null: it says nothing. */
async function taken(id: string, answer: string | null): Promise<CheckResult["outcome"]> {
  const check = shipped.find((profile) => profile.id === id)?.check;
  assert.ok(check?.kind === "exchange", id);
  const timeout = answer === null ? QUICK : PATIENT;
  const run = async (target: string): Promise<CheckResult["outcome"]> =>
    (await checks.run({ ...check, target, timeout }, null)).outcome;
  if (check.over === "udp") return withDatagrams(answer, run);
  return withTempDir("profile", async (path) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      // In two pieces: a stream has no messages.
      if (answer === null) return;
      socket.write(answer.slice(0, 3), "latin1", () => socket.end(answer.slice(3), "latin1"));
    });
    const where = check.over === "unix" ? join(path, "socket") : 0;
    await new Promise<void>((resolve) => {
      server.listen(where as number, "127.0.0.1", () => resolve());
    });
    try {
      return await run(targetOf(server));
    } finally {
      server.close();
    }
  });
}

function targetOf(server: Server): string {
  const address = server.address();
  return typeof address === "string" ? address : `127.0.0.1:${address?.port ?? 0}`;
}

async function withDatagrams<T>(
  answer: string | null,
  run: (target: string) => Promise<T>,
): Promise<T> {
  const socket = createSocket("udp4");
  socket.on("message", (_message, from) => {
    if (answer !== null) socket.send(Buffer.from(answer, "latin1"), from.port, from.address);
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", () => resolve());
  });
  try {
    return await run(`127.0.0.1:${socket.address().port}`);
  } finally {
    socket.close();
  }
}

test("every shipped profile is valid, and no two have one id", () => {
  const wrong = shipped.flatMap(({ verified, against, ...profile }) =>
    profileProblems(profile).map((what) => `${profile.id}: ${what} (${verified} ${against})`),
  );
  // A profile without unit and check watches nothing.
  assert.equal(wrong, []);
  assert.is(new Set(shipped.map(({ id }) => id)).size, shipped.length);
});

for (const [id, expected, answer] of rows)
  test(`${id}: ${expected} for ${JSON.stringify(answer.slice(0, 40))}`, async () => {
    assert.is(await taken(id, answer), expected);
  });

const exchanging = shipped.filter(({ check }) => check?.kind === "exchange").map(({ id }) => id);

test("every profile that exchanges bytes has an answer that is ok", () => {
  const good = new Set(rows.filter(([, outcome]) => outcome === "answered").map(([id]) => id));
  assert.equal(
    exchanging.filter((id) => !good.has(id)),
    [],
  );
});

test("something else on the port is an impostor, silence is hung, an empty answer tells nothing", async () => {
  for (const id of exchanging) {
    assert.is(await taken(id, "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), "impostor", `${id} ssh`);
    assert.is(await taken(id, null), "timeout", `${id} silent`);
    const isStream = !["chrony", "euca-dns"].includes(id);
    if (isStream) assert.is(await taken(id, ""), "untold", `${id} empty`);
  }
});

test("the stacks that share a port are told apart", async () => {
  const nova = rows.find(([id]) => id === "nova-api")?.[2] ?? "";
  const cluster = rows.find(([id]) => id === "euca-cc")?.[2] ?? "";
  assert.is(await taken("euca-cc", nova), "impostor");
  assert.is(await taken("nova-api", cluster), "impostor");
  const metadata = rows.find(([id]) => id === "euca-metadata")?.[2] ?? "";
  assert.is(await taken("placement", metadata), "impostor");
});

test("finds who is connected to a port in the kernel's table", () => {
  // Origin: captured from /proc/net/tcp, the ports changed.
  const table =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" +
    "   0: 0100007F:1CAD 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 111 1\n" +
    "   1: 0200000A:C350 0300000A:1628 01 00000000:00000000 00:00000000 00000000     0        0 222 1\n" +
    "   2: 0200000A:C351 0300000A:1628 06 00000000:00000000 00:00000000 00000000     0        0 333 1\n" +
    "   3: 0200000A:C352 03000";
  assert.equal(establishedTo(table, new Set([5_672])), ["222"]);
  assert.equal(establishedTo("", new Set([5_672])), []);
});

test("sees a connection of a process, and its loss", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise<void>((resolve) => {
    server.once("listening", () => resolve());
  });
  const address = server.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const { connect } = await import("node:net");
  const client = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => {
    client.once("connect", () => resolve());
  });
  const check = { kind: "connected", ports: [port], timeout: PATIENT } as const;
  try {
    assert.is((await checks.run(check, process.pid)).outcome, "answered");
    assert.is((await checks.run(check, null)).outcome, "untold");
    assert.is((await checks.run({ ...check, ports: [1] }, process.pid)).outcome, "wrong-answer");
  } finally {
    client.destroy();
    server.close();
  }
});

test("tells a file that is written from one that no longer is", () =>
  withTempDir("profile", async (path) => {
    const file = join(path, "stats");
    const check = {
      kind: "fresh-file",
      path: file,
      maxAge: durationMs(60_000),
      timeout: PATIENT,
    } as const;
    const said = async () => (await checks.run(check, null)).outcome;
    assert.is(await said(), "untold");
    writeFileSync(file, "");
    assert.is(await said(), "answered");
    utimesSync(file, 1, 1);
    assert.is(await said(), "wrong-answer");
  }));

const bad: readonly (readonly [unknown, RegExp])[] = [
  [null, /a section/],
  [{}, /id: /],
  [{ id: "a", about: "b", units: [] }, /one is needed/],
  [{ id: "A b", about: "b", units: ["x.service"] }, /id: /],
  [{ id: "a", about: "b", units: ["x"] }, /suffix/],
  [{ id: "a", about: "b", units: ["x.service"], chek: 1 }, /chek: unknown/],
  [{ id: "a", about: "b", units: [], check: { kind: "exec" } }, /check\.kind/],
  [{ id: "a", about: "b", units: [], check: { kind: "connected", ports: [0] } }, /ports/],
  [
    {
      id: "a",
      about: "b",
      units: [],
      check: { kind: "exchange", over: "tcp", target: "example.org:80", send: "", rules: [] },
    },
    /literal address[\s\S]*rules/,
  ],
  [
    {
      id: "a",
      about: "b",
      units: [],
      check: {
        kind: "exchange",
        over: "tcp",
        target: "127.0.0.1:80",
        send: "",
        rules: [{ match: "(", state: "ok" }],
      },
    },
    /rules\[0\]/,
  ],
];
for (const [value, expected] of bad)
  test(`refuses the profile ${JSON.stringify(value)}`, () => {
    assert.match(profileProblems(value).join("\n"), expected);
  });

test.run();
