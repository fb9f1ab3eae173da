// A folder that lives as long as a test needs it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface TempDir {
  readonly path: string;
  remove(): void;
}

/** Removed by `remove()`, and at the latest when the process ends. */
export function makeTempDir(purpose: string): TempDir {
  const path = mkdtempSync(join(tmpdir(), `herdbeat-${purpose}-`));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  process.once("exit", remove);
  return {
    path,
    remove: () => {
      process.off("exit", remove);
      remove();
    },
  };
}

export async function withTempDir<T>(
  purpose: string,
  use: (path: string) => Promise<T> | T,
): Promise<T> {
  const dir = makeTempDir(purpose);
  try {
    return await use(dir.path);
  } finally {
    dir.remove();
  }
}
