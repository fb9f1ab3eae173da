// Guest channels and the daemon probe against sockets that behave badly.
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { UnixGuestChannels } from "@herdbeat/agent/adapters/guest-channel/unix-guest-channels";
import { DaemonProbe } from "@herdbeat/agent/adapters/libvirt/daemon-probe";
import { keepaliveFrame, takeFrame } from "@herdbeat/agent/adapters/libvirt/rpc-codec";
import { LIVENESS_DEFAULTS } from "@herdbeat/agent/core/daemon-liveness";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("guest-channels");

interface Listening {
  readonly path: string;
  readonly sockets: Socket[];
  close(): Promise<void>;
}

async function listen(path: string, serve: (socket: Socket) => void): Promise<Listening> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    // The other side may go away while we write.
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(path);
  await once(server, "listening");
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { path, sockets, close };
}

function newChannels(): { channels: UnixGuestChannels; lines: string[] } {
  const channels = new UnixGuestChannels({ timers: systemTimers, random: systemRandom });
  const lines: string[] = [];
  channels.onLine(({ uuid, text }) => lines.push(`${uuid}: ${text}`));
  return { channels, lines };
}

test("hears a guest, follows it through a reconnect and leaves it", async () => {
  await withTempDir("channels", async (folder) => {
    const path = join(folder, "guest.sock");
    const { channels, lines } = newChannels();
    channels.follow(new Map([["a", path]]));
    let guest = await listen(path, (socket) => socket.write("HB1 1 2.0 ok\n"));
    await eventually(() => lines.length === 1 && channels.isConnected("a"));
    await guest.close();
    await eventually(() => !channels.isConnected("a"));
    guest = await listen(path, (socket) => socket.write("HB1 7 8.0 ok\n"));
    await eventually(() => lines.length === 2);
    assert.equal(lines, ["a: HB1 1 2.0 ok", "a: HB1 7 8.0 ok"]);
    channels.follow(new Map());
    await eventually(() => guest.sockets.every((socket) => socket.destroyed));
    assert.is(channels.isConnected("a"), false);
    await channels.stop();
    await guest.close();
  });
});

test("is not flooded, and hears the other guests meanwhile", async () => {
  await withTempDir("channels", async (folder) => {
    const { channels, lines } = newChannels();
    let sentBytes = 0;
    const garbage = Buffer.from("HB1 1 2.0 ok\n".repeat(5_000));
    const noisy = await listen(join(folder, "noisy.sock"), (socket) => {
      const flood = (): void => {
        while (!socket.destroyed && socket.write(garbage)) sentBytes += garbage.length;
      };
      socket.on("drain", flood);
      flood();
    });
    const calm = await listen(join(folder, "calm.sock"), (socket) => {
      socket.write("HB1 5 6.0 ok\n");
    });
    channels.follow(
      new Map([
        ["noisy", noisy.path],
        ["calm", calm.path],
      ]),
    );
    await eventually(() => lines.includes("calm: HB1 5 6.0 ok"));
    await eventually(() => (channels.dropped().get("noisy") ?? 0) > 0);
    const heard = lines.length;
    // Two more windows of the rate.
    await eventually(() => lines.length >= heard + 40, { withinMs: 10_000 });
    assert.ok(sentBytes < 10_000_000, `it took ${sentBytes} bytes from one guest`);
    await channels.stop();
    await noisy.close();
    await calm.close();
  });
});

const PONG = 2;
const AUTH_LIST = 66;

/** A daemon that answers pings and asks for SASL. */
function serveWithAuthentication(socket: Socket): void {
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    for (let taken = takeFrame(rest); taken !== null && taken !== "malformed"; ) {
      rest = taken.rest;
      const { procedure, serial } = taken.frame;
      socket.write(procedure === AUTH_LIST ? authListReply(serial) : keepaliveFrame(PONG));
      taken = takeFrame(rest);
    }
  });
}

function authListReply(serial: number): Buffer {
  const reply = Buffer.alloc(36);
  const words = [36, 0x20008086, 1, AUTH_LIST, 1, serial, 0, 1, 1];
  for (const [index, word] of words.entries()) reply.writeUInt32BE(word, 4 * index);
  return reply;
}

function newProbe(runDir: string): { probe: DaemonProbe; states: string[] } {
  const states: string[] = [];
  const config = {
    runDir,
    socket: null,
    uri: "qemu:///system",
    liveness: LIVENESS_DEFAULTS,
    pingInterval: durationMs(100),
  };
  const probe = new DaemonProbe(
    config,
    { clock: systemClock, timers: systemTimers, relaxed: systemTimers },
    { onState: ({ kind }) => states.push(kind), onEvent: () => {} },
  );
  probe.start();
  return { probe, states };
}

test("tells that a daemon lives that does not let it in", async () => {
  await withTempDir("probe", async (folder) => {
    const daemon = await listen(join(folder, "libvirt-sock-ro"), serveWithAuthentication);
    const { probe } = newProbe(folder);
    await eventually(() => probe.state.kind === "up");
    assert.is(probe.isSubscribed, false);
    await daemon.close();
    await eventually(() => probe.state.kind === "down");
    probe.stop();
  });
});

test("survives a daemon that talks nonsense or closes at once, without a busy loop", async () => {
  await withTempDir("probe", async (folder) => {
    let connections = 0;
    const daemon = await listen(join(folder, "libvirt-sock"), (socket) => {
      connections += 1;
      socket.end(connections % 2 === 0 ? "HTTP/1.1 400 Bad Request\r\n\r\n" : "");
    });
    const { probe, states } = newProbe(folder);
    await eventually(() => connections >= 5);
    assert.ok(connections < 20);
    assert.is(states.includes("up"), false);
    probe.stop();
    await daemon.close();
  });
});

test("prefers the modular daemon's socket and falls back from a stale one", async () => {
  await withTempDir("probe", async (folder) => {
    const stale = await listen(join(folder, "virtqemud-sock"), () => {});
    // What a killed daemon leaves behind.
    await stale.close();
    const daemon = await listen(join(folder, "libvirt-sock"), serveWithAuthentication);
    const { probe } = newProbe(folder);
    await eventually(() => probe.state.kind === "up");
    assert.is(probe.socket, daemon.path);
    probe.stop();
    await daemon.close();
  });
});

test("says nothing of a machine without libvirt", async () => {
  await withTempDir("probe", async (folder) => {
    const { probe, states } = newProbe(folder);
    await eventually(() => probe.state.kind === "unknown" && probe.state.detail.includes(folder));
    assert.equal(states, []);
    probe.stop();
  });
});

test.run();
