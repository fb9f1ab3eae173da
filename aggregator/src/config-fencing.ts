/** Keys of devices that cut power, and what one table cannot check. Part of `config-table.ts`. */
import type { ConfigKey, ConfigPath } from "@herdbeat/shared/config-table";
import type { DurationMs } from "@herdbeat/shared/time";

type Get = (key: string) => unknown;

/** Reaches an agent as `name=value` on a line of its own: no control characters, no line ends. */
const VALUE = /^[^\p{Cc}\u2028\u2029]{1,512}$/u;
const value = {
  kind: "text",
  pattern: VALUE,
  expects: "text of up to 512 characters without line ends, in quotes",
} as const;
const FROM_FILE = `\${file:/path}`;
const DEVICES_MAX = 64;
const HOSTS_MAX = 20_000;

export const FENCING_KEYS: readonly ConfigKey[] = [
  {
    key: "fencing.testInterval",
    type: { kind: "duration", min: "10s", max: "24h" },
    default: "10m",
    doc: "How often each device is asked for the power of each node that it covers, in peace. One such question is one run of its agent, about 0.3 s of processor time.",
  },
  {
    key: "fencing.testedWithin",
    type: { kind: "duration", min: "30s", max: "72h" },
    default: "30m",
    doc: "A device counts as able to cut a node's power for this long after it last told that power.",
    inequality: {
      text: "2 x fencing.testInterval <= fencing.testedWithin",
      holds: (get: Get) =>
        !(2 * Number(get("fencing.testInterval")) > Number(get("fencing.testedWithin"))),
    },
  },
  {
    key: "fencing.testConcurrency",
    type: { kind: "integer", min: 1, max: 32 },
    default: 2,
    doc: "Tests under way at once. With too few a round takes longer than fencing.testInterval, and that is shown.",
  },
  {
    key: "fencing.devices",
    type: { kind: "entries", max: DEVICES_MAX },
    default: {},
    doc: "Devices that cut power, by name, each spoken to by a ClusterLabs fence agent (docs/fencing.md).",
  },
  {
    key: "fencing.devices.*.agent",
    type: {
      kind: "text",
      pattern: /^(?:fence_[a-z0-9_]{1,60}|\/[^\0\s]{1,255})$/,
      expects: "the name of a fence agent like fence_ipmilan, or an absolute path",
    },
    required: true,
    doc: "The program. It runs as the aggregator's user, with its options on stdin.",
  },
  {
    key: "fencing.devices.*.options",
    type: { kind: "map", of: value, max: 64 },
    default: {},
    doc: "Options of the agent as `fence_... -o metadata` lists them; `{node}` in a value is the node's id. Never a password.",
  },
  {
    key: "fencing.devices.*.secrets",
    type: {
      kind: "map",
      of: {
        kind: "text",
        pattern: /^\$\{file:\/[^}\0]+\}$/,
        expects: `${FROM_FILE} of a file that holds the value`,
      },
      max: 8,
    },
    default: {},
    secret: true,
    doc: `Options that are secret, each ${FROM_FILE} of a file that holds the value.`,
  },
  {
    key: "fencing.devices.*.nodes",
    type: {
      kind: "list",
      of: {
        kind: "text",
        pattern: /^(?:(?:hostname:)?[A-Za-z0-9._:*-]{1,253}|label:[A-Za-z0-9._-]{1,63}=\S{1,253})$/,
        expects: "a node's id, hostname:NAME or label:NAME=VALUE, where * stands for anything",
      },
      max: 1_000,
    },
    required: true,
    doc: "The nodes that it covers: ids, `hostname:...` or `label:name=value`, where `*` stands for anything.",
  },
  {
    key: "fencing.devices.*.hosts",
    type: { kind: "map", of: value, max: HOSTS_MAX },
    default: {},
    doc: "Node id: value of hostOption for it (the address of its BMC, its outlet). A node that is not listed is not covered.",
  },
  {
    key: "fencing.devices.*.hostOption",
    type: {
      kind: "text",
      pattern: /^[a-z][a-z0-9_]{0,62}$/,
      expects: "the name of an option of the agent",
    },
    default: "plug",
    doc: "The option that `hosts` gives: `plug` for outlets, `ip` where each node has a BMC of its own.",
  },
  {
    key: "fencing.devices.*.order",
    type: { kind: "integer", min: 0, max: 1_000 },
    default: 100,
    doc: "Where a node has several devices, the lowest is tried first; of equal ones, the first of the file.",
  },
  {
    key: "fencing.devices.*.timeout",
    type: { kind: "duration", min: "1s", max: "5m" },
    default: "40s",
    doc: "Deadline of one call; then the agent is killed. Must exceed the agent's own power_timeout.",
  },
];

