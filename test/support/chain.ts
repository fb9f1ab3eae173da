/**
 * What tests of the whole chain share: incidents as the API tells them, effects as the controller
 * took them, and one hypervisor of our own that is watched by the real agent.
 */
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "./eventually.ts";
import { startProcess, type TrackedProcess } from "./processes.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";
import { makeTempDir } from "./temp-dir.ts";
import { ThrowawayLibvirtd } from "./throwaway-libvirtd.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Incident {
  readonly id: string;
  readonly node: string;
  readonly class: string;
  readonly subject: string;
  readonly phase: string;
  readonly open: boolean;
  readonly reason: string;
  readonly openedAt: string;
  readonly endedAt: string | null;
  readonly announced: boolean;
}

export interface IncidentStory extends Incident {
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeline: readonly { readonly kind: string; readonly class: string }[];
  readonly deliveries: readonly {
    readonly webhookId: string;
    readonly state: string;
    readonly attempts: number;
    readonly lastStatus: number | null;
  }[];
}

export interface Effect {
  readonly id: string;
  readonly incident: string;
  readonly class: string;
  readonly transition: string;
  readonly node: string;
  readonly acceptedAt: string;
  readonly repeats: number;
}

export type Wanted = Partial<Pick<Incident, "node" | "class" | "subject" | "phase" | "open">>;

/**
 * The machine that tests run on is watched, too, and may be busy: what is said of its load and pressure
 * is only seen by who asks for it.
 */
function isOfBusyMachine(
  one: Pick<Incident, "class">,
  wanted: { readonly class?: string },
): boolean {
  return one.class === "host-degraded" && wanted.class !== "host-degraded";
}

/** Open and ended ones that are as wanted, oldest first. */
export async function incidents(stack: Stack, wanted: Wanted = {}): Promise<readonly Incident[]> {
  const { items } = await stack.get<{ readonly items: readonly Incident[] }>(
    "/api/v1/incidents?limit=1000",
  );
  return items
    .filter((one) => !isOfBusyMachine(one, wanted))
    .filter((one) =>
      Object.entries(wanted).every(([key, value]) => one[key as keyof Wanted] === value),
    )
    .toReversed();
}

export function story(stack: Stack, id: string): Promise<IncidentStory> {
  return stack.get<IncidentStory>(`/api/v1/incidents/${id}`);
}

/** Waits for the first incident that is as wanted. */
export function incident(stack: Stack, wanted: Wanted, withinMs = 20_000): Promise<Incident> {
  return eventually(async () => (await incidents(stack, wanted))[0], {
    withinMs,
    what: `an incident ${JSON.stringify(wanted)}`,
  });
}

/** What the controller took effect on, once per webhook-id, in the order of acceptance. */
export async function effects(
  stack: Stack,
  wanted: Partial<Pick<Effect, "incident" | "class" | "transition" | "node">> = {},
): Promise<readonly Effect[]> {
  const { effects: all } = (await stack.effects()) as unknown as {
    readonly effects: readonly Effect[];
  };
  const ofTheTest = all.filter((one) => !isOfBusyMachine(one, wanted));
  return ofTheTest.filter((one) =>
    Object.entries(wanted).every(([key, value]) => one[key as keyof typeof wanted] === value),
  );
}

/** Waits for the first effect that is as wanted. */
export function effect(
  stack: Stack,
  wanted: Parameters<typeof effects>[1],
  withinMs = 20_000,
): Promise<Effect> {
  return eventually(async () => (await effects(stack, wanted))[0], {
    withinMs,
    what: `an effect ${JSON.stringify(wanted)}`,
  });
}

/** The example controller misbehaves from now on, or no longer with `ok`. */
export async function controllerAnswers(stack: Stack, mode: string): Promise<void> {
  const response = await fetch(`${stack.controllerUrl}/answer`, {
    method: "PUT",
    body: mode,
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the controller answered ${response.status}`);
}

export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** The command line as a person runs it, against the first aggregator. */
export async function herdctl(stack: Stack, ...words: readonly string[]): Promise<Ended> {
  const [command = "", ...args] = [...stack.command("herdctl"), ...words];
  const server = stack.aggregators[0]?.http ?? "";
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      {
        cwd: ROOT,
        timeout: 60_000,
        env: { ...process.env, HERDBEAT_SERVER: server, HERDBEAT_TOKEN: stack.token },
      },
      (error, out, errorText) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
        resolve({ code, out, error: errorText });
      },
    );
  });
}

/** A service that can be started and killed: a program of its own name, watched as `worker`. */
export class Worker {
  readonly path: string;
  #running: TrackedProcess | null = null;

  constructor(dir: string) {
    this.path = join(dir, "worker");
    copyFileSync("/bin/sleep", this.path);
    chmodSync(this.path, 0o755);
  }

  /** For the agent's file. */
  get config(): string {
    return `services: [{ name: worker, executable: ${this.path} }]`;
  }

  start(): void {
    this.#running ??= startProcess(this.path, ["3600"]);
  }

  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    running?.child.kill("SIGKILL");
    await running?.ended;
  }
}

export function measured(what: string, ms: number): void {
  console.log(`measured: ${what}: ${Math.round(ms)} ms`);
}

/** Runs a test's body; what every process printed follows the failure. */
export async function explained(stack: Stack, use: () => Promise<void>): Promise<void> {
  try {
    await use();
  } catch (error) {
    console.log(stack.logs());
    console.log(`--- controller\n${stack.controller?.output().slice(-2_000) ?? ""}`);
    for (const one of stack.others) console.log(`---\n${one.output().slice(-4_000)}`);
    throw error;
  }
}

export interface Hypervisor {
  readonly stack: Stack;
  readonly libvirtd: ThrowawayLibvirtd;
  readonly agent: TrackedProcess;
  readonly node: string;
  /** Whether the agent looks after the guest, and holds it to be running. */
  readonly isFollowed: (uuid: string) => boolean;
  readonly stop: () => Promise<void>;
}

/** One aggregator, the controller, a libvirtd of our own and an agent that watches it. */
export async function startHypervisor(
  purpose: string,
  options: Partial<StackOptions> = {},
): Promise<Hypervisor> {
  const node = "hypervisor-1";
  const dir = makeTempDir(purpose);
  const libvirtd = await ThrowawayLibvirtd.start();
  try {
    const stack = await startStack({ dir: dir.path, aggregators: 1, ...options });
    const agent = await stack.startAgent(
      node,
      `libvirt: { enabled: always, uri: "${libvirtd.driverUri}", runDir: ${libvirtd.runDir} }`,
    );
    await eventually(async () => (await stack.node(node)).state === "alive", {
      withinMs: 30_000,
      what: "the agent",
    });
    const known = join(stack.dir, `agent-${node}`, "known-guests");
    return {
      stack,
      libvirtd,
      agent,
      node,
      isFollowed: (uuid) => existsSync(known) && readFileSync(known, "utf8").includes(uuid),
      stop: async () => {
        await stack.stop();
        await libvirtd.stop();
        dir.remove();
      },
    };
  } catch (error) {
    await libvirtd.stop();
    throw error;
  }
}
