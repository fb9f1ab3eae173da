/**
 * CommonJS packages that only the start of the process needs. Node keeps the source text, the code and
 * the exports of every module for good; for the parsers of a command line and of YAML that is more
 * than a megabyte of a process that goes on for months.
 */
import { createRequire } from "node:module";

/** Loads the package for `use` and forgets it afterwards: nothing of it may be kept. */
export function withPackage<Package, T>(name: string, use: (loaded: Package) => T): T {
  // A function of its own each time: it would hold what it has loaded.
  const load = createRequire(import.meta.url);
  const known = new Set(Object.keys(load.cache));
  try {
    return use(load(name) as Package);
  } finally {
    for (const path of Object.keys(load.cache)) if (!known.has(path)) delete load.cache[path];
  }
}
