/**
 * The event stream of the whole fleet (`stream-dto.ts` has the events).
 *
 * Guarantee: a client sees every change at most COALESCE later, in one order, or is told to start
 * over. Mechanism: changes only mark rows as dirty; four times a second the dirty rows are read, made
 * into one delta, serialised once and written to every client. A snapshot is built in slices and
 * shared by all who connect within SNAPSHOT_AGE_MAX; the deltas since then follow it.
 * Failure cases: a client that does not read is cut off at BUFFER_BYTES_MAX and comes back with its
 * Last-Event-ID; a store that does not answer leaves the rows dirty and is asked again.
 */
import { randomBytes } from "node:crypto";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import {
  type Clock,
  durationMs,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
} from "@herdbeat/shared/time";
import type { FleetChange, FleetView } from "../../ports/fleet-view.ts";
import { toSelf, toStore } from "./map-cluster.ts";
import { type DirtyRows, emptyDirtyRows, readDelta } from "./stream-delta.ts";
import type { StreamTime } from "./stream-dto.ts";
import { StreamRing } from "./stream-ring.ts";
import { buildSnapshot } from "./stream-snapshot.ts";

const COALESCE = durationMs(250);
const RETRY_AFTER_FAILURE = durationMs(1_000);
const TIME_EVERY = durationMs(5_000);
/** A comment every third time event: 15 s, below every proxy's idle limit. */
const TIMES_PER_HEARTBEAT = 3;
/** Without clients the hub forgets after this long; a reload within it resumes. */
const IDLE_AFTER = durationMs(60_000);
const SNAPSHOT_AGE_MAX = durationMs(10_000);
/** A snapshot of ten thousand nodes has 1.3 MB: six of them unread is a dead reader. */
const BUFFER_BYTES_MAX = 8_000_000;
/** One browser holds one; with more the process spends its time on writing. */
export const STREAM_CLIENTS_MAX = 128;

/** One connected reader; the route makes it from a response. */
export interface StreamClient {
  write(bytes: Buffer): void;
  readonly bufferedBytes: number;
  /** False once the reader's token or session ended. */
  isAllowed(): boolean;
  end(): void;
}

export interface StreamHubDeps {
  readonly view: FleetView;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly version: string;
}

