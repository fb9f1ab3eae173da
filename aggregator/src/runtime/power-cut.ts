/**
 * Cuts one node's power and proves it: devices in order, until one of them says twice that it is off.
 * Talks to devices only; who may run it, and when, is decided in fencing-reconciler.ts.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import { type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import type { FenceDevice, PowerReading } from "../ports/fence-device.ts";

export interface PowerCutDeps {
  readonly timers: Timers;
  /**
   * Makes the intent durable right before an order. False: this owner may not give it; nothing more
   * is done then.
   */
  readonly mayOrder: (device: string) => Promise<boolean>;
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
    const before = await device.status(node);
    if (before.kind === "off" && (await isStillOff(device, node))) {
      return {
        kind: "off",
        device: device.name,
        detail: `${device.name} says off, and no order was needed`,
      };
    }
    if (!(await deps.mayOrder(device.name))) return { kind: "not-ours" };
    deps.onProgress(device.name, "told to cut the power");
    const order = await device.off(node);
    deps.onProgress(device.name, `the order: ${order.kind}; its power is read`);
    const after = await settledReading(device, node, deps.timers);
    if (after.kind === "off") {
      return {
        kind: "off",
        device: device.name,
        detail: `${device.name} cut the power and says off, twice`,
      };
    }
    const said = "detail" in order ? order.detail : wordsOf(after);
    failures.push(`${device.name}: ${said}`);
  }
  const detail = failures.length === 0 ? "no device covers it" : failures.join("; ");
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
    if (reading.kind === "off" && (await isStillOff(device, node))) return reading;
    // What cannot be reached now is not asked ten times: the next device is waiting.
    if (reading.kind === "unreachable" || reading.kind === "error") return reading;
    await new Promise<void>((done) => {
      timers.after(LOOK_EVERY, done);
    });
  }
  return reading.kind === "off"
    ? { kind: "unknown", detail: "it says on and off in turn" }
    : reading;
}

async function isStillOff(device: FenceDevice, node: NodeId): Promise<boolean> {
  for (let reading = 1; reading < READINGS_WANTED; reading++) {
    if ((await device.status(node)).kind !== "off") return false;
  }
  return true;
}

function wordsOf(reading: PowerReading): string {
  return "detail" in reading ? `${reading.kind}: ${reading.detail}` : `says ${reading.kind}`;
}
