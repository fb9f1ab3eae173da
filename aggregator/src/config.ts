/**
 * Configuration of the aggregator: /etc/herdbeat/aggregator.yaml, then aggregator.d/*.yaml in order of
 * their names, then HERDBEAT_AGGREGATOR__SECTION__KEY, then flags; later ones win. Every problem of
 * every layer is reported at once, with its place.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { FailureClass, Grade } from "@herdbeat/shared/classes";
import { checkConfig, locateIn } from "@herdbeat/shared/config-check";
import { environmentLayer } from "@herdbeat/shared/config-environment";
import type { ConfigLayer, ConfigPath } from "@herdbeat/shared/config-table";
import { yamlLayer } from "@herdbeat/shared/config-yaml";
import { ConfigError } from "@herdbeat/shared/errors";
import { type AggregatorId, type DestinationName, parseAggregatorId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";
import { parseDocument } from "yaml";
import { type FencingConfig, fencingWithSecrets } from "./config-fencing.ts";
import { AGGREGATOR_CONFIG } from "./config-table.ts";
import type { DetectionLimits, PolicyAction } from "./core/detection-config.ts";
import type { GuardLimits } from "./core/guard.ts";

export const DEFAULT_CONFIG_FILE = "/etc/herdbeat/aggregator.yaml";
const ENVIRONMENT_PREFIX = "HERDBEAT_AGGREGATOR";
const DROP_IN_FOLDER = "aggregator.d";
const FILE_BYTES_MAX = 1_048_576;

/** The checked values of `AGGREGATOR_CONFIG`, which says what each means. */
export interface AggregatorConfig {
  readonly aggregator: {
    readonly id: AggregatorId;
    readonly weight: number;
    readonly dataDir: string;
  };
  readonly cluster: { readonly name: string };
  readonly listen: {
    readonly stream: { readonly host: string; readonly port: number };
    readonly http: { readonly host: string; readonly port: number };
    readonly advertise: string;
  };
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly insecure: boolean;
  readonly store: {
    readonly mode: "managed" | "external";
    readonly url?: string;
    readonly socket?: string;
    readonly sentinel: {
      readonly servers?: readonly string[];
      readonly master?: string;
      readonly password?: string;
    };
    readonly cluster: { readonly seeds?: readonly string[] };
    readonly tls: boolean;
    readonly user?: string;
    readonly password?: string;
    readonly replicasRequired: number;
    readonly commandDeadline: DurationMs;
  };
  readonly detection: {
    readonly heartbeatInterval: DurationMs;
    readonly suspectAfter: DurationMs;
    readonly declareAfter: {
      readonly alone: DurationMs;
      readonly oneWitness: DurationMs;
      readonly twoWitnesses: DurationMs;
    };
    readonly agentPageAfter: DurationMs;
    readonly reconnectBound: DurationMs;
    readonly awaitedProbeDelay: DurationMs;
    readonly orderlyRebootWindow: DurationMs;
    readonly fenceAfter: { readonly oneWitness: DurationMs; readonly twoWitnesses: DurationMs };
    readonly probe: {
      readonly port: number;
      readonly timeout: DurationMs;
      readonly interval: DurationMs;
      readonly peacetimeInterval: DurationMs;
      readonly provenWithin: DurationMs;
    };
    readonly gateway: "auto" | "none";
    readonly stall: { readonly discountAfter: DurationMs; readonly handOverPercent: number };
  };
  readonly guard: {
    readonly partialPercent: number;
    readonly fullPercent: number;
    readonly minHealthyPercent: number;
    readonly stormCooldown: DurationMs;
    readonly pausedZones: readonly string[];
    readonly commits: number;
    readonly commitsWithin: DurationMs;
  };
  readonly policy: {
    readonly [C in FailureClass]: { readonly action: PolicyAction; readonly minGrade: Grade };
  };
  /** In the order of the file. */
  readonly destinations: Readonly<Record<DestinationName, DestinationConfig>>;
  readonly fencing: FencingConfig;
  readonly api: { readonly auth: "tokens"; readonly tokens?: string };
  readonly deadMan: { readonly url?: string; readonly interval: DurationMs };
  readonly log: { readonly level: "debug" | "info" | "warn" | "error" };
  readonly shadow: boolean;
}

