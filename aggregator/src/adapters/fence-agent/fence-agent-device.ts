/**
 * A fence device that a ClusterLabs fence agent speaks to: any program with that interface.
 * Which plug belongs to a node follows from the node's id alone, never from what an agent tells of
 * itself: else a node could have another one's power cut.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import type {
  DeviceCheck,
  FenceDevice,
  FenceTarget,
  PowerOrder,
  PowerReading,
} from "../../ports/fence-device.ts";
import { optionProblems, parseMetadata } from "./agent-metadata.ts";
import { type AgentResult, runAgent } from "./agent-process.ts";
import { orderOf, plain, readingOf } from "./power-words.ts";

export interface FenceAgentSettings {
  readonly name: string;
  /** `fence_ipmilan`, or an absolute path. */
  readonly program: string;
  readonly options: Readonly<Record<string, string>>;
  /** Options whose values must not be shown. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Patterns: `id`, `hostname:...`, `label:name=...`, each with `*`. */
  readonly nodes: readonly string[];
  /** The option that tells nodes apart, and its value for each node; a node without one is not covered. */
  readonly hostOption: string;
  readonly hosts: Readonly<Record<string, string>>;
  /** Of one call; then the agent is killed. */
  readonly timeout: DurationMs;
}

/** Metadata comes from the program alone; it needs no device. */
const METADATA_DEADLINE = durationMs(15_000);
/** In an option: the node's id. */
const NODE_WORD = "{node}";

export class FenceAgentDevice implements FenceDevice {
  readonly name: string;
  readonly callMax: DurationMs;
  readonly #settings: FenceAgentSettings;
  readonly #timers: Timers;
  readonly #matches: readonly ((node: FenceTarget) => boolean)[];

  constructor(settings: FenceAgentSettings, timers: Timers) {
    this.name = settings.name;
    this.callMax = settings.timeout;
    this.#settings = settings;
    this.#timers = timers;
    this.#matches = settings.nodes.map(nodeMatcher);
  }

  covers(node: FenceTarget): boolean {
    if (!this.#matches.some((matches) => matches(node))) return false;
    return this.#isForAnyNode || Object.hasOwn(this.#settings.hosts, node.id);
  }

  /** No table of hosts: the options name the node themselves, or there is only one. */
  get #isForAnyNode(): boolean {
    return Object.keys(this.#settings.hosts).length === 0;
  }

  async check(): Promise<DeviceCheck> {
    const { program, options, secrets, hostOption } = this.#settings;
    const result = await this.#run(new Map([["action", "metadata"]]), METADATA_DEADLINE);
    if (result.kind !== "exited" || result.code !== 0) {
      const why = orderOf(result, program);
      return { kind: "invalid", problems: ["detail" in why ? why.detail : "no metadata"] };
    }
    const metadata = result.isCut ? null : parseMetadata(result.stdout);
    if (metadata === null)
      return { kind: "invalid", problems: [plain(`${program} prints no metadata of an agent`)] };
    const given = [...Object.keys(options), ...Object.keys(secrets)];
    if (!this.#isForAnyNode) given.push(hostOption);
    const problems = optionProblems(metadata, given).map(plain);
    return problems.length === 0 ? { kind: "valid", metadata } : { kind: "invalid", problems };
  }

  async status(node: NodeId): Promise<PowerReading> {
    const result = await this.#act("status", node);
    return readingOf(result, this.#settings.program);
  }

  async off(node: NodeId): Promise<PowerOrder> {
    const result = await this.#act("off", node);
    return orderOf(result, this.#settings.program);
  }

  #act(action: "status" | "off", node: NodeId): Promise<AgentResult> {
    const { options, secrets, hosts, hostOption, timeout } = this.#settings;
    const all = new Map<string, string>();
    for (const [name, value] of Object.entries({ ...options, ...secrets }))
      all.set(name, value.replaceAll(NODE_WORD, node));
    if (!this.#isForAnyNode) {
      const host = Object.hasOwn(hosts, node) ? hosts[node] : undefined;
      if (host === undefined)
        return Promise.resolve({ kind: "not-started", detail: `${node} has no entry in hosts` });
      all.set(hostOption, host);
    }
    all.set("action", action);
    return this.#run(all, timeout);
  }

  #run(options: ReadonlyMap<string, string>, deadline: DurationMs): Promise<AgentResult> {
    return runAgent({ program: this.#settings.program, options, deadline }, this.#timers);
  }
}

/** `*` stands for any characters; everything else for itself. */
export function nodeMatcher(pattern: string): (node: FenceTarget) => boolean {
  const label = /^label:([^=]+)=(.*)$/.exec(pattern);
  if (label !== null) {
    const [, name = "", value = ""] = label;
    const matches = glob(value);
    return ({ labels }) => Object.hasOwn(labels, name) && matches(labels[name] ?? "");
  }
  if (pattern.startsWith("hostname:")) {
    const matches = glob(pattern.slice("hostname:".length));
    return ({ hostname }) => matches(hostname);
  }
  const matches = glob(pattern);
  return ({ id }) => matches(id);
}

/** Without a regular expression, so that no pattern can be made to take long. */
function glob(pattern: string): (text: string) => boolean {
  const parts = pattern.split("*");
  if (parts.length === 1) return (text) => text === pattern;
  const first = parts[0] ?? "";
  const last = parts.at(-1) ?? "";
  const middle = parts.slice(1, -1);
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return text.length >= at + last.length && text.endsWith(last);
  };
}
