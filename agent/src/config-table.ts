/** Every key of agent.yaml. The JSON Schema and `config show` come from this table. */
import type { ConfigKey } from "@herdbeat/shared/config-table";
import { isEndpoint } from "./core/reconnect-plan.ts";

const ABSOLUTE_PATH = /^\/[^\0]*$/;
const INTERFACE_NAME = /^[^\s/:]{1,15}$/;
const WORD = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const LOOPBACK_URL =
  /^http:\/\/(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\])(?::\d{1,5})?(?:\/\S*)?$/;
const LITERAL_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):\d{1,5}$/;

const IP_ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*)$/;

const path = { kind: "text", pattern: ABSOLUTE_PATH, expects: "an absolute path" } as const;

export const SCHEMA_ID = "urn:herdbeat:schema:agent-config";
export const SCHEMA_TITLE = "Herdbeat agent";

export const AGENT_CONFIG: readonly ConfigKey[] = [
  {
    key: "node.id",
    type: {
      kind: "text",
      pattern: /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
      expects: "1 to 128 characters of A-Z a-z 0-9 . _ : -",
    },
    doc: "Name of this node. Used only with `insecure`; otherwise the client certificate names it. Default: the host name.",
  },
  {
    key: "node.labels",
    type: { kind: "map", of: { kind: "text" }, max: 32 },
    default: {},
    doc: "What the node belongs to: az, segment, rack, row, switch, pdu, role and any other. Policies and failure domains use them.",
  },
  {
    key: "aggregators",
    type: {
      kind: "list",
      of: { kind: "text", expects: 'text such as "wss://aggregator-1:7341"' },
      max: 64,
    },
    default: [],
    doc: "Endpoints, `wss://host:port` (`ws://` with `insecure`). Any one of them suffices; list them all.",
  },
  { key: "tls.ca", type: path, doc: "PEM file of the authorities that sign the aggregators." },
  { key: "tls.cert", type: path, doc: "PEM file of this node's client certificate." },
  { key: "tls.key", type: path, doc: "PEM file of its private key; readable by the agent only." },
  {
    key: "insecure",
    type: { kind: "boolean" },
    default: false,
    doc: "No TLS and no identity: whoever reaches the port can speak for any node. For trials only.",
  },
  {
    key: "heartbeat.interval",
    type: { kind: "duration", min: "100ms", max: "60s" },
    default: "1s",
    doc: "Time between two heartbeats; the aggregator may set another. Detection cannot be faster than 1.5 of these.",
  },
  {
    key: "networks",
    type: {
      kind: "map",
      of: { kind: "text", pattern: INTERFACE_NAME, expects: "an interface name" },
      max: 16,
    },
    default: {},
    doc: "Role to interface, e.g. `tenant: bond1`. Roles admin, tenant and storage have a meaning for recovery. These interfaces must exist and be up.",
  },
  {
    key: "reachability",
    type: { kind: "items", max: 16 },
    default: [],
    doc: "Networks whose peers are asked every two seconds whether they answer.",
  },
  {
    key: "reachability[].role",
    type: { kind: "text", pattern: WORD, expects: "a role of `networks`" },
    required: true,
    doc: "The network; questions leave from the address of its interface.",
  },
  {
    key: "reachability[].targets",
    type: {
      kind: "list",
      of: { kind: "text", pattern: IP_ADDRESS, expects: "an IP address" },
      max: 8,
    },
    required: true,
    doc: "Peers or gateways of that network. Best two or more: with one alone, its silence may be its own death, and the network counts as degraded only.",
  },
  {
    key: "reachability[].port",
    type: { kind: "integer", min: 1, max: 65_535 },
    default: 9,
    doc: "TCP and UDP port that is asked: one where nothing listens and no firewall drops. A refusal is an answer.",
  },
  {
    key: "libvirt.enabled",
    type: { kind: "choice", values: ["auto", "always", "never"] },
    default: "auto",
    doc: "auto: watched where libvirt's library and a socket of its daemon are found.",
  },
  {
    key: "libvirt.uri",
    type: {
      kind: "text",
      // Another host's libvirt is another agent's business.
      pattern: /^[a-z]+(?:\+unix)?:\/\/\/\S+$/,
      expects: "a libvirt URI of this machine, such as qemu:///system",
    },
    default: "qemu:///system",
    doc: "What the library connects to.",
  },
  {
    key: "libvirt.runDir",
    type: path,
    default: "/run/libvirt",
    doc: "Where the daemon keeps its sockets and, under qemu/, the pid files of guests.",
  },
  {
    key: "libvirt.socket",
    type: path,
    doc: "Exactly this socket of the daemon, instead of looking in runDir.",
  },
  {
    key: "libvirt.guestAgent",
    type: { kind: "boolean" },
    default: false,
    doc: "Ping the QEMU guest agent of guests that have its channel. Counted only after a first answer.",
  },
  {
    key: "guests.heartbeatTimeout",
    type: { kind: "duration", min: "2s", max: "1h" },
    default: "30s",
    doc: "Silence of a guest that sent heartbeats before, after which it counts as hung if its counters agree.",
  },
  {
    key: "storage",
    type: { kind: "items", max: 32 },
    default: [],
    doc: "Folders on storage that guests need: written to, synchronised and read back every second.",
  },
  {
    key: "storage[].name",
    type: { kind: "text", pattern: WORD, expects: "up to 64 characters of A-Z a-z 0-9 . _ : -" },
    required: true,
    doc: "Name in conditions and incidents. The same on all hosts that share the storage.",
  },
  {
    key: "storage[].path",
    type: path,
    required: true,
    doc: "A folder that the agent may write to. It keeps one small file there per host.",
  },
  {
    key: "storage[].timeout",
    type: { kind: "duration", min: "200ms", max: "60s" },
    default: "2s",
    doc: "A write that is not on the disk after this long makes the storage count as down.",
  },
  {
    key: "storage[].slowAfter",
    type: { kind: "duration", min: "10ms", max: "60s" },
    default: "500ms",
    doc: "Three writes in a row above this make it degraded.",
  },
  {
    key: "storage[].minFreePercent",
    type: { kind: "number", min: 0, max: 50 },
    default: 2,
    doc: "Less free space than this share makes it degraded.",
  },
  {
    key: "storage[].mountPoint",
    type: { kind: "boolean" },
    default: false,
    doc: "Something must be mounted at exactly this path; without it a lost mount is written to the disk below it.",
  },
  { key: "services", type: { kind: "items", max: 128 }, default: [], doc: "Services to watch." },
  {
    key: "services[].name",
    type: { kind: "text", pattern: WORD, expects: "up to 64 characters of A-Z a-z 0-9 . _ : -" },
    required: true,
    doc: "Name in conditions and incidents.",
  },
  {
    key: "services[].unit",
    type: {
      kind: "text",
      pattern: /^[A-Za-z0-9:_.@\\-]{1,255}\.(?:service|socket|target)$/,
      expects: "a systemd unit with its suffix",
    },
    doc: "systemd unit. Ignored where systemd does not run.",
  },
  {
    key: "services[].executable",
    type: path,
    doc: "Program the process must run. Another program under its pid is an impostor. Interpreted programs show their interpreter.",
  },
  { key: "services[].pidFile", type: path, doc: "File that names the process." },
  {
    key: "services[].check.http",
    type: {
      kind: "text",
      pattern: LOOPBACK_URL,
      expects: "http://<address>[:port]/path with a literal IP address",
    },
    doc: "URL that must answer with a status below 500.",
  },
  {
    key: "services[].check.tcp",
    type: {
      kind: "text",
      pattern: LITERAL_ADDRESS,
      expects: "<address>:port with a literal IP address",
    },
    doc: "Address that must accept connections.",
  },
  { key: "services[].check.unix", type: path, doc: "Socket that must accept connections." },
  {
    key: "services[].check.timeout",
    type: { kind: "duration", min: "100ms", max: "60s" },
    default: "3s",
    doc: "A check without an answer after this long has failed; two in a row make the service hung.",
  },
  {
    key: "services[].check.interval",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "10s",
    doc: "Time between the starts of two checks.",
  },
  {
    key: "profiles",
    type: {
      kind: "list",
      of: { kind: "text", pattern: WORD, expects: "the id of a profile" },
      max: 64,
    },
    default: [],
    doc: "Well-known services of this host, by the ids of docs/services.md or of files in profilesFolder.",
  },
  {
    key: "profilesFolder",
    type: path,
    default: "/etc/herdbeat/profiles.d",
    doc: "Profiles of your own, *.yaml, one each (docs/services.md). One with the id of a shipped profile replaces it.",
  },
  {
    key: "kernelLog.enabled",
    type: { kind: "boolean" },
    default: true,
    doc: "Follow /dev/kmsg for lockups, oopses, disk and memory errors.",
  },
  {
    key: "kernelLog.hold",
    type: { kind: "duration", min: "10s", max: "24h" },
    default: "10m",
    doc: "How long a fault stays after its last record.",
  },
  {
    key: "watchdog.mode",
    type: { kind: "choice", values: ["observe", "off"] },
    default: "observe",
    doc: "observe: report the devices' state; the device is never opened.",
  },
  {
    key: "watchdog.required",
    type: { kind: "boolean" },
    default: false,
    doc: "A host without a watchdog device is then reported as unknown.",
  },
  {
    key: "witness.enabled",
    type: { kind: "boolean" },
    default: true,
    doc: "Look at other nodes when an aggregator asks, and answer when others look at this one.",
  },
  {
    key: "witness.listen",
    type: {
      kind: "list",
      of: { kind: "text", pattern: IP_ADDRESS, expects: "an IP address" },
      max: 16,
    },
    default: [],
    doc: "Addresses on which witnesses get an answer; none given: all that the host has when it greets an aggregator, also those that guests can reach.",
  },
  {
    key: "witness.port",
    type: { kind: "integer", min: 0, max: 65_535 },
    default: 7_342,
    doc: "UDP port for it; 0: any that is free. When it cannot be bound, the agent says so and runs without.",
  },
  {
    key: "stateDir",
    type: path,
    default: "/var/lib/herdbeat",
    doc: "Where the agent keeps its numbers and its black box. Must survive restarts and reboots.",
  },
  {
    key: "log.level",
    type: { kind: "choice", values: ["debug", "info", "warn", "error"] },
    default: "info",
    doc: "Least level that is written.",
  },
];