export class StreamHub {
  readonly #deps: StreamHubDeps;
  readonly #epoch: string = randomBytes(6).toString("hex");
  readonly #ring: StreamRing = new StreamRing();
  readonly #clients: Set<StreamClient> = new Set();
  /** Gone before their snapshot was ready. */
  readonly #left: WeakSet<StreamClient> = new WeakSet();
  #admitted = 0;
  #dirty: DirtyRows = emptyDirtyRows();
  /** Last text sent per row, so that a row that did not change is not sent again. */
  readonly #sent: Map<string, string> = new Map();
  #unsubscribe: (() => void) | null = null;
  #flushTimer: TimerHandle | null = null;
  #timeTimer: TimerHandle | null = null;
  #flushing = false;
  #timesSent = 0;
  #idleSince: MonotonicMs | null = null;
  #snapshot: {
    readonly sequence: number;
    readonly bytes: Buffer;
    readonly at: MonotonicMs;
  } | null = null;
  #building: Promise<void> | null = null;
  #stopped = false;

  constructor(deps: StreamHubDeps) {
    this.#deps = deps;
  }

  get clients(): number {
    return this.#clients.size;
  }

  /** Takes one of the STREAM_CLIENTS_MAX places; false when all are taken. */
  admit(): boolean {
    if (this.#stopped || this.#admitted >= STREAM_CLIENTS_MAX) return false;
    this.#admitted += 1;
    return true;
  }

  /** Sends what the client missed, or a snapshot, and then everything that comes. */
  async open(client: StreamClient, lastEventId: string | undefined): Promise<void> {
    this.#activate();
    const since = this.#sequenceOf(lastEventId);
    const missed = since === null ? null : this.#ring.after(since);
    if (missed !== null) {
      for (const event of missed) client.write(event.bytes);
    } else {
      if (lastEventId !== undefined) client.write(frame("resync", "{}", null));
      await this.#sendSnapshot(client);
    }
    if (this.#left.has(client)) return;
    if (this.#stopped) client.end();
    else this.#clients.add(client);
  }

  /** The client is gone; gives its place back. Once per admitted client. */
  close(client: StreamClient): void {
    this.#clients.delete(client);
    this.#left.add(client);
    this.#admitted -= 1;
    if (this.#admitted === 0) this.#idleSince = this.#deps.clock.now();
  }

  stop(): void {
    this.#stopped = true;
    this.#deactivate();
    for (const client of this.#clients) client.end();
    this.#clients.clear();
  }

  #sequenceOf(id: string | undefined): number | null {
    const [epoch, sequence] = (id ?? "").split("-", 2);
    if (epoch !== this.#epoch || sequence === undefined || !/^\d{1,15}$/.test(sequence))
      return null;
    return Number(sequence);
  }

  #activate(): void {
    this.#idleSince = null;
    if (this.#unsubscribe !== null || this.#stopped) return;
    this.#unsubscribe = this.#deps.view.subscribe((change) => this.#note(change));
    this.#scheduleTime();
  }

  #deactivate(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#flushTimer?.cancel();
    this.#flushTimer = null;
    this.#timeTimer?.cancel();
    this.#timeTimer = null;
    this.#dirty = emptyDirtyRows();
    this.#sent.clear();
    this.#snapshot = null;
    this.#ring.clear();
  }

  #note(change: FleetChange): void {
    switch (change.kind) {
      case "node":
        this.#dirty.nodes.add(change.node);
        break;
      case "incident":
        this.#dirty.incidents.add(change.incident);
        break;
      case "shards":
        this.#dirty.shards = true;
        break;
      case "notices":
        this.#dirty.notices = true;
        break;
    }
    this.#scheduleFlush(COALESCE);
  }

  #scheduleFlush(delay: typeof COALESCE): void {
    if (this.#flushTimer !== null || this.#flushing || this.#unsubscribe === null) return;
    this.#flushTimer = this.#deps.timers.after(delay, () => {
      this.#flushTimer = null;
      this.#flush().catch((error: unknown) => {
        const fields = { error: renderErrorChain(error) };
        this.#deps.logger.error("the event stream's delta failed", fields);
      });
    });
  }

  async #flush(): Promise<void> {
    const dirty = this.#dirty;
    this.#dirty = emptyDirtyRows();
    this.#flushing = true;
    let delay = COALESCE;
    try {
      const delta = await readDelta(this.#deps, dirty, this.#sent);
      if (delta !== null && this.#unsubscribe !== null) {
        const event = this.#ring.push((n) => frame("delta", delta, `${this.#epoch}-${n}`));
        this.#broadcast(event.bytes);
      }
    } catch (error) {
      for (const id of dirty.nodes) this.#dirty.nodes.add(id);
      for (const id of dirty.incidents) this.#dirty.incidents.add(id);
      this.#dirty.shards ||= dirty.shards;
      this.#dirty.notices ||= dirty.notices;
      delay = RETRY_AFTER_FAILURE;
      const fields = { error: renderErrorChain(error) };
      this.#deps.logger.warn("the event stream waits: the fleet cannot be read", fields);
    } finally {
      this.#flushing = false;
    }
    if (!isEmpty(this.#dirty)) this.#scheduleFlush(delay);
  }

  #broadcast(bytes: Buffer): void {
    for (const client of this.#clients) {
      if (client.bufferedBytes > BUFFER_BYTES_MAX) {
        const help = "Stream clients cut off because they did not read.";
        this.#deps.metrics.counter("herdbeat_stream_slow_clients_total", help).add();
        client.end();
      } else client.write(bytes);
    }
  }

  async #sendSnapshot(client: StreamClient): Promise<void> {
    const { clock } = this.#deps;
    // Building takes a few turns of the loop, in which more may happen than the ring holds.
    for (let round = 0; round < 3 && !this.#stopped; round++) {
      const snapshot = this.#snapshot;
      const fresh = snapshot !== null && clock.now() - snapshot.at < SNAPSHOT_AGE_MAX;
      const missed = fresh ? this.#ring.after(snapshot.sequence) : null;
      if (snapshot !== null && missed !== null) {
        client.write(snapshot.bytes);
        for (const event of missed) client.write(event.bytes);
        return;
      }
      this.#building ??= this.#build().finally(() => {
        this.#building = null;
      });
      await this.#building;
    }
    client.end();
  }

  async #build(): Promise<void> {
    const sequence = this.#ring.last;
    // A row may change, be read here and change back: it must then be sent although the text is known.
    this.#sent.clear();
    const data = await buildSnapshot(this.#deps);
    const bytes = frame("snapshot", data, `${this.#epoch}-${sequence}`);
    this.#snapshot = { sequence, bytes, at: this.#deps.clock.now() };
  }

  #scheduleTime(): void {
    this.#timeTimer = this.#deps.timers.after(TIME_EVERY, () => {
      const { clock, view, version } = this.#deps;
      if (this.#idleSince !== null && clock.now() - this.#idleSince > IDLE_AFTER) {
        this.#deactivate();
        return;
      }
      for (const client of this.#clients) if (!client.isAllowed()) client.end();
      const time: StreamTime = {
        asOf: clock.wallNow(),
        self: toSelf(view, version),
        store: toStore(view.store()),
      };
      this.#timesSent += 1;
      const event = frame("time", JSON.stringify(time), null);
      const heartbeat = Buffer.from(": heartbeat\n\n");
      const isHeartbeat = this.#timesSent % TIMES_PER_HEARTBEAT === 0;
      this.#broadcast(isHeartbeat ? Buffer.concat([heartbeat, event]) : event);
      this.#scheduleTime();
    });
  }
}

function isEmpty(dirty: DirtyRows): boolean {
  return dirty.nodes.size + dirty.incidents.size === 0 && !dirty.shards && !dirty.notices;
}

/** JSON has no line breaks, so one `data:` line is enough. */
function frame(event: string, json: string, id: string | null): Buffer {
  return Buffer.from(`${id === null ? "" : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`);
}
