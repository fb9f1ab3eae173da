/**
 * What a hypervisor pays for its agent: CPU, memory and bytes of a built agent at rest, all its
 * processes together, with libvirt and two guests, over TLS as by default, against a real aggregator.
 *
 * Under this Node and under the one that the packages ship, both in the same minutes. The size of a
 * heartbeat is read off the wire in a short run of its own without TLS.
 */
import { loadavg } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { decodeAgentFrame } from "@herdbeat/proto/frame-codec";
import { hasCommand } from "../../support/skip.ts";
import { type Stack, startStack } from "../../support/stack.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { ThrowawayLibvirtd } from "../../support/throwaway-libvirtd.ts";
import { type Bench, type BenchContext, PreconditionError } from "../lib/bench.ts";
import { buildDaemons } from "../lib/build-daemons.ts";
import { median, rounded } from "../lib/statistics.ts";
import { type NodeBinary, node24 } from "./node-24.ts";
import { WatchedAgent } from "./watched-agent.ts";

const GUESTS = ["first", "second"] as const;
const SAMPLE_EVERY_MS = 1_000;
/** Start, inventory and the first collections of garbage are over by then. */
const SETTLE_MS = 45_000;
/** Sees at least one whole list, which comes every 60 s. */
const WIRE_MS = 70_000;
const FLAG_FULL = 4;

export const bench: Bench = {
  title: "CPU, memory and bytes of an agent at rest",
  async run(context) {
    const { values } = parseArgs({
      args: [...context.args],
      options: {
        minutes: { type: "string", default: "10" },
        node24: { type: "boolean", default: true },
        "no-node24": { type: "boolean", default: false },
      },
    });
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => process.exit(1));
    if (!["libvirtd", "virsh", "qemu-system-x86_64"].every(hasCommand))
      throw new PreconditionError("footprint needs libvirt: node test/tools/bootstrap.mjs guests");
    const minutes = Number(values.minutes);
    const newer = values["no-node24"] ? "not asked for" : findNode24(context);
    const say = (text: string): void => context.say(text);
    buildDaemons(say);
    const libvirtd = await ThrowawayLibvirtd.start({ onProgress: say });
    try {
      for (const name of GUESTS) await libvirtd.startGuest({ name });
      const config = `libvirt: { enabled: always, uri: "${libvirtd.driverUri}", runDir: ${libvirtd.runDir} }`;
      const wire = await withStack(false, (stack) => heartbeatsOnTheWire(context, stack, config));
      const figures = await withStack(true, (stack) =>
        atRest(context, stack, { config, minutes, newer }),
      );
      return {
        parameters: { minutes, guests: GUESTS.length, heartbeatHz: 1, tls: true },
        fields: { ...figures.ours, ...wire, node24: figures.node24, ...figures.load },
      };
    } finally {
      await libvirtd.stop();
    }
  },
};

/** Why there is none, as text. */
function findNode24(context: BenchContext): NodeBinary | string {
  try {
    return node24((text) => context.say(text));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.say(`Node 24: skipped: ${reason}`);
    return reason;
  }
}

async function withStack<T>(secure: boolean, use: (stack: Stack) => Promise<T>): Promise<T> {
  const dir = makeTempDir("footprint");
  const stack = await startStack({
    dir: dir.path,
    aggregators: 1,
    runFrom: "build",
    secure,
    controller: null,
  });
  try {
    return await use(stack);
  } finally {
    await stack.stop();
    dir.remove();
  }
}

/** Payloads of heartbeats in which nothing changed, as WebSocket carries them. */
async function heartbeatsOnTheWire(context: BenchContext, stack: Stack, config: string) {
  context.say(`reading heartbeats off the wire for ${WIRE_MS / 1_000} s`);
  const unchanged: number[] = [];
  const whole: number[] = [];
  const onPayload = (payload: Buffer): void => {
    const frame = decodeAgentFrame(payload);
    const isWhole = frame.kind === "heartbeat" && (frame.body.flags & FLAG_FULL) !== 0;
    context.raw.write({ kind: "frame", frame: frame.kind, bytes: payload.length, isWhole });
    if (frame.kind === "heartbeat") (isWhole ? whole : unchanged).push(payload.length);
  };
  const node = process.execPath;
  const agent = await WatchedAgent.start(stack, { id: "wire", node, config, onPayload });
  await delay(WIRE_MS);
  await agent.stop();
  return {
    heartbeatBytes: Math.max(...unchanged),
    heartbeatBytesMedian: median(unchanged),
    heartbeatsRead: unchanged.length,
    wholeListBytes: Math.max(...whole),
  };
}

async function atRest(
  context: BenchContext,
  stack: Stack,
  options: {
    readonly config: string;
    readonly minutes: number;
    readonly newer: NodeBinary | string;
  },
) {
  const { config, minutes, newer } = options;
  const ours = await WatchedAgent.start(stack, { id: "ours", node: process.execPath, config });
  const other =
    typeof newer === "string"
      ? null
      : await WatchedAgent.start(stack, { id: "node-24", node: newer.path, config });
  context.say(`at rest in ${SETTLE_MS / 1_000} s, then ${minutes} minutes`);
  await delay(SETTLE_MS);
  const loads = [loadavg()[0] ?? NaN];
  const end = performance.now() + minutes * 60_000;
  for (let next = performance.now(); next <= end; next += SAMPLE_EVERY_MS) {
    await delay(Math.max(0, next - performance.now()));
    ours.look(context.raw);
    other?.look(context.raw);
    loads.push(loadavg()[0] ?? NaN);
  }
  const result = {
    ours: ours.figures(),
    node24:
      other === null || typeof newer === "string"
        ? { skipped: String(newer) }
        : { version: newer.version, ...other.figures() },
    load: { loadMedian: rounded(median(loads)), loadMax: rounded(Math.max(...loads)) },
  };
  await ours.stop();
  await other?.stop();
  return result;
}
