/**
 * Network interfaces from /sys/class/net.
 *
 * `pulse` reads `flags` and `carrier_changes`, which the kernel answers without its network lock,
 * through descriptors that stay open: a few microseconds per call. `sample` reads what needs that
 * lock, in libuv's thread pool.
 */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LinkPulse, LinkSample, Links } from "../../ports/links.ts";

const IFF_UP = 1;
/** A hypervisor has hundreds of tap devices; they are never watched, but they are listed. */
const INTERFACES_MAX = 4_096;
const LOWER_DEPTH_MAX = 4;

interface Descriptors {
  readonly flags: number;
  readonly changes: number;
  readonly interfaceIndex: number;
}

export class SysfsLinks implements Links {
  readonly #root: string;
  readonly #open = new Map<string, Descriptors>();
  readonly #buffer: Buffer = Buffer.alloc(32);

  /** `root` is /sys/class/net except in tests. */
  constructor(root = "/sys/class/net") {
    this.#root = root;
  }

  list(): readonly string[] {
    return readdirSync(this.#root)
      .filter((name) => name !== "lo" && existsSync(join(this.#root, name, "flags")))
      .slice(0, INTERFACES_MAX);
  }

  pulse(name: string): LinkPulse | null {
    // A descriptor of a device that was removed answers ENODEV: then look by name once more.
    return this.#readPulse(name) ?? this.#readPulse(name);
  }

  carrierChanges(name: string): number | undefined {
    const descriptors = this.#open.get(name);
    if (descriptors === undefined) return this.pulse(name)?.carrierChanges;
    try {
      return this.#number(descriptors.changes);
    } catch {
      return this.pulse(name)?.carrierChanges;
    }
  }

  async sample(name: string): Promise<LinkSample | null> {
    for (let round = 0; round < 3; round++) {
      const before = this.pulse(name);
      if (before === null) return null;
      const carrier = await this.#attribute(name, "carrier");
      const operState = (await this.#attribute(name, "operstate")) ?? "unknown";
      const speed = Number(await this.#attribute(name, "speed"));
      const now = this.pulse(name);
      if (now?.carrierChanges !== before.carrierChanges) continue;
      return {
        name,
        adminUp: now.adminUp,
        carrier: carrier === null ? null : carrier === "1",
        carrierChanges: now.carrierChanges,
        operState,
        speedMbps: speed > 0 ? speed : null,
        physical: this.#isPhysical(name, 0),
      };
    }
    return null;
  }

  stop(): void {
    for (const name of [...this.#open.keys()]) this.#forget(name);
  }

  #readPulse(name: string): LinkPulse | null {
    try {
      let descriptors = this.#open.get(name);
      if (descriptors === undefined) {
        descriptors = this.#openFiles(name);
        this.#open.set(name, descriptors);
      }
      return {
        adminUp: (this.#number(descriptors.flags) & IFF_UP) !== 0,
        carrierChanges: this.#number(descriptors.changes),
        interfaceIndex: descriptors.interfaceIndex,
      };
    } catch {
      // Gone, or another device has the name now; both are told by the next open.
      this.#forget(name);
      return null;
    }
  }

  #openFiles(name: string): Descriptors {
    const folder = join(this.#root, name);
    const interfaceIndex = Number(readFileSync(join(folder, "ifindex"), "utf8"));
    const flags = openSync(join(folder, "flags"), "r");
    try {
      return { flags, changes: openSync(join(folder, "carrier_changes"), "r"), interfaceIndex };
    } catch (error) {
      closeSync(flags);
      throw error;
    }
  }

  #number(descriptor: number): number {
    const length = readSync(descriptor, this.#buffer, 0, this.#buffer.length, 0);
    return Number(this.#buffer.toString("latin1", 0, length));
  }

  #forget(name: string): void {
    const descriptors = this.#open.get(name);
    if (descriptors === undefined) return;
    this.#open.delete(name);
    closeSync(descriptors.flags);
    closeSync(descriptors.changes);
  }

  async #attribute(name: string, attribute: string): Promise<string | null> {
    try {
      return (await readFile(join(this.#root, name, attribute), "utf8")).trim();
    } catch {
      // EINVAL: the kernel does not tell while the link is administratively down.
      return null;
    }
  }

  /** Hardware below it, directly or through what it is made of; not a virtual function of a guest. */
  #isPhysical(name: string, depth: number): boolean {
    const folder = join(this.#root, name);
    if (existsSync(join(folder, "device"))) return !existsSync(join(folder, "device", "physfn"));
    if (depth >= LOWER_DEPTH_MAX) return false;
    try {
      return readdirSync(folder)
        .filter((entry) => entry.startsWith("lower_"))
        .some((entry) => this.#isPhysical(entry.slice("lower_".length), depth + 1));
    } catch {
      // Removed meanwhile.
      return false;
    }
  }
}
