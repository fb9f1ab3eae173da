/** Every key of aggregator.yaml. JSON Schema, `config show` and docs/configuration.md come from this table. */
import type { ConfigKey } from "@herdbeat/shared/config-table";
import { DETECTION_KEYS, POLICY_KEYS } from "./config-detection.ts";
import { FENCING_KEYS } from "./config-fencing.ts";
import { GUARD_KEYS } from "./config-guard.ts";
import { STORE_KEYS } from "./config-store.ts";

const path = { kind: "text", pattern: /^\/[^\0]*$/, expects: "an absolute path" } as const;
const port = { kind: "integer", min: 0, max: 65_535 } as const;
const host = {
  kind: "text",
  pattern: /^[A-Za-z0-9._:-]{1,253}$/,
  expects: "a host name or address",
} as const;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const word = {
  kind: "text",
  pattern: WORD,
  expects: "up to 128 characters of A-Z a-z 0-9 . _ : -",
} as const;
const httpUrl = {
  kind: "text",
  pattern: /^https?:\/\/[^\s/@]+(?:\/\S*)?$/,
  expects: "an http or https URL without a password",
} as const;
/** Resolved by `config.ts`, so that no secret needs to stand in the configuration itself. */
const FROM_FILE = `\${file:/path}`;
const secret = {
  kind: "text",
  pattern: /^(?:whsec_[A-Za-z0-9+/]{32,88}={0,2}|\$\{file:\/[^}\0]+\})$/,
  expects: `whsec_<base64 of 24 to 64 bytes>, or ${FROM_FILE} of a file that holds it`,
} as const;
const NOT_YET = "this name is reserved; it is not in this version";

type Get = (key: string) => unknown;
const given = (get: Get, key: string): boolean => get(key) !== undefined;

const PROCESS_KEYS: readonly ConfigKey[] = [
  {
    key: "aggregator.id",
    type: word,
    doc: "Name of this aggregator, different from all others. Default: the host name.",
  },
  {
    key: "aggregator.weight",
    type: { kind: "integer", min: 0, max: 1_000 },
    default: 100,
    doc: "Share of the shards, against the other aggregators' weights. 0: takes none while another can.",
  },
  {
    key: "aggregator.dataDir",
    type: path,
    default: "/var/lib/herdbeat",
    doc: "Mirrors, the managed store and its socket. Must survive a reboot.",
  },
  {
    key: "cluster.name",
    type: word,
    default: "herdbeat",
    doc: "Name of the cluster, part of every incident's id: never change it.",
  },
  {
    key: "listen.stream.host",
    type: host,
    default: "::",
    doc: "Address for agents and other aggregators.",
  },
  {
    key: "listen.stream.port",
    type: port,
    default: 7341,
    doc: "Port for agents and other aggregators; 0: any free one.",
  },
  {
    key: "listen.http.host",
    type: host,
    default: "::",
    doc: "Address for API, dashboard and metrics.",
  },
  {
    key: "listen.http.port",
    type: port,
    default: 7340,
    doc: "Port for API, dashboard and metrics; 0: any free one.",
  },
  {
    key: "listen.advertise",
    type: host,
    doc: "Host name or address at which agents, aggregators and links in webhooks find this one. Default: the host name.",
  },
  {
    key: "tls.ca",
    type: path,
    doc: "PEM file of the authorities that sign agents and other aggregators.",
  },
  { key: "tls.cert", type: path, doc: "PEM file of this aggregator's certificate." },
  { key: "tls.key", type: path, doc: "PEM file of its private key." },
  {
    key: "insecure",
    type: { kind: "boolean" },
    default: false,
    doc: "No TLS and no identity on the stream: whoever reaches the port can speak for any node. For trials only.",
    inequality: {
      text: "true, or tls.ca, tls.cert and tls.key are given",
      holds: (get) =>
        get("insecure") === true ||
        ["tls.ca", "tls.cert", "tls.key"].every((key) => given(get, key)),
    },
  },
];

const DESTINATION_KEYS: readonly ConfigKey[] = [
  {
    key: "destinations",
    type: { kind: "entries", max: 16 },
    default: {},
    doc: "Receivers of facts and requests, by name (docs/webhooks.md).",
  },
  { key: "destinations.*.url", type: httpUrl, required: true, doc: "Where messages are posted." },
  {
    key: "destinations.*.secrets",
    type: { kind: "list", of: secret, max: 4 },
    required: true,
    secret: true,
    doc: "Keys that sign, the newest first. Two while one is being replaced.",
  },
  {
    key: "destinations.*.profile",
    type: { kind: "choice", values: ["native"] },
    default: "native",
    doc: "Form of the body.",
  },
  {
    key: "destinations.*.requests",
    type: { kind: "boolean" },
    default: true,
    doc: "May be asked for recovery. The first such destination of the file is asked; all get facts.",
  },
  {
    key: "destinations.*.timeout",
    type: { kind: "duration", min: "500ms", max: "60s" },
    default: "10s",
    doc: "Total time of one attempt, from connecting to the end of the answer.",
  },
  {
    key: "destinations.*.concurrency",
    type: { kind: "integer", min: 1, max: 64 },
    default: 16,
    doc: "Attempts under way at once.",
  },
  {
    key: "destinations.*.allowLoopback",
    type: { kind: "boolean" },
    default: false,
    doc: "Allow receivers on this machine. Link-local addresses are always refused.",
  },
  {
    key: "destinations.*.tls.ca",
    type: path,
    doc: "PEM file of the authorities that sign the receiver. Default: those of the system.",
  },
  { key: "destinations.*.tls.cert", type: path, doc: "PEM file of a client certificate." },
  { key: "destinations.*.tls.key", type: path, doc: "PEM file of its private key." },
];

const REST_KEYS: readonly ConfigKey[] = [
  {
    key: "api.auth",
    type: { kind: "choice", values: ["tokens"] },
    default: "tokens",
    doc: "How people and programs prove who they are. tokens: bearer tokens of the file api.tokens.",
  },
  {
    key: "api.tokens",
    type: path,
    doc: "File of API tokens, one per line; made with `herdbeat-aggregator token create`.",
    inequality: {
      text: "given when api.auth is tokens",
      holds: (get) => get("api.auth") !== "tokens" || given(get, "api.tokens"),
    },
  },
  {
    key: "deadMan.url",
    type: httpUrl,
    doc: "Asked with GET at every interval while this aggregator and its store work: something outside that alarms when it is silent.",
  },
  {
    key: "deadMan.interval",
    type: { kind: "duration", min: "5s", max: "1h" },
    default: "60s",
    doc: "Time between two of them.",
  },
  {
    key: "log.level",
    type: { kind: "choice", values: ["debug", "info", "warn", "error"] },
    default: "info",
    doc: "Least important level that is written.",
  },
  {
    key: "shadow",
    type: { kind: "boolean" },
    default: false,
    doc: "Decide and record everything, send facts marked `shadow: true`, ask for nothing. For comparison with another system.",
  },
  ...["gate", "maintenance", "witnesses", "keystone", "segments"].map((key) => ({
    key,
    type: { kind: "any" } as const,
    reserved: NOT_YET,
    doc: "Reserved.",
  })),
];

export const AGGREGATOR_CONFIG: readonly ConfigKey[] = [
  ...PROCESS_KEYS,
  ...STORE_KEYS,
  ...DETECTION_KEYS,
  ...GUARD_KEYS,
  ...POLICY_KEYS,
  ...DESTINATION_KEYS,
  ...FENCING_KEYS,
  ...REST_KEYS,
];
