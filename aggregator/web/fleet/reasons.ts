/**
 * Why nodes are not alive. The stream carries states only, so that ten thousand of them fit into one
 * event; the sentences are fetched for the few nodes that need one.
 */
import { effect, type Signal, signal } from "@preact/signals";
import { getJson } from "../api/client.ts";
import type { NodeRow, Page } from "../api/dto.ts";
import { nodes } from "../live/picture.ts";

/** More rows than anybody reads; in a larger outage the incidents say why. */
const ROWS_MAX = 1_000;
/** A storm of changes must not become a storm of requests. */
const FETCH_EVERY_MS = 2_000;

type ReasonRow = Pick<NodeRow, "id" | "stateReason">;

/** By node id. */
export const reasons: Signal<ReadonlyMap<string, string>> = signal(new Map());

export function followReasons(): () => void {
  let known = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const load = async (): Promise<void> => {
    timer = undefined;
    const states = "awaited,suspect,agent-down,agent-stalled,left,declared,committed,unseen";
    const path = `/nodes?state=${states}&fields=stateReason&limit=${ROWS_MAX}`;
    try {
      const page = await getJson<Page<ReasonRow>>(path);
      reasons.value = new Map(page.items.map((row) => [row.id, row.stateReason]));
    } catch {
      // Rows then show what the state means; the connection stamp tells that something is wrong.
      known = "";
    }
  };
  const stop = effect(() => {
    const wanted = nodes.value
      .filter((node) => node.recorded !== "alive")
      .map((node) => `${node.id} ${node.recorded} ${node.since}`)
      .join("\n");
    if (wanted === known) return;
    known = wanted;
    timer ??= setTimeout(() => void load(), reasons.peek().size === 0 ? 0 : FETCH_EVERY_MS);
  });
  return () => {
    stop();
    clearTimeout(timer);
  };
}
