/**
 * systemd as the host's service manager. It is asked through `systemctl` in a child that is killed
 * when it does not answer: systemd and D-Bus hang with the disks they log to.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { OperatingError } from "@herdbeat/shared/errors";
import type { DurationMs } from "@herdbeat/shared/time";
import { UNIT_PROPERTIES } from "../../core/unit-state.ts";
import type { ServiceManager } from "../../ports/services.ts";

const OUTPUT_BYTES_MAX = 256 * 1_024;

export class SystemdUnits implements ServiceManager {
  readonly #command: string;
  readonly #runFolder: string;
  readonly #cgroupRoots: readonly string[];

  constructor(
    command = "systemctl",
    runFolder = "/run/systemd/system",
    cgroupRoots: readonly string[] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"],
  ) {
    this.#command = command;
    this.#runFolder = runFolder;
    this.#cgroupRoots = cgroupRoots;
  }

  isPresent(): boolean {
    return existsSync(this.#runFolder);
  }

  show(units: readonly string[], timeout: DurationMs): Promise<string> {
    const args = ["show", "--no-pager", `--property=${UNIT_PROPERTIES.join(",")}`, "--", ...units];
    return new Promise((resolve, reject) => {
      const options = { timeout, killSignal: "SIGKILL" as const, maxBuffer: OUTPUT_BYTES_MAX };
      execFile(this.#command, args, options, (error, stdout) => {
        if (error === null) resolve(stdout);
        else
          reject(
            new OperatingError("HB_PROBE_FAILED", "systemctl gave no answer", { cause: error }),
          );
      });
    });
  }

  isHostStopping(timeout: DurationMs): Promise<boolean> {
    if (!this.isPresent()) return Promise.resolve(false);
    const options = { timeout, killSignal: "SIGKILL" as const, maxBuffer: OUTPUT_BYTES_MAX };
    return new Promise((resolve) => {
      // It ends with a code of its own for every state but "running"; only the word counts.
      execFile(this.#command, ["is-system-running"], options, (_error, stdout) => {
        resolve(stdout.trim() === "stopping");
      });
    });
  }

  isPopulated(controlGroup: string): boolean | null {
    for (const root of this.#cgroupRoots) {
      try {
        const text = readFileSync(join(root, controlGroup, "cgroup.events"), "latin1");
        return /^populated 1$/m.test(text);
      } catch {
        // Not in this hierarchy, or the group is gone with its last process; the root tells which.
        if (existsSync(join(root, "cgroup.controllers"))) return false;
      }
    }
    return null;
  }
}
