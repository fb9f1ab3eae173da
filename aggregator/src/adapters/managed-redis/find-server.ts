/**
 * Finds a program that serves the Redis protocol, without installing one.
 *
 * Debian's `redis-tools` has no `redis-server`, but the checker it does have is the same program: it
 * serves when it is called by another name. So a checker will do, through a symbolic link.
 */
import { accessSync, constants, readFileSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import { OperatingError } from "@herdbeat/shared/errors";

export interface ServerProgram {
  readonly path: string;
  /** The name it must be called by; differs from the path's last part for a checker. */
  readonly calledAs: string;
}

const CANDIDATES: readonly (readonly [file: string, calledAs: string])[] = [
  ["redis-server", "redis-server"],
  ["valkey-server", "valkey-server"],
  ["redis-check-rdb", "redis-server"],
  ["valkey-check-rdb", "valkey-server"],
];
/** Plain users' paths often lack these. */
const MORE_FOLDERS = [
  "/usr/local/bin",
  "/usr/local/sbin",
  "/usr/bin",
  "/usr/sbin",
  "/bin",
  "/sbin",
];

export interface SearchPlaces {
  /** Value of HERDBEAT_REDIS_BIN; wins over everything else when not empty. */
  readonly preferred: string;
  /** Value of PATH. */
  readonly path: string;
}

export function findServer(places: SearchPlaces): ServerProgram {
  if (places.preferred !== "") {
    const path = findProgram(places.preferred, places.path);
    if (path !== null) return { path, calledAs: nameFor(basename(path)) };
    throw notFound(`HERDBEAT_REDIS_BIN names ${places.preferred}, which is not an executable file`);
  }
  for (const [file, calledAs] of CANDIDATES) {
    const path = findProgram(file, places.path);
    if (path !== null) return { path, calledAs };
  }
  throw notFound("no redis-server and no valkey-server is installed here");
}

/** The program's path, or null. A name with a slash is taken as it is. */
export function findProgram(name: string, searchPath: string): string | null {
  if (name.includes("/")) return isExecutable(name) ? name : null;
  const folders = [...searchPath.split(":").filter(isAbsolute), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function nameFor(file: string): string {
  return CANDIDATES.find(([candidate]) => candidate === file)?.[1] ?? file;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function notFound(what: string): OperatingError {
  const line = installLine(readOsRelease());
  return new OperatingError("HB_STORE_NOT_FOUND", `${what}; install it with: ${line}`);
}

function readOsRelease(): string {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/** The exact command for this distribution, from its os-release(5). */
export function installLine(osRelease: string): string {
  const value = (key: string): string =>
    new RegExp(`^${key}="?(?<value>[^"\n]*)"?$`, "m").exec(osRelease)?.groups?.["value"] ?? "";
  const family = ` ${value("ID")} ${value("ID_LIKE")} `;
  if (/ (debian|ubuntu) /.test(family)) {
    return "apt-get install -y --no-install-recommends redis-tools";
  }
  const isOldRedHat =
    / (rhel|centos) /.test(family) && Number.parseInt(value("VERSION_ID"), 10) < 10;
  if (isOldRedHat) return "dnf install -y redis";
  if (/ (fedora|rhel|centos) /.test(family)) return "dnf install -y valkey";
  if (/ (suse|opensuse) /.test(family)) return "zypper install -y valkey";
  return "your distribution's package of redis or valkey";
}
