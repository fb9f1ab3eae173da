/**
 * A Redis Cluster: one connection to each master, and a map of who has which slot.
 *
 * Guarantee: that of a RedisLink. A command that was redirected was not run where it was refused, so
 * following is safe; after two redirections in a row it fails, and the map is read again.
 * Mechanism: MOVED corrects the map at once. The map is read again, from any server that answers,
 * every 10 s, and every 500 ms while a master is away or a slot has none.
 * Failure case: one master that is away counts as the whole store. A Cluster itself stops serving
 * then by default, and who judges part of a fleet must not believe that it sees all of it.
 */
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import { type DurationMs, durationMs, type TimerHandle } from "@herdbeat/shared/time";
import { ErrorReply } from "redis";
import type { StoreHealth } from "../../ports/fleet-store.ts";
import { type ClusterMap, parseClusterSlots, parseRedirection } from "./cluster-map.ts";
import { keySlot } from "./key-slot.ts";
import { RedisConnection, type RedisConnectionDeps } from "./redis-connection.ts";
import type { RedisLink, SendOptions } from "./redis-link.ts";
import { placeText, type ServerAccess, type ServerPlace } from "./server-place.ts";

export interface ClusterOptions {
  /** Servers to ask at the start; every one of them stays known. */
  readonly seeds: readonly ServerPlace[];
  readonly access: ServerAccess;
  /** Shown by CLIENT LIST on the servers. */
  readonly name: string;
  readonly commandDeadline: DurationMs;
}

const READ_MAP_INTERVAL = durationMs(10_000);
const READ_MAP_IN_TROUBLE = durationMs(500);
const REDIRECTIONS_MAX = 2;
/** Only one server has the liveness counters; the others are idle most of the time. */
const IDLE_BEFORE_PING = durationMs(1_000);

interface Member {
  readonly place: ServerPlace;
  readonly connection: RedisConnection;
}

export class ClusterLink implements RedisLink {
  readonly spansSlots = false;
  readonly #options: ClusterOptions;
  readonly #deps: RedisConnectionDeps;
  readonly #members = new Map<string, Member>();
  #map: ClusterMap | null = null;
  #masters: (ServerPlace | undefined)[] = [];
  #redirections = 0;
  #asked = 0;
  #timer: TimerHandle | null = null;
  #reading = false;
  #stopped = false;
  #health: StoreHealth;

  constructor(options: ClusterOptions, deps: RedisConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    const since = deps.clock.wallNow();
    const detail = "the cluster's map was not read yet";
    this.#health = { state: "down", since, detail, description: "redis cluster, not reached yet" };
  }

