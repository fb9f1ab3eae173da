/** Which guests ran when the agent last looked: what vanished meanwhile is found by comparing. */
export interface KnownGuests {
  /** UUIDs of the guests that ran; empty when nothing was remembered. */
  load(): ReadonlySet<string>;
  /** Replaces the list atomically; called only when it changed. Losing it costs a report, never makes a false one. */
  save(running: ReadonlySet<string>): void;
}