export interface FencingConfig {
  readonly testInterval: DurationMs;
  readonly testedWithin: DurationMs;
  readonly testConcurrency: number;
  /** In the order of the file. */
  readonly devices: Readonly<Record<string, FencingDeviceConfig>>;
}

export interface FencingDeviceConfig {
  readonly agent: string;
  readonly options: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
  readonly hosts: Readonly<Record<string, string>>;
  readonly hostOption: string;
  readonly order: number;
  readonly timeout: DurationMs;
}

const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const OPTION = /^[a-z][a-z0-9_]{0,62}$/;
const RESERVED = new Set(["action", "help", "version", "debug", "debug_file", "verbose"]);

/** Reads the secrets, and refuses what could cut the wrong node's power or show a password. */
export function fencingWithSecrets(
  fencing: FencingConfig,
  secretOf: (text: string, path: ConfigPath) => string,
  report: (path: ConfigPath, what: string) => void,
): FencingConfig {
  const devices: Record<string, FencingDeviceConfig> = {};
  // What failed its own check is absent.
  const given = fencing.devices as Readonly<Record<string, Partial<FencingDeviceConfig>>>;
  for (const [name, device] of Object.entries(given)) {
    const at = ["fencing", "devices", name];
    const wrong = (key: string, what: string): void =>
      report([...at, key], `${at.join(".")}.${key} ${what}`);
    const { options = {}, secrets = {}, hosts = {}, nodes = [] } = device;
    if (!NAME.test(name))
      report(at, `${at.join(".")} is no name: a letter first, then A-Z a-z 0-9 . _ -`);
    for (const key of Object.keys(options)) {
      if (!OPTION.test(key))
        wrong("options", `has a name that no agent has: ${JSON.stringify(key.slice(0, 40))}`);
      else if (RESERVED.has(key)) wrong("options", `may not give ${key}: it is set for each call`);
      else if (/passw|secret|token/.test(key) && !key.endsWith("_script"))
        wrong("options", `holds ${key}: put it into secrets, as ${FROM_FILE}`);
    }
    for (const key of Object.keys(secrets)) {
      if (!OPTION.test(key) || RESERVED.has(key))
        wrong("secrets", `has a name that no agent has: ${JSON.stringify(key.slice(0, 40))}`);
    }
    if (nodes.length === 0) wrong("nodes", "must have an entry");
    const isOneNode = nodes.length === 1 && !/[*:]/.test(nodes[0] ?? "");
    const namesNode = Object.values(options).some((one) => one.includes("{node}"));
    if (!isOneNode && !namesNode && Object.keys(hosts).length === 0) {
      wrong(
        "nodes",
        "can select several nodes, and nothing tells the agent which: give hosts, or {node} in an option, or one node's id",
      );
    }
    const read: Record<string, string> = {};
    for (const [key, text] of Object.entries(secrets)) {
      read[key] = secretOf(text, [...at, "secrets", key]);
      if (read[key] !== "" && !VALUE.test(read[key]))
        wrong("secrets", `${key}: the file must hold one line of up to 512 characters`);
    }
    devices[name] = { ...(device as FencingDeviceConfig), secrets: read };
  }
  return { ...fencing, devices };
}
