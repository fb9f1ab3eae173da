/**
 * systemd's notification socket. Node has no datagram sockets in the Unix domain, so `socket` and
 * `sendto` of the C library are called, on a socket that never blocks. The FFI library is loaded only
 * where systemd asked for notifications.
 */
import { createRequire } from "node:module";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { Supervisor } from "../../ports/supervisor.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
/** sun_path of sockaddr_un. */
const PATH_BYTES_MAX = 107;

const nobody: Supervisor = { ready: () => {}, alive: () => {}, stopping: () => {} };

/** Does nothing where the environment names no socket. */
export function createSupervisor(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
  clock: Clock,
  logger: Logger,
): Supervisor {
  const path = environment["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return nobody;
  try {
    const send = openSender(path);
    const interval = watchdogInterval(environment, pid);
    let pingedAt: MonotonicMs | null = null;
    return {
      ready: () => send("READY=1\nSTATUS=watching"),
      alive: () => {
        const now = clock.now();
        if (interval === null || (pingedAt !== null && elapsed(pingedAt, now) < interval)) return;
        pingedAt = now;
        send("WATCHDOG=1");
      },
      stopping: () => send("STOPPING=1"),
    };
  } catch (error) {
    logger.error("systemd cannot be notified", { error: renderErrorChain(error) });
    return nobody;
  }
}

/** A third of the timeout, so that one late loop does not end us. Null when no watchdog is asked for. */
export function watchdogInterval(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): DurationMs | null {
  const microseconds = Number(environment["WATCHDOG_USEC"] ?? 0);
  const owner = environment["WATCHDOG_PID"];
  if (!(microseconds > 0) || (owner !== undefined && owner !== String(pid))) return null;
  return durationMs(microseconds / 1_000 / 3);
}

/** sockaddr_un for a path, or for an abstract name that begins with `@`. */
export function socketAddress(path: string): Buffer {
  const name = Buffer.from(path, "utf8");
  if (name.length > PATH_BYTES_MAX) throw new RangeError(`socket path of ${name.length} bytes`);
  if (path.startsWith("@")) name[0] = 0;
  else if (!path.startsWith("/"))
    throw new RangeError("neither an absolute path nor an abstract name");
  const family = Buffer.alloc(2);
  family.writeUInt16LE(AF_UNIX);
  // A path ends with a zero byte, an abstract name with its length.
  return Buffer.concat(path.startsWith("@") ? [family, name] : [family, name, Buffer.alloc(1)]);
}

interface Koffi {
  load(path: string | null): { func(signature: string): (...values: unknown[]) => number };
}

function openSender(path: string): (text: string) => void {
  const koffi = createRequire(import.meta.url)("koffi") as Koffi;
  const libc = koffi.load(null);
  const socket = libc.func("int socket(int domain, int type, int protocol)");
  const sendto = libc.func(
    "int64_t sendto(int fd, const void *data, size_t length, int flags, const void *address, uint32_t addressLength)",
  );
  const address = socketAddress(path);
  const descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw new Error("no datagram socket");
  return (text) => {
    const data = Buffer.from(text, "utf8");
    // A full queue loses one ping of three; systemd counts the time, not the pings.
    sendto(descriptor, data, data.length, MSG_NOSIGNAL, address, address.length);
  };
}
