/**
 * Replaces a file so that a reader, also after a power cut, sees all of the old content or all of
 * the new: written beside it, flushed to disk, renamed over it, and the rename flushed too.
 */
import { open, rename } from "node:fs/promises";
import { dirname } from "node:path";

export interface OpenFile {
  writeFile(content: string): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** What is used of the file system; tests cut its power. */
export interface FileOperations {
  open(path: string, mode: "r" | "w"): Promise<OpenFile>;
  rename(from: string, to: string): Promise<void>;
}

export const nodeFileOperations: FileOperations = {
  open: (path, mode) => open(path, mode, 0o600),
  rename,
};

export async function replaceFile(
  path: string,
  content: string,
  operations: FileOperations,
): Promise<void> {
  const beside = `${path}.new`;
  await useFile(operations, beside, "w", async (file) => {
    await file.writeFile(content);
    await file.sync();
  });
  await operations.rename(beside, path);
  await useFile(operations, dirname(path), "r", (folder) => folder.sync());
}

async function useFile(
  operations: FileOperations,
  path: string,
  mode: "r" | "w",
  use: (file: OpenFile) => Promise<void>,
): Promise<void> {
  const file = await operations.open(path, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}
