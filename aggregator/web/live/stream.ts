/**
 * One event stream per browser, whatever the number of tabs.
 *
 * Guarantee: at most one tab holds a connection, because HTTP/1.1 allows six per origin and a seventh
 * tab would hang silently. Mechanism: the holder of a web lock streams and repeats every event on a
 * broadcast channel; a tab that joins asks for the whole picture. Failure case: when the holder goes,
 * the lock passes to another tab, which connects and starts from a snapshot of its own. A browser
 * without web locks or broadcast channels gets one connection per tab.
 */

import { apiPath } from "../api/client.ts";
import type { StreamDelta, StreamSnapshot, StreamTime } from "../api/dto.ts";
import { checkSession } from "../api/session.ts";
import { serverNow } from "../state/clock.ts";
import { noteError, noteEvent } from "./connection.ts";
import { applyDelta, applySnapshot, applyTime, exportSnapshot, hasPicture } from "./picture.ts";

const NAME = "herdbeat.stream";
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 10_000;

type EventName = "snapshot" | "delta" | "time";

type TabMessage =
  | { readonly kind: "event"; readonly name: EventName; readonly text: string }
  | { readonly kind: "error" }
  /** A tab that has no picture asks for one. */
  | { readonly kind: "join" }
  | { readonly kind: "picture"; readonly snapshot: StreamSnapshot };

/** Starts to follow the fleet; the returned function ends it. */
export function followFleet(): () => void {
  const stop = new AbortController();
  if (!("locks" in navigator) || !("BroadcastChannel" in window)) {
    connect(stop.signal, () => undefined);
    return () => stop.abort();
  }
  const channel = new BroadcastChannel(NAME);
  stop.signal.addEventListener("abort", () => channel.close());
  let isLeader = false;
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => receive(data, isLeader, channel);
  channel.postMessage({ kind: "join" } satisfies TabMessage);
  const lead = (): Promise<void> => {
    isLeader = true;
    connect(stop.signal, (message) => channel.postMessage(message));
    // The lock is held until this tab stops or is closed.
    return new Promise((release) => stop.signal.addEventListener("abort", () => release()));
  };
  navigator.locks.request(NAME, { signal: stop.signal }, lead).catch(() => {
    // Aborted while it waited for the lock: this tab was told to stop.
  });
  return () => stop.abort();
}

function receive(message: TabMessage, isLeader: boolean, channel: BroadcastChannel): void {
  switch (message.kind) {
    case "join": {
      const snapshot = isLeader ? exportSnapshot(serverNow()) : null;
      if (snapshot !== null)
        channel.postMessage({ kind: "picture", snapshot } satisfies TabMessage);
      return;
    }
    case "picture":
      if (!hasPicture.value) {
        applySnapshot(message.snapshot);
        noteEvent();
      }
      return;
    case "event":
      apply(message.name, message.text);
      return;
    case "error":
      noteError();
      return;
    default:
      // A tab with a newer page says something this one does not know.
      return;
  }
}

function apply(name: EventName, text: string): void {
  // The server validates what it sends against the schema these types are made from.
  const event: unknown = JSON.parse(text);
  if (name === "snapshot") applySnapshot(event as StreamSnapshot);
  // A tab that joins between two snapshots waits for the picture; deltas alone are not one.
  else if (name === "delta" && hasPicture.value) applyDelta(event as StreamDelta);
  else if (name === "time") applyTime(event as StreamTime);
  noteEvent();
}

function connect(stop: AbortSignal, tellTabs: (message: TabMessage) => void): void {
  let retryMs = RETRY_MIN_MS;
  const open = (): void => {
    if (stop.aborted) return;
    const source = new EventSource(apiPath("/stream"), { withCredentials: true });
    stop.addEventListener("abort", () => source.close());
    for (const name of ["snapshot", "delta", "time"] as const)
      source.addEventListener(name, ({ data }: MessageEvent<string>) => {
        retryMs = RETRY_MIN_MS;
        apply(name, data);
        tellTabs({ kind: "event", name, text: data });
      });
    source.onerror = () => {
      noteError();
      tellTabs({ kind: "error" });
      if (source.readyState !== EventSource.CLOSED) return;
      // Refused for good by the browser's rules (any status but 200): perhaps the session is over.
      void checkSession();
      setTimeout(open, retryMs);
      retryMs = Math.min(RETRY_MAX_MS, retryMs * 2);
    };
  };
  open();
}
