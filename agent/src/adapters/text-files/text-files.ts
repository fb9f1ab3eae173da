/**
 * Reads of small files in libuv's thread pool: some files of sysfs wait for a driver. A read that
 * never returns costs one thread of the pool and the probe that waits for it, not the event loop.
 */
import { existsSync } from "node:fs";
import { open, readdir, readlink } from "node:fs/promises";
import { basename } from "node:path";
import type { TextFiles } from "../../ports/text-files.ts";

const BYTES_MAX = 262_144;
const CHUNK_BYTES = 16_384;
const NAMES_MAX = 4_096;

export class LocalTextFiles implements TextFiles {
  async read(path: string): Promise<string | null> {
    try {
      const file = await open(path, "r");
      try {
        let text = "";
        const chunk = Buffer.alloc(CHUNK_BYTES);
        while (text.length < BYTES_MAX) {
          const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES);
          if (bytesRead === 0) break;
          text += chunk.toString("latin1", 0, bytesRead);
        }
        return text;
      } finally {
        await file.close();
      }
    } catch {
      // Absent, gone while it was read (ENODEV), or the driver's own error (EINVAL, EIO): no text.
      return null;
    }
  }

  async list(path: string): Promise<readonly string[]> {
    try {
      return (await readdir(path)).sort().slice(0, NAMES_MAX);
    } catch {
      // No such folder: nothing is in it.
      return [];
    }
  }

  async link(path: string): Promise<string | null> {
    try {
      return basename(await readlink(path));
    } catch {
      // No link, or gone.
      return null;
    }
  }

  exists(path: string): boolean {
    return existsSync(path);
  }
}
