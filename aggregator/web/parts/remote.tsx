/** What a page fetched: shown while it is refreshed, kept when a refresh fails, with its age. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ApiError, getJson } from "../api/client.ts";
import { observeServerTime, serverNow } from "../state/clock.ts";

export interface Remote<T> {
  readonly value: T | null;
  /** Empty while all is well. */
  readonly error: string;
  readonly notFound: boolean;
  /** On the page's clock; when the value arrived. */
  readonly arrivedAt: number;
}

export interface RemoteOptions {
  /** Fetched again this often while the page is visible; 0 for never. */
  readonly everyMs: number;
  /** Fetched again at once when this changes. */
  readonly version: string | number;
}

const NOTHING = { value: null, error: "", notFound: false, arrivedAt: 0 } as const;

export function useRemote<T extends object>(
  path: string,
  options: RemoteOptions,
): Signal<Remote<T>> {
  const remote = useSignal<Remote<T>>(NOTHING);
  useEffect(() => {
    remote.value = NOTHING;
  }, [path]);
  useEffect(() => {
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const value = await getJson<T>(path, stop.signal);
        noteServerTime(value);
        remote.value = { value, error: "", notFound: false, arrivedAt: serverNow() };
      } catch (error) {
        if (stop.signal.aborted) return;
        remote.value = failed(remote.peek(), error);
      }
    };
    void load();
    if (options.everyMs === 0) return () => stop.abort();
    const timer = setInterval(() => {
      if (!document.hidden) void load();
    }, options.everyMs);
    return () => {
      clearInterval(timer);
      stop.abort();
    };
  }, [path, options.everyMs, options.version]);
  return remote;
}

function failed<T>(before: Remote<T>, error: unknown): Remote<T> {
  const notFound = error instanceof ApiError && error.status === 404;
  const message = error instanceof Error ? error.message : "unknown error";
  return { ...before, value: notFound ? null : before.value, error: message, notFound };
}

function noteServerTime(value: object): void {
  const asOf = "asOf" in value ? Date.parse(String(value.asOf)) : Number.NaN;
  if (Number.isFinite(asOf)) observeServerTime(asOf);
}
