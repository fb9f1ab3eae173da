/** The kernel's initramfs format ("newc" cpio), just enough of it; see initramfs-buffer-format in the kernel's documentation. */
export type ArchiveEntry =
  | { readonly kind: "folder"; readonly path: string }
  | {
      readonly kind: "file";
      readonly path: string;
      readonly content: Buffer;
      readonly executable: boolean;
    }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

const MODES = { folder: 0o040755, link: 0o120777, executable: 0o100755, file: 0o100644 } as const;

/** Deterministic: same entries, same bytes. Folders must come before what is in them. */
export function cpioArchive(entries: readonly ArchiveEntry[]): Buffer {
  const parts: Buffer[] = [];
  entries.forEach((entry, index) => {
    parts.push(record(entry.path, modeOf(entry), contentOf(entry), index + 1));
  });
  parts.push(record("TRAILER!!!", 0, Buffer.alloc(0), 0));
  return Buffer.concat(parts);
}

function modeOf(entry: ArchiveEntry): number {
  if (entry.kind === "file") return entry.executable ? MODES.executable : MODES.file;
  return MODES[entry.kind];
}

function contentOf(entry: ArchiveEntry): Buffer {
  if (entry.kind === "file") return entry.content;
  return entry.kind === "link" ? Buffer.from(entry.target) : Buffer.alloc(0);
}

function record(path: string, mode: number, content: Buffer, inode: number): Buffer {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
