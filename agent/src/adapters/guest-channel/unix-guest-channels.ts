/**
 * Listens to the guests' heartbeat channels: QEMU holds a listening unix socket per guest, we are
 * its only client. What arrives was written inside the guest and is treated as hostile.
 *
 * Bounds: a guest is read at most `LINES_PER_SECOND` lines and `BYTES_PER_SECOND` bytes; above that
 * the socket is not read any more until the second is over, so a flood fills the guest's own buffers
 * and costs us nothing. Lines that are too long or not printable are dropped and counted.
 */
import { connect, type Socket } from "node:net";
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Random } from "@herdbeat/shared/random";
import {
  type Clock,
  durationMs,
  elapsed,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { GuestChannels, GuestLine } from "../../ports/guest-channel.ts";
import { GuestLineReader } from "./guest-line-reader.ts";

/** The service writes one line a second; a little more after it was held up. */
export const LINES_PER_SECOND = 20;
/** Read in one go before the pause can take effect: also the most that is looked at per second. */
export const BYTES_PER_SECOND = 65_536;
const RATE_WINDOW = durationMs(1_000);
/** One for all: what a read brings is used up before the next read. */
const READ_BYTES = 4_096;
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
  /** When the second began that is counted now. */
  windowAt: MonotonicMs;
  /** Runs while a flooding guest is not read. */
  window: TimerHandle | null;
}

export interface GuestChannelsDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

export class UnixGuestChannels implements GuestChannels {
  readonly #deps: GuestChannelsDeps;
  readonly #channels = new Map<string, Channel>();
  readonly #dropped = new Map<string, number>();
  readonly #listeners: ((line: GuestLine) => void)[] = [];
  readonly #buffer = Buffer.alloc(READ_BYTES);

  constructor(deps: GuestChannelsDeps) {
    this.#deps = deps;
  }

  follow(wanted: ReadonlyMap<string, string>): void {
    for (const channel of [...this.#channels.values()]) {
      if (wanted.get(channel.uuid) !== channel.path) this.#leave(channel);
    }
    for (const [uuid, path] of wanted) {
      if (this.#channels.size >= CHANNELS_MAX) return;
      if (!this.#channels.has(uuid)) this.#join(uuid, path);
    }
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
    for (const channel of [...this.#channels.values()]) this.#leave(channel);
  }

  #join(uuid: string, path: string): void {
    const channel: Channel = {
      uuid,
      path,
      reader: new GuestLineReader({ lines: LINES_PER_SECOND, bytes: BYTES_PER_SECOND }),
      socket: null,
      isConnected: false,
      attempts: 0,
      timer: null,
      windowAt: this.#deps.clock.now(),
      window: null,
    };
    this.#channels.set(uuid, channel);
    this.#open(channel);
  }

  #leave(channel: Channel): void {
    this.#channels.delete(channel.uuid);
    this.#dropped.delete(channel.uuid);
    channel.timer?.cancel();
    channel.window?.cancel();
    channel.socket?.destroy();
  }

  #open(channel: Channel): void {
    const socket: Socket = connect({
      path: channel.path,
      // Without a buffer of ours, every line would cost a fresh 64 KiB one.
      onread: {
        buffer: this.#buffer,
        callback: (length) => this.#onRead(channel, socket, length),
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

  /** False pauses the socket. */
  #onRead(channel: Channel, socket: Socket, length: number): boolean {
    const now = this.#deps.clock.now();
    if (elapsed(channel.windowAt, now) >= RATE_WINDOW) {
      channel.windowAt = now;
      channel.reader.startWindow();
    }
    const { lines, isOverRate } = channel.reader.push(this.#buffer.subarray(0, length));
    this.#dropped.set(channel.uuid, channel.reader.dropped);
    // Only a flood needs a timer: a quiet guest costs one wake of this process per line.
    if (isOverRate) {
      channel.window ??= this.#deps.timers.after(RATE_WINDOW, () => {
        channel.window = null;
        channel.windowAt = this.#deps.clock.now();
        channel.reader.startWindow();
        socket.resume();
      });
    }
    for (const text of lines) {
      for (const listener of this.#listeners) listener({ uuid: channel.uuid, text });
    }
    return !isOverRate;
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