export interface DestinationConfig {
  readonly url: string;
  readonly secrets: readonly string[];
  readonly profile: "native";
  readonly requests: boolean;
  readonly timeout: DurationMs;
  readonly concurrency: number;
  readonly allowLoopback: boolean;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

export interface ConfigSources {
  /** Null: the default file, which may be absent. A file that is named must exist. */
  readonly file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Keys given as flags, in the shape of the document. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Throws ConfigError with every problem found. */
export function loadConfig(sources: ConfigSources): AggregatorConfig {
  const file = sources.file ?? DEFAULT_CONFIG_FILE;
  const problems: string[] = [];
  const layers: ConfigLayer[] = [];
  for (const path of filesOf(file, sources.file !== null)) {
    const read = readLayer(path);
    problems.push(...read.problems);
    if (read.layer !== null) layers.push(read.layer);
  }
  const environment = environmentLayer(AGGREGATOR_CONFIG, ENVIRONMENT_PREFIX, sources.environment);
  problems.push(...environment.problems);
  layers.push(environment.layer, {
    name: "command line",
    value: sources.flags,
    locate: (path) => `--${path.join("-")}`,
  });
  const checked = checkConfig(AGGREGATOR_CONFIG, layers);
  problems.push(...checked.problems);
  // The table and the interface say the same, except for what `withDerived` adds; a test compares them.
  const config = withDerived(checked.value as unknown as AggregatorConfig, file, problems, layers);
  if (problems.length > 0) throw new ConfigError(file, problems);
  return config;
}

/** The limits of the pure core. */
export function detectionLimits({ detection }: AggregatorConfig): DetectionLimits {
  return {
    suspectAfter: detection.suspectAfter,
    declareWithWitnesses: detection.declareAfter.twoWitnesses,
    declareAfter: detection.declareAfter.alone,
    probeTimeout: detection.probe.timeout,
    probeInterval: detection.probe.interval,
    provenWithin: detection.probe.provenWithin,
    reconnectBound: detection.reconnectBound,
    awaitedProbeDelay: detection.awaitedProbeDelay,
    agentPageAfter: detection.agentPageAfter,
    orderlyRebootWindow: detection.orderlyRebootWindow,
    commitWithWitnesses: detection.fenceAfter.twoWitnesses,
    commitWithOneWitness: detection.fenceAfter.oneWitness,
  };
}

/** The limits of the disruption guard. */
export function guardLimits({ guard }: AggregatorConfig): GuardLimits {
  const { pausedZones, commits, commitsWithin, ...limits } = guard;
  return { ...limits, paused: pausedZones, rate: { max: commits, within: commitsWithin } };
}

/** Fills in what this machine tells, and reads the files that secrets are kept in. */
function withDerived(
  config: AggregatorConfig,
  file: string,
  problems: string[],
  layers: readonly ConfigLayer[],
): AggregatorConfig {
  const own = hostname();
  const id = config.aggregator.id ?? parseAggregatorId(own);
  if (id === undefined) problems.push(`${file}: aggregator.id is required: the host name is no id`);
  const secretOf = (text: string, key: string): string => {
    const path = /^\$\{file:(\/[^}]+)\}$/.exec(text)?.[1];
    if (path === undefined) return text;
    try {
      return readFileSync(path, "utf8").trim();
    } catch (error) {
      problems.push(`${file}: ${key}: ${path}: ${String((error as NodeJS.ErrnoException).code)}`);
      return "";
    }
  };
  const destinations: Record<string, DestinationConfig> = {};
  for (const [name, entry] of Object.entries(config.destinations ?? {})) {
    const key = `destinations.${name}`;
    if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
      problems.push(`${file}: ${key} is no name`);
    if ((entry.tls?.cert === undefined) !== (entry.tls?.key === undefined))
      problems.push(`${file}: ${key}.tls: cert and key belong together`);
    if (entry.secrets?.length === 0) problems.push(`${file}: ${key}.secrets must have an entry`);
    const secrets = (entry.secrets ?? []).map((text) => secretOf(text, `${key}.secrets`));
    destinations[name] = { ...entry, secrets };
  }
  problems.push(...unasked(config, destinations).map((what) => `${file}: ${what}`));
  const { password, sentinel } = config.store;
  return {
    ...config,
    // Absent only together with a problem, which the caller throws.
    aggregator: { ...config.aggregator, id: id ?? ("" as AggregatorId) },
    listen: { ...config.listen, advertise: config.listen.advertise ?? own },
    store: {
      ...config.store,
      ...(password === undefined ? {} : { password: secretOf(password, "store.password") }),
      sentinel: {
        ...sentinel,
        ...(sentinel?.password === undefined
          ? {}
          : { password: secretOf(sentinel.password, "store.sentinel.password") }),
      },
    },
    destinations,
    fencing: fencingWithSecrets(
      config.fencing,
      (text, path) => secretOf(text, path.join(".")),
      (path: ConfigPath, what) => problems.push(`${locateIn(layers, path)}: ${what}`),
    ),
  };
}

/** What is committed and fenced would be asked of nobody. */
function unasked(
  { policy, shadow }: AggregatorConfig,
  destinations: Readonly<Record<string, DestinationConfig>>,
): readonly string[] {
  if (shadow || Object.values(destinations).some(({ requests }) => requests)) return [];
  return Object.entries(policy ?? {})
    .filter(([, rule]) => rule?.action === "recover")
    .map(
      ([name]) =>
        `policy.${name}: recover needs a destination with requests: true, or nobody is asked for it`,
    );
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

function readLayer(path: string): {
  readonly layer: ConfigLayer | null;
  readonly problems: readonly string[];
} {
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
