/**
 * Listens to the guests' heartbeat channels: QEMU holds a listening unix socket per guest, we are
 * its only client. What arrives was written inside the guest and is treated as hostile.
 *
 * Bounds: a guest is read once a second, at most `READ_BYTES` and `LINES_PER_READ`; all guests in
 * the same wake of the process, so that many of them cost little. A flood fills the guest's own
 * buffers and costs us nothing. Lines that are too long or not printable are dropped and counted.
 */
import { connect, type Socket } from "node:net";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import type { GuestChannels, GuestLine } from "../../ports/guest-channel.ts";
import { GuestLineReader } from "./guest-line-reader.ts";

/** The service writes one line a second; a little more after it was held up. */
const LINES_PER_READ = 20;
/** One buffer for all: what a read brings is used up before the next read. */
const READ_BYTES = 4_096;
const READ_INTERVAL = durationMs(1_000);
/** Hypervisors with more guests than this watch the first ones only. */
const CHANNELS_MAX = 1_000;
const RECONNECT: BackoffConfig = {
  initial: durationMs(200),
  factor: 2,
  max: durationMs(5_000),
};

interface Channel {
  readonly uuid: string;
  readonly path: string;
  readonly reader: GuestLineReader;
  socket: Socket | null;
  isConnected: boolean;
  attempts: number;
  timer: TimerHandle | null;
}

export interface GuestChannelsDeps {
  /** May be late: nothing here is decided within a second. */
  readonly timers: Timers;
  readonly random: Random;
}

export class UnixGuestChannels implements GuestChannels {
  readonly #deps: GuestChannelsDeps;
  readonly #channels = new Map<string, Channel>();
  readonly #dropped = new Map<string, number>();
  readonly #listeners: ((line: GuestLine) => void)[] = [];
  readonly #buffer = Buffer.alloc(READ_BYTES);
  #reading: TimerHandle | null = null;

  constructor(deps: GuestChannelsDeps) {
    this.#deps = deps;
  }

  follow(wanted: ReadonlyMap<string, string>): void {
    for (const channel of [...this.#channels.values()]) {
      if (wanted.get(channel.uuid) !== channel.path) this.#leave(channel);
    }
    for (const [uuid, path] of wanted) {
      if (this.#channels.size >= CHANNELS_MAX) break;
      if (!this.#channels.has(uuid)) this.#join(uuid, path);
    }
    if (this.#channels.size > 0) this.#reading ??= this.#scheduleRead();
  }

  isConnected(uuid: string): boolean {
    return this.#channels.get(uuid)?.isConnected === true;
  }

  onLine(listener: (line: GuestLine) => void): void {
    this.#listeners.push(listener);
  }

  dropped(): ReadonlyMap<string, number> {
    return this.#dropped;
  }

  async stop(): Promise<void> {
    this.#reading?.cancel();
    for (const channel of [...this.#channels.values()]) this.#leave(channel);
  }

  #scheduleRead(): TimerHandle {
    return this.#deps.timers.after(READ_INTERVAL, () => {
      for (const channel of this.#channels.values()) {
        channel.reader.startWindow();
        channel.socket?.resume();
      }
      this.#reading = this.#channels.size > 0 ? this.#scheduleRead() : null;
    });
  }

  #join(uuid: string, path: string): void {
    const channel: Channel = {
      uuid,
      path,
      reader: new GuestLineReader({ lines: LINES_PER_READ, bytes: READ_BYTES }),
      socket: null,
      isConnected: false,
      attempts: 0,
      timer: null,
    };
    this.#channels.set(uuid, channel);
    this.#open(channel);
  }

  #leave(channel: Channel): void {
    this.#channels.delete(channel.uuid);
    this.#dropped.delete(channel.uuid);
    channel.timer?.cancel();
    channel.socket?.destroy();
  }

  #open(channel: Channel): void {
    const socket: Socket = connect({
      path: channel.path,
      // Without a buffer of ours, every line would cost a fresh 64 KiB one.
      onread: {
        buffer: this.#buffer,
        callback: (length) => {
          this.#onRead(channel, length);
          // Not read on before the next second.
          return false;
        },
      },
    });
    channel.socket = socket;
    socket.on("connect", () => {
      channel.isConnected = true;
      channel.attempts = 0;
      channel.reader.restart();
    });
    // The reason does not matter: whatever it is, the answer is to try again.
    socket.on("error", () => {});
    socket.on("close", () => this.#onClosed(channel, socket));
  }

  #onRead(channel: Channel, length: number): void {
    const { lines } = channel.reader.push(this.#buffer.subarray(0, length));
    this.#dropped.set(channel.uuid, channel.reader.dropped);
    for (const text of lines) {
      for (const listener of this.#listeners) listener({ uuid: channel.uuid, text });
    }
  }

  #onClosed(channel: Channel, socket: Socket): void {
    if (this.#channels.get(channel.uuid) !== channel || channel.socket !== socket) return;
    channel.isConnected = false;
    channel.socket = null;
    channel.attempts += 1;
    const delay = backoffDelay(channel.attempts, RECONNECT, this.#deps.random);
    channel.timer = this.#deps.timers.after(delay, () => this.#open(channel));
  }
}
