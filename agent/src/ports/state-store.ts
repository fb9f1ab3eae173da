import type { BootId, Incarnation, SessionEpoch } from "@herdbeat/shared/ids";

/** What an agent must remember across its own restarts. */
export interface AgentState {
  readonly incarnation: Incarnation;
  readonly sessionEpoch: SessionEpoch;
  /** No transition number above this one was ever used: numbers are reserved in blocks. */
  readonly lastTransition: number;
  readonly bootId: BootId;
}

/**
 * A small file, replaced atomically (write, fsync, rename, fsync of the folder). `load` returns null
 * when there is none; a damaged file is kept aside, reported and treated as none (`state-lost`).
 */
export interface StateStore {
  load(): { readonly state: AgentState | null; readonly damaged: string | null };
  /**
   * Durable when it resolves; rejects when it could not be written. Never blocks the event loop: a
   * sick disk must not silence the heartbeat. Saves do not overlap; of several waiting ones only
   * the newest is written.
   */
  save(state: AgentState): Promise<void>;
}
