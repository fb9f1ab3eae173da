/** Small files by path, for monitors; a folder is whatever lies above a file. */
import type { TextFiles } from "@herdbeat/agent/ports/text-files";

export interface MemoryFiles extends TextFiles {
  set(path: string, text: string): void;
  /** The file, or everything below the folder. */
  vanish(path: string): void;
  /** A symbolic link; its target's last component is `target`. */
  setLink(path: string, target: string): void;
}

export function memoryFiles(initial: Readonly<Record<string, string>> = {}): MemoryFiles {
  const files = new Map(Object.entries(initial));
  const links = new Map<string, string>();
  const all = (): readonly string[] => [...files.keys(), ...links.keys()];
  return {
    read: (path) => Promise.resolve(files.get(path) ?? null),
    list: (path) => {
      const names = all()
        .filter((known) => known.startsWith(`${path}/`))
        .map((known) => known.slice(path.length + 1).split("/", 1)[0] ?? "");
      return Promise.resolve([...new Set(names)].sort());
    },
    link: (path) => Promise.resolve(links.get(path) ?? null),
    exists: (path) => all().some((known) => known === path || known.startsWith(`${path}/`)),
    set: (path, text) => files.set(path, text),
    setLink: (path, target) => links.set(path, target),
    vanish: (path) => {
      for (const known of [...files.keys()])
        if (known === path || known.startsWith(`${path}/`)) files.delete(known);
    },
  };
}
