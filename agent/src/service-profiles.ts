/** Profiles by id: the operator's files, and those that come with the agent. Read once, at start. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { profileProblems, type ServiceProfile } from "./core/service-profile.ts";
import { withPackage } from "./package-for-once.ts";

const SHIPPED = new URL("../profiles/shipped.json", import.meta.url);
const FILES_MAX = 128;
const FILE_BYTES_MAX = 65_536;

export interface LoadedProfiles {
  readonly profiles: readonly ServiceProfile[];
  /** Each with its file. */
  readonly problems: readonly string[];
}

/** The wanted profiles in the order given; nothing is read when none is wanted. */
export function loadProfiles(ids: readonly string[], folder: string): LoadedProfiles {
  if (ids.length === 0) return { profiles: [], problems: [] };
  const own = ownProfiles(folder);
  const shipped = JSON.parse(readFileSync(SHIPPED, "utf8")) as readonly ServiceProfile[];
  const byId = new Map([...shipped, ...own.profiles].map((profile) => [profile.id, profile]));
  const problems = [...own.problems];
  const profiles = [...new Set(ids)].flatMap((id) => {
    const profile = byId.get(id);
    if (profile === undefined) problems.push(`profiles: there is no profile ${id}`);
    return profile === undefined ? [] : [profile];
  });
  return { profiles, problems };
}

function ownProfiles(folder: string): LoadedProfiles {
  const profiles: ServiceProfile[] = [];
  const problems: string[] = [];
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  const files = names.filter((name) => name.endsWith(".yaml") && !name.startsWith("."));
  if (files.length > FILES_MAX) problems.push(`${folder}: more than ${FILES_MAX} files`);
  const paths = files.slice(0, FILES_MAX).map((name) => join(folder, name));
  if (paths.length === 0) return { profiles, problems };
  const values = withPackage("yaml", (yaml: Yaml) => paths.map((path) => parse(path, yaml)));
  for (const [index, path] of paths.entries()) {
    const value = values[index];
    const wrong = value instanceof Error ? [value.message] : profileProblems(value);
    problems.push(...wrong.map((what) => `${path}: ${what}`));
    if (wrong.length === 0) {
      const profile = value as ServiceProfile;
      profiles.push({ ...profile, check: profile.check ?? null });
    }
  }
  return { profiles, problems };
}

type Yaml = Pick<typeof import("yaml"), "parse">;

function parse(path: string, yaml: Yaml): unknown {
  try {
    const text = readFileSync(path, "utf8");
    if (text.length > FILE_BYTES_MAX) return new Error(`more than ${FILE_BYTES_MAX} bytes`);
    return yaml.parse(text, { prettyErrors: true, uniqueKeys: true, maxAliasCount: 0 });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}