/** What single keys cannot say. Each problem names its key. */
export function crossChecks(value: {
  readonly aggregators: readonly string[];
  readonly insecure: boolean;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly networks: Readonly<Record<string, string>>;
  readonly reachability: readonly { readonly role?: string }[];
  readonly storage: readonly { readonly name?: string }[];
  readonly services: readonly {
    readonly name?: string;
    readonly unit?: string;
    readonly executable?: string;
    readonly pidFile?: string;
    readonly check?: { readonly http?: string; readonly tcp?: string; readonly unix?: string };
  }[];
}): readonly string[] {
  const problems: string[] = [];
  if (value.aggregators.length === 0)
    problems.push("aggregators: at least one endpoint is required");
  const scheme = value.insecure ? "ws://" : "wss://";
  for (const endpoint of value.aggregators) {
    if (!isEndpoint(endpoint)) problems.push(`aggregators: ${endpoint} is not ${scheme}host:port`);
    else if (!endpoint.startsWith(scheme)) {
      problems.push(
        `aggregators: ${endpoint} must begin with ${scheme} while insecure is ${value.insecure}`,
      );
    }
  }
  if (!value.insecure) {
    for (const key of ["ca", "cert", "key"] as const) {
      if (value.tls[key] === undefined)
        problems.push(`tls.${key} is required unless insecure is true`);
    }
  }
  for (const { role = "" } of value.reachability) {
    if (!Object.hasOwn(value.networks, role))
      problems.push(`reachability: ${role} is no role of networks`);
  }
  const folders = value.storage.map(({ name = "" }) => name);
  for (const name of folders.filter((one, index) => folders.indexOf(one) !== index))
    problems.push(`storage: ${name} is there twice`);
  const names = new Set<string>();
  for (const service of value.services) {
    const name = service.name ?? "";
    if (names.has(name)) problems.push(`services: ${name} is there twice`);
    names.add(name);
    if (
      service.unit === undefined &&
      service.executable === undefined &&
      service.pidFile === undefined
    ) {
      problems.push(`services: ${name} needs a unit, an executable or a pidFile`);
    }
    const checks = [service.check?.http, service.check?.tcp, service.check?.unix];
    if (checks.filter((check) => check !== undefined).length > 1) {
      problems.push(`services: ${name} may have one check only`);
    }
  }
  return problems;
}
