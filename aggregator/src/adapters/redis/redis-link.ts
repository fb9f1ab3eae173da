/**
 * The way to the store, whatever is behind it: one server, the master of a Sentinel, a Cluster.
 *
 * Guarantee: every command ends within its deadline, with a reply or with StoreUnavailableError
 * ("may have been applied"). Nothing is queued while the store is away.
 */
import type { Startable } from "@herdbeat/shared/lifecycle";
import type { DurationMs } from "@herdbeat/shared/time";
import type { StoreHealth } from "../../ports/fleet-store.ts";

export interface SendOptions {
  /** One of the keys that the command is about: it decides which server of a Cluster is asked. */
  readonly key: string;
  readonly deadline?: DurationMs;
  /** Its success shows that the store takes writes again. */
  readonly clearsRefusal?: boolean;
}

export interface RedisLink extends Startable {
  /** Sends one command. `operation` names it in errors. */
  send(operation: string, command: readonly string[], options: SendOptions): Promise<unknown>;
  /**
   * Names the connection that commands about `key` take now. Changes with every new connection and
   * every redirection: WAIT speaks of one connection's writes only.
   */
  epoch(key: string): string;
  /** One command may name keys of several slots. */
  readonly spansSlots: boolean;
  health(): StoreHealth;
}
