/**
 * One device that can cut a node's power: a BMC, a PDU, a hypervisor above. Asked and told, never
 * believed at once: what proves that a node is off is decided by whoever asks.
 *
 * Guarantees: no call rejects or outlasts its deadline, whatever the device does; `off` is only said
 * when the device's own words and its exit agree; everything unclear is one of the other outcomes.
 * There is no way to power a node on: nothing here may ever start what was taken out.
 */
import type { NodeId } from "@herdbeat/shared/ids";
import type { DurationMs } from "@herdbeat/shared/time";

/** What a device says of a node's power. `detail` is for people: bounded, no control characters. */
export type PowerReading =
  | { readonly kind: "on" }
  | { readonly kind: "off" }
  /** The device was asked and could not be reached: it proves nothing of the node. */
  | { readonly kind: "unreachable"; readonly detail: string }
  /** It answered, and what it said is neither. */
  | { readonly kind: "unknown"; readonly detail: string }
  /** The question itself is wrong: options, credentials, a missing program. A person has to look. */
  | { readonly kind: "error"; readonly detail: string };

/** `done`: the device says that it did. Whether the power is off, only `status` tells. */
export type PowerOrder =
  | { readonly kind: "done" }
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "error"; readonly detail: string };

/** Names of what the device's program offers. */
export interface DeviceMetadata {
  readonly name: string;
  readonly options: ReadonlyMap<string, DeviceOption>;
  readonly actions: ReadonlySet<string>;
}

export interface DeviceOption {
  readonly isRequired: boolean;
  /** An older name that the program takes as well. */
  readonly formerly: string | null;
}

export interface FenceDevice {
  readonly name: string;
  /** No call takes longer. */
  readonly callMax: DurationMs;
  /** Whether it can act on a node: by what is known of the node, which the caller looked up. */
  covers(node: FenceTarget): boolean;
  /**
   * Reads what the program says of itself and compares the configuration with it: an empty list is
   * a valid device, `null` one whose program could not be asked.
   */
  check(): Promise<DeviceCheck>;
  status(node: NodeId): Promise<PowerReading>;
  off(node: NodeId): Promise<PowerOrder>;
}

export type DeviceCheck =
  | { readonly kind: "valid"; readonly metadata: DeviceMetadata }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

export interface FenceTarget {
  readonly id: NodeId;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Derived: two lines of a terminal; agents print stack traces. */
export const FENCE_DETAIL_CHARS_MAX = 300;
