/**
 * What the libvirt child and its parent say to each other: one JSON object per line, over the
 * child's standard input and output. The child is ours, but what it repeats comes from guests and
 * may be damaged by a crash in native code: the parent checks shape and size of every line.
 */
import type { AgentPing, GuestEvent, GuestStatus } from "../../core/guest-facts.ts";

export type ChildMessage =
  /** Connected and subscribed. */
  | { readonly kind: "opened" }
  /** The child ends right after this. */
  | { readonly kind: "failed"; readonly detail: string }
  /** The child's loop goes round. */
  | { readonly kind: "beat" }
  | { readonly kind: "guests"; readonly guests: readonly GuestStatus[]; readonly ageMs: number }
  | { readonly kind: "event"; readonly event: GuestEvent }
  | { readonly kind: "ping-result"; readonly id: number; readonly outcome: AgentPing };

export interface PingCommand {
  readonly kind: "ping";
  readonly id: number;
  readonly uuid: string;
  readonly timeoutS: number;
}

/** Most guests one hypervisor is watched for; more are left out, and the list says so by its length. */
export const GUESTS_MAX = 1_000;
/** 1,000 guests of at most 4 KiB each. */
export const LINE_BYTES_MAX = 4_194_304;
/** The child says something at least this often. */
export const BEAT_INTERVAL_MS = 5_000;

const KINDS: ReadonlySet<unknown> = new Set([
  "opened",
  "failed",
  "beat",
  "guests",
  "event",
  "ping-result",
]);

/** Null when the line is not a message of the child. */
export function parseChildMessage(line: string): ChildMessage | null {
  const value = parseObject(line);
  if (value === null || !KINDS.has(value["kind"])) return null;
  if (value["kind"] === "guests" && !isGuestList(value["guests"])) return null;
  if (value["kind"] === "event" && !isEvent(value["event"])) return null;
  // The shape was checked above; the sender is this program's other half.
  return value as unknown as ChildMessage;
}

/** Null when the line is not a command. */
export function parseCommand(line: string): PingCommand | null {
  const value = parseObject(line);
  if (value === null || value["kind"] !== "ping") return null;
  const { id, uuid, timeoutS } = value;
  if (typeof id !== "number" || typeof uuid !== "string" || typeof timeoutS !== "number")
    return null;
  return { kind: "ping", id, uuid, timeoutS };
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value !== "object" || value === null) return null;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    // Half a line of a child that died is not a message.
    return null;
  }
}

function isGuestList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= GUESTS_MAX && value.every(isGuest);
}

function isGuest(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const guest = value as Readonly<Record<string, unknown>>;
  const texts = [guest["uuid"], guest["name"], guest["state"], guest["stateReason"]];
  return texts.every((text) => typeof text === "string") && typeof guest["attributes"] === "object";
}

function isEvent(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Readonly<Record<string, unknown>>;
  return [event["kind"], event["uuid"], event["detail"]].every((text) => typeof text === "string");
}

/** Splits a byte stream into lines; a line above the bound is dropped whole and counted. */
export class LineSplitter {
  readonly #bytesMax: number;
  #rest = "";
  #skipping = false;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get dropped(): number {
    return this.#dropped;
  }

  push(chunk: string): readonly string[] {
    const parts = (this.#rest + chunk).split("\n");
    this.#rest = parts.pop() ?? "";
    if (this.#skipping && parts.length > 0) {
      // The end of a line whose beginning was thrown away.
      parts.shift();
      this.#skipping = false;
    }
    if (this.#rest.length > this.#bytesMax) {
      if (!this.#skipping) this.#dropped += 1;
      this.#rest = "";
      this.#skipping = true;
    }
    const lines = parts.filter((line) => line.length <= this.#bytesMax);
    this.#dropped += parts.length - lines.length;
    return lines;
  }
}
