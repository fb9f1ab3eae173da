// deadline: 180s
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  ManagedRedis,
  startManagedRedis,
} from "@herdbeat/aggregator/adapters/managed-redis/managed-redis";
import type { Logger } from "@herdbeat/shared/logger";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess } from "../../support/processes.ts";
import { openRedis, SEARCH_PLACES } from "../../support/redis-server.ts";
import { codeOfRejection } from "../../support/rejection.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";
import { nodeArguments } from "../../tools/run-tests.mjs";

const test = suite("managed Redis");
const deps = { timers: systemTimers, random: systemRandom, logger: silentLogger };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still has a pid.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function withManaged(
  use: (managed: ManagedRedis, dataDir: string) => Promise<void>,
  logger: Logger = silentLogger,
): Promise<void> {
  await withTempDir("managed", async (folder) => {
    const dataDir = join(folder, "data");
    const managed = await startManagedRedis(
      { dataDir, search: SEARCH_PLACES },
      { ...deps, logger },
    );
    try {
      await use(managed, dataDir);
    } finally {
      await managed.stop();
    }
  });
}

async function ask(managed: ManagedRedis, ...command: string[]): Promise<unknown> {
  const { socketPath: path, password } = managed;
  const { connection } = await openRedis({ kind: "socket", path, password });
  try {
    return await connection.send("ask", command);
  } finally {
    await connection.stop();
  }
}

test("serves on a socket of its user only, with a password, and nowhere else", () =>
  withManaged(async (managed, dataDir) => {
    assert.is(statSync(dataDir).mode & 0o777, 0o700);
    assert.is(statSync(managed.socketPath).mode & 0o777, 0o600);
    assert.is(managed.password.length, 48);
    const commandLine = readFileSync(`/proc/${managed.pid}/cmdline`, "utf8");
    assert.not.ok(commandLine.includes(managed.password));
    const info = String(await ask(managed, "INFO", "server"));
    assert.match(info, /tcp_port:0\r/);
  }));

for (const [name, value] of [
  ["appendonly", "yes"],
  ["appendfsync", "always"],
  ["no-appendfsync-on-rewrite", "no"],
  ["save", ""],
  ["maxmemory-policy", "noeviction"],
  ["maxmemory", String(1024 ** 3)],
  ["port", "0"],
] as const) {
  test(`runs with ${name} "${value}"`, () =>
    withManaged(async (managed) => {
      assert.equal(await ask(managed, "CONFIG", "GET", name), { [name]: value });
    }));
}

test("refuses a folder that a living server uses", () =>
  withManaged(async (managed, dataDir) => {
    const second = startManagedRedis({ dataDir, search: SEARCH_PLACES }, deps);
    assert.is(await codeOfRejection(second), "HB_STORE_LOCKED");
    assert.is(await ask(managed, "PING"), "PONG");
  }));

test("lets exactly one of two that start at once have the folder", () =>
  withTempDir("managed", async (folder) => {
    const starts = [1, 2].map(() =>
      startManagedRedis({ dataDir: folder, search: SEARCH_PLACES }, deps),
    );
    const ends = await Promise.allSettled(starts);
    for (const end of ends) if (end.status === "fulfilled") await end.value.stop();
    assert.is(ends.filter(({ status }) => status === "fulfilled").length, 1);
  }));

test("keeps its data from one life to the next, and frees its folder", () =>
  withTempDir("managed", async (folder) => {
    for (const expected of [null, "1", "2"]) {
      const managed = await startManagedRedis({ dataDir: folder, search: SEARCH_PLACES }, deps);
      const pid = managed.pid ?? 0;
      assert.is(await ask(managed, "GET", "lives"), expected);
      await ask(managed, "INCR", "lives");
      await managed.stop();
      assert.not.ok(isAlive(pid));
    }
  }));

test("starts a server again that was killed, at the same address", () =>
  withManaged(async (managed) => {
    await ask(managed, "SET", "kept", "yes");
    for (let round = 0; round < 2; round++) {
      const before = managed.pid ?? 0;
      process.kill(before, "SIGKILL");
      await eventually(() => managed.pid !== before && managed.pid !== undefined);
      assert.is(await ask(managed, "GET", "kept"), "yes");
    }
  }));

test("dies with a parent that is killed, and leaves the folder usable", () =>
  withTempDir("managed", async (folder) => {
    const program = fileURLToPath(new URL("../../support/redis-parent.ts", import.meta.url));
    const parent = startProcess(process.execPath, [...nodeArguments(), program, folder]);
    const [, pidText] = await eventually(() => /serving (\d+)/.exec(parent.output()), {
      withinMs: 15_000,
    });
    const pid = Number(pidText);
    assert.ok(isAlive(pid));
    process.kill(parent.pid, "SIGKILL");
    try {
      await eventually(() => !isAlive(pid));
    } finally {
      if (isAlive(pid)) process.kill(pid, "SIGKILL");
    }
    await parent.ended;
    const managed = await startManagedRedis({ dataDir: folder, search: SEARCH_PLACES }, deps);
    await managed.stop();
  }));

test("passes the server's own words on", async () => {
  const lines: string[] = [];
  const note = (message: string): void => void lines.push(message);
  const logger: Logger = { ...silentLogger, debug: note, info: note, child: () => logger };
  await withManaged(async () => {
    await eventually(() => lines.some((line) => line.startsWith("Redis version=")));
  }, logger);
  assert.ok(lines.some((line) => line.includes("Redis is now ready to exit")));
});

test("says why a server did not start", () =>
  withTempDir("managed", async (folder) => {
    mkdirSync(join(folder, "appendonlydir"));
    writeFileSync(join(folder, "appendonlydir", "appendonly.aof.manifest"), "nonsense\n");
    const managed = new ManagedRedis({ dataDir: folder, search: SEARCH_PLACES }, deps);
    try {
      await managed.start();
      assert.unreachable();
    } catch (error) {
      const { code, cause } = error as { readonly code: string; readonly cause: Error };
      assert.is(code, "HB_STORE_UNAVAILABLE");
      assert.match(cause.message, /ended with code 1: .*(manifest|AOF)/);
    }
    assert.ok(existsSync(join(folder, "appendonlydir", "appendonly.aof.manifest")));
  }));

test("refuses a folder whose path is too long for a socket", () =>
  withTempDir("managed", async (folder) => {
    const dataDir = join(folder, "d".repeat(100));
    const managed = new ManagedRedis({ dataDir, search: SEARCH_PLACES }, deps);
    assert.is(await codeOfRejection(managed.start()), "HB_CONFIG_INVALID");
  }));

test("takes no other program than the one it was told", () =>
  withTempDir("managed", async (folder) => {
    const search = { ...SEARCH_PLACES, preferred: join(folder, "no-such-server") };
    const managed = new ManagedRedis({ dataDir: folder, search }, deps);
    assert.is(await codeOfRejection(managed.start()), "HB_STORE_NOT_FOUND");
  }));

test.run();
