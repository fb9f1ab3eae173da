/**
 * Configuration of the agent: /etc/herdbeat/agent.yaml, then agent.d/*.yaml in order of their names,
 * then HERDBEAT_AGENT__SECTION__KEY, then flags; later ones win. Every problem of every layer is
 * reported at once, with its place.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkConfig } from "@herdbeat/shared/config-check";
import { environmentLayer } from "@herdbeat/shared/config-environment";
import type { ConfigLayer } from "@herdbeat/shared/config-table";
import { yamlLayer } from "@herdbeat/shared/config-yaml";
import { ConfigError } from "@herdbeat/shared/errors";
import type { DurationMs } from "@herdbeat/shared/time";
import { AGENT_CONFIG, crossChecks } from "./config-table.ts";
import { withPackage } from "./package-for-once.ts";
import { loadProfiles } from "./service-profiles.ts";

export const DEFAULT_CONFIG_FILE = "/etc/herdbeat/agent.yaml";
const ENVIRONMENT_PREFIX = "HERDBEAT_AGENT";
const DROP_IN_FOLDER = "agent.d";
const FILE_BYTES_MAX = 1_048_576;

/** The checked values of `AGENT_CONFIG`, which says what each means. */
export interface AgentConfig {
  readonly node: { readonly id?: string; readonly labels: Readonly<Record<string, string>> };
  readonly aggregators: readonly string[];
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly insecure: boolean;
  readonly heartbeat: { readonly interval: DurationMs };
  readonly networks: Readonly<Record<string, string>>;
  readonly reachability: readonly {
    readonly role: string;
    readonly targets: readonly string[];
    readonly port: number;
  }[];
  readonly libvirt: {
    readonly enabled: "auto" | "always" | "never";
    readonly uri: string;
    readonly runDir: string;
    readonly socket?: string;
    readonly guestAgent: boolean;
  };
  readonly guests: { readonly heartbeatTimeout: DurationMs };
  readonly storage: readonly {
    readonly name: string;
    readonly path: string;
    readonly timeout: DurationMs;
    readonly slowAfter: DurationMs;
    readonly minFreePercent: number;
    readonly mountPoint: boolean;
  }[];
  readonly services: readonly {
    readonly name: string;
    readonly unit?: string;
    readonly executable?: string;
    readonly pidFile?: string;
    readonly check: {
      readonly http?: string;
      readonly tcp?: string;
      readonly unix?: string;
      readonly timeout: DurationMs;
      readonly interval: DurationMs;
    };
  }[];
  readonly profiles: readonly string[];
  readonly profilesFolder: string;
  readonly kernelLog: { readonly enabled: boolean; readonly hold: DurationMs };
  readonly watchdog: { readonly mode: "observe" | "off"; readonly required: boolean };
  readonly witness: {
    readonly enabled: boolean;
    readonly listen: readonly string[];
    readonly port: number;
  };
  readonly stateDir: string;
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
}

export interface ConfigSources {
  /** Null: the default file, which may be absent. A file that is named must exist. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Keys given as flags, in the shape of the document, and the flag's name by top-level key. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Throws ConfigError with every problem found. */
export function loadConfig(sources: ConfigSources): AgentConfig {
  const file = sources.file ?? DEFAULT_CONFIG_FILE;
  const problems: string[] = [];
  const layers: ConfigLayer[] = [];
  for (const read of readLayers(filesOf(file, sources.file !== null))) {
    problems.push(...read.problems);
    if (read.layer !== null) layers.push(read.layer);
  }
  const environment = environmentLayer(AGENT_CONFIG, ENVIRONMENT_PREFIX, sources.environment);
  problems.push(...environment.problems);
  layers.push(environment.layer, {
    name: "command line",
    value: sources.flags,
    locate: (path) => `--${path.join("-")}`,
  });
  const checked = checkConfig(AGENT_CONFIG, layers);
  problems.push(...checked.problems);
  // The table and the interface say the same; a test compares the schema, and this is the only cast.
  const config = checked.value as unknown as AgentConfig;
  if (problems.length === 0)
    problems.push(...crossChecks(config).map((what) => `${file}: ${what}`));
  if (problems.length === 0 && config.profiles.length > 0)
    problems.push(...loadProfiles(config.profiles, config.profilesFolder).problems);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return config;
}

function filesOf(file: string, mustExist: boolean): readonly string[] {
  const folder = join(dirname(file), DROP_IN_FOLDER);
  const files = mustExist || existsSync(file) ? [file] : [];
  if (!existsSync(folder)) return files;
  const dropIns = readdirSync(folder)
    .filter((name) => name.endsWith(".yaml") && !name.startsWith("."))
    .sort();
  return [...files, ...dropIns.map((name) => join(folder, name))];
}

type Yaml = typeof import("yaml");

interface ReadLayer {
  readonly layer: ConfigLayer | null;
  readonly problems: readonly string[];
}

function readLayers(paths: readonly string[]): readonly ReadLayer[] {
  if (paths.length === 0) return [];
  return withPackage("yaml", (yaml: Yaml) => paths.map((path) => readLayer(path, yaml)));
}

function readLayer(path: string, { parseDocument }: Yaml): ReadLayer {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { layer: null, problems: [`${path}: ${String((error as NodeJS.ErrnoException).code)}`] };
  }
  if (text.length > FILE_BYTES_MAX) {
    return { layer: null, problems: [`${path}: more than ${FILE_BYTES_MAX} bytes`] };
  }
  return yamlLayer(path, text, parseDocument(text, { prettyErrors: false, uniqueKeys: true }));
}
