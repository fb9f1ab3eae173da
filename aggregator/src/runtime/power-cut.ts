/**
 * Cuts one node's power and proves it: devices in order, until one of them says twice that it is off
 * and no other says on. Talks to devices only; who may run it, and when, is decided in
 * fencing-reconciler.ts.
 *
 * Guarantee: an off counts only of a device that said on before, of this node: while it was heard, or
 * before an order to cut. A plug that is somebody else's may be off all the time. Where one says off
 * and another on (two feeds, the wrong plug, a chassis that is off behind an outlet that is on), the
 * other is told to cut as well; while one is left that says on, nothing is confirmed.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import type { FenceDevice, PowerReading } from "../ports/fence-device.ts";

export interface PowerCutDeps {
  readonly timers: Timers;
  /**
   * Makes the intent durable right before an order. False: this owner may not give it; nothing more
   * is done then. `before` is what the device said just now: an on is remembered with it.
   */
  readonly mayOrder: (device: string, before: PowerReading["kind"]) => Promise<boolean>;
  /** Whether the device said on of this node before: without it, its off may be somebody else's. */
  readonly saidOn: (device: string) => boolean;
  readonly onProgress: (device: string, what: string) => void;
}

export type PowerCut =
  | { readonly kind: "off"; readonly device: string; readonly detail: string }
  | { readonly kind: "unanswered"; readonly detail: string }
  /** Another owner may be at it. */
  | { readonly kind: "not-ours" };

/** After an order a device is asked this often whether it has worked, this far apart. */
const LOOKS_AFTER_ORDER = 10;
const LOOK_EVERY: DurationMs = durationMs(1_000);
/** One reading may be a slip of a BMC that restarts. */
const READINGS_WANTED = 2;
const DETAIL_CHARS_MAX = 400;

export async function cutPower(
  node: NodeId,
  devices: readonly FenceDevice[],
  deps: PowerCutDeps,
): Promise<PowerCut> {
  const failures: string[] = [];
  for (const device of devices) {
    const { name } = device;
    const before = await device.status(node);
    if (before.kind === "off" && !deps.saidOn(name)) {
      failures.push(`${name}: says off, and never said on while the node was heard`);
      continue;
    }
    if (before.kind === "off" && (await isStillOff(device, node, deps.timers))) {
      const contradiction = await saysOn(devices, device, node);
      if (contradiction === null) {
        return { kind: "off", device: name, detail: `${name} says off, and no order was needed` };
      }
      failures.push(`${name}: says off, and ${contradiction} says on`);
      continue;
    }
    if (!(await deps.mayOrder(name, before.kind))) return { kind: "not-ours" };
    deps.onProgress(name, "told to cut the power");
    const order = await device.off(node);
    deps.onProgress(name, `the order: ${order.kind}; its power is read`);
    const after = await settledReading(device, node, deps.timers);
    if (after.kind === "off" && !deps.saidOn(name)) {
      failures.push(`${name}: says off after its order, and never said on before`);
      continue;
    }
    if (after.kind === "off") {
      const contradiction = await saysOn(devices, device, node);
      if (contradiction === null) {
        return { kind: "off", device: name, detail: `${name} cut the power and says off, twice` };
      }
      failures.push(`${name}: cut the power and says off, and ${contradiction} says on`);
      continue;
    }
    const said = "detail" in order ? order.detail : wordsOf(after);
    failures.push(`${name}: ${said}`);
  }
  const detail =
    failures.length === 0 ? "no device that can be believed covers it" : failures.join("; ");
  return { kind: "unanswered", detail: detail.slice(0, DETAIL_CHARS_MAX) };
}

/** Its last word once it says off twice in a row, or when there was time enough. */
async function settledReading(
  device: FenceDevice,
  node: NodeId,
  timers: Timers,
): Promise<PowerReading> {
  let reading: PowerReading = { kind: "unknown", detail: "not asked" };
  for (let look = 0; look < LOOKS_AFTER_ORDER; look++) {
    reading = await device.status(node);
    if (reading.kind === "off" && (await isStillOff(device, node, timers))) return reading;
    // What cannot be reached now is not asked ten times: the next device is waiting.
    if (reading.kind === "unreachable" || reading.kind === "error") return reading;
    await pause(timers);
  }
  return reading.kind === "off"
    ? { kind: "unknown", detail: "it says on and off in turn" }
    : reading;
}

/**
 * Whether a node that was confirmed off is off still: why it does not count as off now, null: nothing
 * speaks against it. An on of any device outweighs what all the others say. Of a node that an operator
 * confirmed (`needsOff` false) devices may be silent.
 */
export async function notOffBecause(
  node: NodeId,
  devices: readonly FenceDevice[],
  needsOff: boolean,
): Promise<string | null> {
  const said = await Promise.all(
    devices.map(async (device) => ({ device, kind: (await device.status(node)).kind })),
  );
  const isOff = said.some(({ kind }) => kind === "off") || !needsOff;
  if (isOff && said.every(({ kind }) => kind !== "on")) return null;
  const words = said.map(({ device, kind }) => `${device.name} says ${kind}`).join(", ");
  return `its power is not confirmed off now: ${words || "no device that can be believed covers it"}`;
}

/** The first of the other devices that contradicts; one that does not answer does not. */
async function saysOn(
  devices: readonly FenceDevice[],
  but: FenceDevice,
  node: NodeId,
): Promise<string | null> {
  for (const device of devices) {
    if (device !== but && (await device.status(node)).kind === "on") return device.name;
  }
  return null;
}

async function isStillOff(device: FenceDevice, node: NodeId, timers: Timers): Promise<boolean> {
  for (let reading = 1; reading < READINGS_WANTED; reading++) {
    // Two answers of one instant are one answer.
    await pause(timers);
    if ((await device.status(node)).kind !== "off") return false;
  }
  return true;
}

function pause(timers: Timers): Promise<void> {
  return new Promise((done) => {
    timers.after(LOOK_EVERY, done);
  });
}

function wordsOf(reading: PowerReading): string {
  return "detail" in reading ? `${reading.kind}: ${reading.detail}` : `says ${reading.kind}`;
}
