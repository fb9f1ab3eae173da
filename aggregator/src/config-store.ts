/** The keys of aggregator.yaml that say where the store is. */
import type { ConfigKey } from "@herdbeat/shared/config-table";

const path = { kind: "text", pattern: /^\/[^\0]*$/, expects: "an absolute path" } as const;
const place = {
  kind: "text",
  pattern:
    /^(?:\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/,
  expects: "host:port or [IPv6 address]:port",
} as const;
const FROM_FILE = `\${file:/path}`;
const PLACES = ["store.url", "store.socket", "store.sentinel.servers", "store.cluster.seeds"];

type Get = (key: string) => unknown;
const given = (get: Get, key: string): boolean => get(key) !== undefined;
const isFilled = (list: unknown): boolean => list === undefined || !isEmpty(list);
const isEmpty = (list: unknown): boolean => Array.isArray(list) && list.length === 0;

export const STORE_KEYS: readonly ConfigKey[] = [
  {
    key: "store.mode",
    type: { kind: "choice", values: ["managed", "external"] },
    default: "managed",
    doc: "managed: a private server in aggregator.dataDir, for one machine. external: servers that you run.",
    inequality: {
      text: "managed and no place, or external and exactly one of store.url, store.socket, store.sentinel.servers, store.cluster.seeds",
      holds: (get) => {
        const places = PLACES.filter((key) => given(get, key)).length;
        return places === (get("store.mode") === "external" ? 1 : 0);
      },
    },
  },
  {
    key: "store.url",
    type: {
      kind: "text",
      pattern: /^rediss?:\/\/\S+$/,
      expects: "redis[s]://[user[:password]@]host[:port][/database]",
    },
    secret: true,
    doc: "Server of an external store. Better give its password in store.password.",
  },
  { key: "store.socket", type: path, doc: "Unix socket of an external store." },
  {
    key: "store.sentinel.servers",
    type: { kind: "list", of: place, max: 16 },
    doc: "Sentinels that know the master of an external store; the one with the newest word is believed.",
    inequality: {
      text: "given together with store.sentinel.master, and not empty",
      holds: (get) =>
        given(get, "store.sentinel.servers") === given(get, "store.sentinel.master") &&
        isFilled(get("store.sentinel.servers")),
    },
  },
  {
    key: "store.sentinel.master",
    type: {
      kind: "text",
      pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/,
      expects: "up to 128 characters of A-Z a-z 0-9 . _ -",
    },
    doc: "Name under which the sentinels watch the master.",
  },
  {
    key: "store.sentinel.password",
    type: { kind: "text" },
    secret: true,
    doc: `Password of the sentinels, or ${FROM_FILE} of a file that holds it. The servers' own is store.password.`,
  },
  {
    key: "store.cluster.seeds",
    type: { kind: "list", of: place, max: 64 },
    doc: "Servers of an external Redis Cluster, from which the others are found. Name several of different machines.",
    inequality: { text: "not empty", holds: (get) => isFilled(get("store.cluster.seeds")) },
  },
  {
    key: "store.tls",
    type: { kind: "boolean" },
    default: false,
    doc: "TLS to sentinels, to the servers that they name, and to those of a Cluster. With store.url: rediss://.",
  },
  {
    key: "store.user",
    type: {
      kind: "text",
      pattern: /^\S{1,128}$/,
      expects: "up to 128 characters without a space",
    },
    doc: "Name to log in with behind Sentinel and in a Cluster. Default: the server's default user.",
  },
  {
    key: "store.password",
    type: { kind: "text" },
    secret: true,
    doc: `Password of an external store, or ${FROM_FILE} of a file that holds it.`,
  },
  {
    key: "store.replicasRequired",
    type: { kind: "integer", min: 0, max: 8 },
    default: 0,
    doc: "Replicas that must have a recovery request before it is sent. 0 with a managed store; 1 where there are replicas.",
  },
  {
    key: "store.commandDeadline",
    type: { kind: "duration", min: "100ms", max: "30s" },
    default: "900ms",
    doc: "How long a reply may take before the store counts as down. Must exceed the slowest sync of its disk.",
  },
];
