/**
 * Who the master is, by the word of the sentinels.
 *
 * Guarantee: never the answer of one sentinel that others contradict: of all answers of a round the
 * one with the highest configuration epoch counts, which is the one that the last failover was
 * agreed upon with. While no sentinel answers, the last known master stays the master: a connection
 * to it works or does not work by itself.
 * Mechanism: one connection to each sentinel, all asked once a second.
 */
import type { Startable } from "@herdbeat/shared/lifecycle";
import { durationMs, type TimerHandle } from "@herdbeat/shared/time";
import { RedisConnection, type RedisConnectionDeps } from "./redis-connection.ts";
import {
  placeText,
  type ServerAccess,
  type ServerLocator,
  type ServerPlace,
} from "./server-place.ts";

export interface SentinelOptions {
  /** The name under which the sentinels watch the master. */
  readonly master: string;
  readonly sentinels: readonly ServerPlace[];
  /** To the sentinels; the servers have their own. */
  readonly access: ServerAccess;
  /** Shown by CLIENT LIST on the sentinels. */
  readonly name: string;
}

const ASK_INTERVAL = durationMs(1_000);
/** While no master is known: at the start, and after all sentinels were away. */
const ASK_AGAIN = durationMs(100);
/** A sentinel does next to nothing; one that takes longer is left out of the round. */
const ANSWER_DEADLINE = durationMs(500);

interface Answer {
  readonly place: ServerPlace;
  readonly configEpoch: number;
}

export class SentinelLocator implements ServerLocator, Startable {
  readonly #options: SentinelOptions;
  readonly #deps: RedisConnectionDeps;
  readonly #sentinels: readonly RedisConnection[];
  #best: Answer | null = null;
  #why = "no sentinel has answered yet";
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(options: SentinelOptions, deps: RedisConnectionDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#sentinels = options.sentinels.map(
      (place) =>
        new RedisConnection(
          {
            address: { kind: "tcp", ...place, ...options.access },
            name: options.name,
            commandDeadline: ANSWER_DEADLINE,
            idleBeforePing: durationMs(ASK_INTERVAL * 10),
            called: `sentinel ${placeText(place)}`,
          },
          deps,
        ),
    );
  }

  async start(): Promise<void> {
    await Promise.all(this.#sentinels.map((one) => one.start()));
    void this.#ask();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await Promise.all(this.#sentinels.map((one) => one.stop()));
  }

  place(): ServerPlace | null {
    return this.#best?.place ?? null;
  }

  get description(): string {
    const { master, sentinels } = this.#options;
    const places = sentinels.map(placeText).join(", ");
    return `no master of ${master} is known by sentinels ${places}: ${this.#why}`;
  }

  async #ask(): Promise<void> {
    const asked = await Promise.allSettled(
      this.#sentinels.map((one) =>
        one.send("ask sentinel", ["SENTINEL", "MASTER", this.#options.master]),
      ),
    );
    const answers: Answer[] = [];
    for (const one of asked) {
      if (one.status === "rejected") this.#why = whyOf(one.reason);
      else {
        const answer = parseAnswer(one.value);
        if (answer === null) this.#why = "the answer is not understood";
        else answers.push(answer);
      }
    }
    const best = answers.sort((a, b) => b.configEpoch - a.configEpoch)[0];
    // An older word than the one that counts comes from a sentinel that was away.
    if (best !== undefined && best.configEpoch >= (this.#best?.configEpoch ?? 0))
      this.#follow(best);
    if (this.#stopped) return;
    const wait = this.#best === null ? ASK_AGAIN : ASK_INTERVAL;
    this.#timer = this.#deps.timers.after(wait, () => void this.#ask());
  }

  #follow(best: Answer): void {
    const before = this.#best;
    this.#best = best;
    if (before !== null && placeText(before.place) !== placeText(best.place)) {
      this.#deps.logger.warn("the sentinels name another master", {
        before: placeText(before.place),
        now: placeText(best.place),
        configEpoch: best.configEpoch,
      });
    }
  }
}

function whyOf(reason: unknown): string {
  const cause: unknown = reason instanceof Error ? reason.cause : undefined;
  return cause instanceof Error ? cause.message : String(reason);
}

/** Fields and values: a flat list or, in the protocol's third version, a map. */
function parseAnswer(reply: unknown): Answer | null {
  const fields = fieldsOf(reply);
  const host = fields.get("ip");
  const port = Number(fields.get("port"));
  const configEpoch = Number(fields.get("config-epoch"));
  if (host === undefined || host === "") return null;
  if (!(port >= 1 && port <= 65_535) || !Number.isSafeInteger(configEpoch)) return null;
  return { place: { host, port }, configEpoch };
}

function fieldsOf(reply: unknown): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  if (Array.isArray(reply)) {
    for (let at = 0; at + 1 < reply.length; at += 2) {
      fields.set(String(reply[at]), String(reply[at + 1]));
    }
  } else if (reply instanceof Map) {
    for (const [name, value] of reply) fields.set(String(name), String(value));
  } else if (typeof reply === "object" && reply !== null) {
    for (const [name, value] of Object.entries(reply)) fields.set(name, String(value));
  }
  return fields;
}
