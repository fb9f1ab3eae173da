/** Where libvirt listens: the modular QEMU daemon's socket before the monolithic one's. */
import { existsSync } from "node:fs";
import { join } from "node:path";

export interface SocketConfig {
  /** @default /run/libvirt */
  readonly runDir: string;
  /** Exactly this socket, instead of looking in `runDir`. */
  readonly socket: string | null;
}

/** Read-only ones first: they give all that watching needs. The session daemon has none. */
const NAMES = ["virtqemud-sock-ro", "libvirt-sock-ro", "virtqemud-sock", "libvirt-sock"];

/** Existing sockets, best first. */
export function findSockets(config: SocketConfig): readonly string[] {
  if (config.socket !== null) return [config.socket];
  return NAMES.map((name) => join(config.runDir, name)).filter((path) => existsSync(path));
}

/** The socket beside a read-only one on which commands are allowed. */
export function writableSocket(path: string): string {
  return path.replace(/-ro$/, "");
}

/**
 * libvirt's own name of a daemon behind a given socket. `uri` is the driver's, e.g. `qemu:///system`,
 * or one that names a socket already: libvirt takes everything behind a first `socket=` for its path.
 */
export function connectionUri(uri: string, socket: string): string {
  const [name = "", query = ""] = uri.split("?", 2);
  const others = query.split("&").filter((one) => one !== "" && !one.startsWith("socket="));
  const parameters = [...others, `socket=${encodeURIComponent(socket)}`].join("&");
  return `${name.replace(/^qemu:/, "qemu+unix:")}?${parameters}`;
}

/**
 * The driver alone, as the daemon at the other end of a socket must be asked for it. A transport or
 * a socket in the name would make that daemon open a connection to itself, and wait for ever.
 */
export function driverUri(uri: string): string {
  const [name = ""] = uri.split("?", 1);
  return name.replace(/^([a-z]+)\+[a-z]+:/, "$1:");
}
