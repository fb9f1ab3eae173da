/** A program that starts a managed Redis in the folder it is given, says so, and waits to be killed. */
import { ManagedRedis } from "@herdbeat/aggregator/adapters/managed-redis/managed-redis";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";

const managed = new ManagedRedis(
  { dataDir: process.argv[2] ?? "", search: { preferred: "", path: process.env["PATH"] ?? "" } },
  { timers: systemTimers, random: systemRandom, logger: silentLogger },
);
await managed.start();
process.stdout.write(`serving ${managed.pid}\n`);
