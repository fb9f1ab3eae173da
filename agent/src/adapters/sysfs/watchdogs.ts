import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WatchdogSample, Watchdogs } from "../../ports/watchdogs.ts";

const DEVICES_MAX = 16;

/** /sys/class/watchdog; the devices themselves are never opened. */
export class SysfsWatchdogs implements Watchdogs {
  readonly #root: string;

  constructor(root = "/sys/class/watchdog") {
    this.#root = root;
  }

  async list(): Promise<readonly WatchdogSample[]> {
    let names: readonly string[];
    try {
      names = await readdir(this.#root);
    } catch {
      // A kernel without the watchdog class has no such folder: no devices.
      return [];
    }
    return Promise.all(
      [...names]
        .sort()
        .slice(0, DEVICES_MAX)
        .map((name) => this.#sample(name)),
    );
  }

  async #sample(name: string): Promise<WatchdogSample> {
    const read = async (attribute: string): Promise<string | null> => {
      try {
        return (await readFile(join(this.#root, name, attribute), "latin1")).trim();
      } catch {
        // Drivers offer only some attributes.
        return null;
      }
    };
    const number = async (attribute: string): Promise<number | null> => {
      const text = await read(attribute);
      return text === null || !/^-?(0x)?[0-9a-fA-F]+$/.test(text) ? null : Number(text);
    };
    return {
      name,
      identity: (await read("identity")) ?? "",
      isActive: (await read("state")) === "active",
      timeoutSeconds: await number("timeout"),
      timeLeftSeconds: await number("timeleft"),
      bootStatus: (await number("bootstatus")) ?? 0,
      noWayOut: (await read("nowayout")) === "1",
    };
  }
}
