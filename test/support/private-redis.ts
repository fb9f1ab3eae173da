/** The managed store as a test's own: it ends with whoever started it. */
import {
  type ManagedRedis,
  startManagedRedis,
} from "@herdbeat/aggregator/adapters/managed-redis/managed-redis";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";

export function startPrivateRedis(dataDir: string): Promise<ManagedRedis> {
  return startManagedRedis(
    {
      dataDir,
      search: {
        preferred: process.env["HERDBEAT_REDIS_BIN"] ?? "",
        path: process.env["PATH"] ?? "",
      },
    },
    { timers: systemTimers, random: systemRandom, logger: silentLogger },
  );
}