  async start(): Promise<void> {
    for (const seed of this.#options.seeds) this.#member(seed);
    this.#schedule(durationMs(20));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all([...this.#members.values()].map(({ connection }) => connection.stop()));
  }

  epoch(key: string): string {
    const place = this.#masters[keySlot(key)];
    if (place === undefined) return `nobody.${this.#redirections}`;
    return `${placeText(place)}.${this.#member(place).connection.epoch()}.${this.#redirections}`;
  }

  async send(
    operation: string,
    command: readonly string[],
    options: SendOptions,
  ): Promise<unknown> {
    const slot = keySlot(options.key);
    let place = this.#masters[slot];
    if (place === undefined) {
      throw new StoreUnavailableError(operation, new Error(`no master is known for slot ${slot}`));
    }
    let isAsking = false;
    for (let redirections = 0; ; redirections++) {
      const { connection } = this.#member(place);
      // One connection keeps the order, so that ASKING is about the command behind it.
      if (isAsking) connection.send("asking", ["ASKING"]).catch(() => {});
      try {
        return await connection.send(operation, command, options);
      } catch (error) {
        const next = redirectionOf(error, place);
        if (next === null || redirections >= REDIRECTIONS_MAX) {
          this.#readSoon();
          throw error;
        }
        this.#redirections += 1;
        place = next.place;
        isAsking = next.kind === "ask";
        if (!isAsking) {
          this.#masters[next.slot] = next.place;
          this.#readSoon();
        }
      }
    }
  }

  health(): StoreHealth {
    const trouble = this.#trouble();
    const state = trouble === "" ? "up" : "down";
    const count = this.#map?.places.size ?? 0;
    const first = [...(this.#map?.places.keys() ?? [])][0];
    const server = first === undefined ? undefined : this.#members.get(first);
    const description =
      server === undefined
        ? this.#health.description
        : `${server.connection.health().description}, of ${count} masters`;
    if (state !== this.#health.state) {
      this.#health = { state, since: this.#deps.clock.wallNow(), detail: trouble, description };
    } else if (trouble !== this.#health.detail || description !== this.#health.description) {
      this.#health = { ...this.#health, detail: trouble, description };
    }
    return this.#health;
  }

  #trouble(): string {
    if (this.#map === null) return "the cluster's map was not read yet";
    if (this.#map.uncovered > 0) return `${this.#map.uncovered} slots have no master`;
    for (const name of this.#map.places.keys()) {
      const health = this.#members.get(name)?.connection.health();
      if (health?.state !== "up") return `${name}: ${health?.detail ?? "not connected"}`;
    }
    return "";
  }

  #member(place: ServerPlace): Member {
    const name = placeText(place);
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const connection = new RedisConnection(
      {
        address: { kind: "tcp", ...place, ...this.#options.access },
        name: this.#options.name,
        commandDeadline: this.#options.commandDeadline,
        idleBeforePing: IDLE_BEFORE_PING,
        called: `store server ${name}`,
      },
      this.#deps,
    );
    const member = { place, connection };
    this.#members.set(name, member);
    if (!this.#stopped) void connection.start();
    return member;
  }

  #schedule(wait: DurationMs): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(wait, () => void this.#read());
  }

  #readSoon(): void {
    if (!this.#reading) this.#schedule(durationMs(0));
  }

  async #read(): Promise<void> {
    if (this.#reading) return;
    this.#reading = true;
    try {
      await this.#readFromAny();
    } finally {
      this.#reading = false;
      this.#schedule(this.#trouble() === "" ? READ_MAP_INTERVAL : READ_MAP_IN_TROUBLE);
    }
  }

  async #readFromAny(): Promise<void> {
    const reachable = [...this.#members.values()].filter(
      ({ connection }) => connection.health().state === "up",
    );
    // Another one each time: one of them may know less than the others.
    const asked = reachable[this.#asked++ % Math.max(1, reachable.length)];
    if (asked === undefined) return;
    let map: ClusterMap | null;
    try {
      const [info, reply] = await Promise.all(
        ["INFO", "SLOTS"].map((what) =>
          asked.connection.send("read cluster map", ["CLUSTER", what]),
        ),
      );
      // Cut off from most of the cluster, it does not know what was decided there.
      if (this.#map !== null && !String(info).includes("cluster_state:ok")) return;
      map = parseClusterSlots(reply, asked.place);
    } catch {
      return; // the next round asks another server, or this one again
    }
    if (map !== null && !this.#stopped) await this.#follow(map);
  }

  async #follow(map: ClusterMap): Promise<void> {
    this.#map = map;
    this.#masters = [...map.masters];
    const kept = new Set([...map.places.keys(), ...this.#options.seeds.map(placeText)]);
    for (const place of map.places.values()) this.#member(place);
    for (const [name, { connection }] of this.#members) {
      if (kept.has(name)) continue;
      this.#members.delete(name);
      await connection.stop();
    }
  }
}

function redirectionOf(error: unknown, answered: ServerPlace): ReturnType<typeof parseRedirection> {
  if (!(error instanceof StoreUnavailableError) || !(error.cause instanceof ErrorReply))
    return null;
  return parseRedirection(error.cause.message, answered);
}
