/**
 * Storage that guests live on: each configured folder is written to, synchronised and read back
 * every second, by a process of its own that may hang in our place.
 *
 * That a folder is slow or nearly full is degradation; that it cannot be written is `storage-down`.
 * What keeps the prober from running (no process, no CPU time) is unknown, never the storage's fault.
 */
import type { DurationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { StorageAnswer, StorageProber } from "../ports/storage-prober.ts";
import type { TextFiles } from "../ports/text-files.ts";

/** Every so many rounds the free space is asked for too. */
const SPACE_EVERY = 10;
/** In a row; one slow write is a busy disk. */
const SLOW_MAX = 3;

export interface StorageConfig {
  readonly name: string;
  readonly path: string;
  readonly timeout: DurationMs;
  readonly slowAfter: DurationMs;
  readonly minFreePercent: number;
  /** Something must be mounted there: below a missing mount lies another disk. */
  readonly mountPoint: boolean;
}

interface Watched {
  readonly config: StorageConfig;
  slow: number;
  freePercent: number | null;
}

export function createStorageMonitor(
  configs: readonly StorageConfig[],
  prober: StorageProber,
  files: TextFiles,
): Pick<Monitor, "probe" | "stop"> {
  const watched = configs.map((config): Watched => ({ config, slow: 0, freePercent: null }));
  let round = 0;
  return {
    async probe() {
      const withSpace = round % SPACE_EVERY === 0;
      round += 1;
      const mounts = await mountPoints(watched, files);
      return Promise.all(watched.map((watch) => look(watch, prober, mounts, withSpace)));
    },
    stop() {
      prober.stop();
      return Promise.resolve();
    },
  };
}

/** Null when nobody needs it or the kernel's table cannot be read. */
async function mountPoints(
  watched: readonly Watched[],
  files: TextFiles,
): Promise<ReadonlySet<string> | null> {
  if (!watched.some(({ config }) => config.mountPoint)) return null;
  const table = await files.read("/proc/self/mountinfo");
  return table === null ? null : parseMountPoints(table);
}

/** Fifth field of each line; space, tab, newline and backslash are written as octal numbers. */
export function parseMountPoints(table: string): ReadonlySet<string> {
  const points = new Set<string>();
  for (const line of table.split("\n")) {
    const point = line.split(" ")[4];
    if (point?.startsWith("/") !== true) continue;
    points.add(
      point.replace(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(Number.parseInt(octal, 8)),
      ),
    );
  }
  return points;
}

async function look(
  watch: Watched,
  prober: StorageProber,
  mounts: ReadonlySet<string> | null,
  withSpace: boolean,
): Promise<Finding> {
  const { config } = watch;
  const folder = config.path.length > 1 ? config.path.replace(/\/+$/, "") : config.path;
  if (config.mountPoint && mounts !== null && !mounts.has(folder))
    return say(config, "problem", "storage-down", "NotMounted", "nothing is mounted there");
  const answer = await prober.probe(folder, config.timeout, withSpace);
  if (answer.kind === "written") {
    watch.slow = answer.took > config.slowAfter ? watch.slow + 1 : 0;
    watch.freePercent = answer.freePercent ?? watch.freePercent;
  }
  return judgeStorage(config, answer, watch);
}

export function judgeStorage(
  config: StorageConfig,
  answer: StorageAnswer,
  past: { readonly slow: number; readonly freePercent: number | null },
): Finding {
  switch (answer.kind) {
    case "not-asked":
      return say(config, "unknown", "storage-down", "NotAsked", answer.why);
    case "hung": {
      const seconds = (answer.since / 1_000).toFixed(1);
      return say(config, "problem", "storage-down", "StorageHung", `no answer for ${seconds} s`);
    }
    case "failed":
      return say(config, "problem", "storage-down", failureReason(answer.text), answer.text);
    default:
      break;
  }
  const took = `${Math.round(answer.took)} ms`;
  if (past.slow >= SLOW_MAX)
    return say(config, "problem", "storage-degraded", "SlowWrites", `a write took ${took}`);
  if (past.freePercent !== null && past.freePercent < config.minFreePercent) {
    const free = `${past.freePercent.toFixed(1)} % free`;
    return say(config, "problem", "storage-degraded", "NearlyFull", free);
  }
  return say(config, "ok", "storage-down", "Writable", "written and read back");
}

function failureReason(text: string): string {
  if (text.includes("Read-only file system")) return "ReadOnly";
  if (text.includes("No space left on device") || text.includes("quota exceeded")) return "NoSpace";
  if (text.includes("No such file or directory")) return "PathMissing";
  if (text.includes("Stale file handle")) return "StaleHandle";
  if (text.includes("Permission denied")) return "PermissionDenied";
  return "WriteFailed";
}

function say(
  { name, path }: StorageConfig,
  status: Finding["status"],
  failureClass: Finding["failureClass"],
  reason: string,
  what: string,
): Finding {
  const message = `${path}: ${what}`;
  return { subject: name, status, failureClass, reason, message, attributes: { path } };
}
