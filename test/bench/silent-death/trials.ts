/**
 * Deaths at random moments, few at a time, each followed from the drop to the receiver's 2xx. A host
 * boots again once its death was declared, and takes part again when it has lived for a while.
 */
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Random } from "@herdbeat/shared/random";
import { clockMs } from "../../fleet/commands.ts";
import { eventually } from "../../support/eventually.ts";
import type { RawFile } from "../lib/raw-file.ts";
import type { BenchHost } from "./bench-host.ts";
import type { Message } from "./receiver.ts";

/** A declaration that takes longer counts as none. */
const DECLARED_WITHIN_MS = 30_000;
const READY_WITHIN_MS = 60_000;
/** A revived host lives this long before it may die again: several heartbeats and a probe. */
const LIVES_AT_LEAST_MS = 4_000;

export interface Trial {
  readonly node: string;
  /** From the command that drops its packets to the 2xx; null if it did not come. */
  readonly ms: number | null;
  /** The part of it after the aggregator's decision, by the wall clock. */
  readonly handOffMs: number | null;
  /** Whether the aggregator had seen the stream close when it declared. */
  readonly closeSeen: boolean;
}

export class Trials {
  readonly done: Trial[] = [];
  readonly falseDeclarations: string[] = [];
  readonly #hosts: readonly BenchHost[];
  readonly #raw: RawFile;
  readonly #random: Random;
  readonly #declared = new Map<string, Message>();

  constructor(hosts: readonly BenchHost[], raw: RawFile, random: Random) {
    this.#hosts = hosts;
    this.#raw = raw;
    this.#random = random;
  }

  onMessage(message: Message): void {
    const { id, incident, transition, answeredMs } = message;
    const node = incident.node.id;
    this.#raw.write({
      kind: "webhook",
      id,
      node,
      class: incident.class,
      transition: transition.kind,
      answeredMs,
    });
    if (incident.class !== "host-down" || transition.kind !== "declared") return;
    const host = this.#hosts.find((one) => one.id === node);
    if (host?.isDead !== true) {
      this.falseDeclarations.push(node);
      this.#raw.write({ kind: "false-declaration", node, message });
    } else if (!this.#declared.has(node)) this.#declared.set(node, message);
  }

  /** One death every `gapMs` on average, uniformly between half and three halves of it. */
  async run(count: number, gapMs: number, onTrial: (trial: Trial) => void): Promise<void> {
    const running: Promise<void>[] = [];
    let failure: unknown;
    for (let number = 1; number <= count && failure === undefined; number++) {
      await delay(gapMs * (0.5 + this.#random.next()));
      const host = await eventually(() => this.#victim(), {
        withinMs: READY_WITHIN_MS,
        what: "a host that may die",
      });
      const trial = this.#trial(number, host).then(onTrial, (error: unknown) => {
        failure = error;
      });
      running.push(trial);
    }
    await Promise.all(running);
    if (failure !== undefined) throw new Error("a trial was not made", { cause: failure });
  }

  #victim(): BenchHost | undefined {
    const now = clockMs();
    const able = this.#hosts.filter(
      ({ readySinceMs }) => readySinceMs !== null && now - readySinceMs >= LIVES_AT_LEAST_MS,
    );
    return able[Math.floor(this.#random.next() * able.length)];
  }

  async #trial(number: number, host: BenchHost): Promise<Trial> {
    this.#declared.delete(host.id);
    const death = await host.die();
    const message = await eventually(() => this.#declared.get(host.id), {
      withinMs: DECLARED_WITHIN_MS,
      everyMs: 10,
    }).catch(() => null);
    // Asked before the host boots: what the aggregator holds of the dead stream.
    const { connected, stateReason } = await host.observed();
    const ms = message === null ? null : message.answeredMs - death.askedMs;
    const handOffMs = message?.handOffMs ?? null;
    const trial = { node: host.id, ms, handOffMs, closeSeen: connected !== true };
    this.done.push(trial);
    this.#raw.write({
      kind: "trial",
      number,
      ...trial,
      ...death,
      stateReason,
      load: loadavg()[0],
      ...(message === null ? {} : observation(message)),
    });
    await host.boot();
    await host.ready(READY_WITHIN_MS);
    return trial;
  }
}

function observation(message: Message): Readonly<Record<string, unknown>> {
  const { id, aggregator, answeredMs, attempt, rule, incident, evidence } = message;
  const { grade } = incident;
  const seen = evidence.map(({ kind, outcome, ageMs }) => ({ kind, outcome, ageMs }));
  return { id, aggregator, answeredMs, attempt, rule: rule.name, grade, evidence: seen };
}
