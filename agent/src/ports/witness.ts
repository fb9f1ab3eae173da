/** Looking at other nodes on an aggregator's behalf. */
import type { WitnessReportMessage, WitnessRequestMessage } from "../core/messages.ts";

export interface Witness {
  /**
   * Performs every probe of the request at once; the report holds one observation per probe, in the
   * same order. Takes the request's timeout, 5 s at most. Never rejects, never blocks: what can not
   * be asked, and every probe of a request above the adapter's bounds, is `error`. Null: so many
   * requests that not even that is said.
   */
  look(request: WitnessRequestMessage): Promise<WitnessReportMessage | null>;
}
