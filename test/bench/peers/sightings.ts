/** Who said first, and when, that a host is dead. One host is dead at a time. */
import { clockMs } from "../../fleet/commands.ts";
import { startProcess, type TrackedProcess } from "../../support/processes.ts";
import type { RawFile } from "../lib/raw-file.ts";

export const DETECTORS = [
  "ours",
  "serf",
  "corosync",
  "prometheusWebhook",
  "prometheusTunedWebhook",
] as const;
export type Detector = (typeof DETECTORS)[number];

export class Sightings {
  readonly #raw: RawFile;
  readonly #firstMs = new Map<Detector, number>();
  readonly #falseCounts = new Map<Detector, number>();
  #dead: number | null = null;

  constructor(raw: RawFile) {
    this.#raw = raw;
  }

  /** From now on sightings of this host are true ones, until `revived`. */
  dies(host: number): void {
    this.#firstMs.clear();
    this.#dead = host;
  }

  revived(): void {
    this.#dead = null;
  }

  /** `atMs` is CLOCK_MONOTONIC when it was read or answered. */
  note(detector: Detector, host: number, what: string, atMs = clockMs()): void {
    const isTrue = host === this.#dead;
    if (isTrue && this.#firstMs.has(detector)) return;
    this.#raw.write({ kind: isTrue ? "sighting" : "false-sighting", detector, host, atMs, what });
    if (isTrue) this.#firstMs.set(detector, atMs);
    else this.#falseCounts.set(detector, (this.#falseCounts.get(detector) ?? 0) + 1);
  }

  firstMs(detector: Detector): number | null {
    return this.#firstMs.get(detector) ?? null;
  }

  falseCount(detector: Detector): number {
    return this.#falseCounts.get(detector) ?? 0;
  }
}

/** Longer lines are cut; no peer writes such. */
const LINE_BYTES_MAX = 100_000;

/** Starts a program that ends when we do, however we end, and hands on its lines as they come. */
export function startFollowed(
  command: readonly string[],
  onLine: (line: string) => void,
): TrackedProcess {
  const started = startProcess("setpriv", ["--pdeathsig", "KILL", ...command]);
  for (const stream of [started.child.stdout, started.child.stderr]) {
    let rest = "";
    stream?.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = (lines.pop() ?? "").slice(-LINE_BYTES_MAX);
      for (const line of lines) onLine(line);
    });
  }
  return started;
}

/** At once, with its whole group; the host was cut off before. */
export async function killNow(started: TrackedProcess | undefined): Promise<void> {
  if (started === undefined) return;
  if (started.child.exitCode === null && started.child.signalCode === null)
    process.kill(-started.pid, "SIGKILL");
  await started.ended;
}
