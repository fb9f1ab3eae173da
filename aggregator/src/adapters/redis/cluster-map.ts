/** Which master of a Redis Cluster has which slot, and what a server says when it is another one. */
import { SLOT_COUNT } from "./key-slot.ts";
import { parsePlace, placeText, type ServerPlace } from "./server-place.ts";

export interface ClusterMap {
  /** By slot; absent where no master has it. */
  readonly masters: readonly (ServerPlace | undefined)[];
  readonly places: ReadonlyMap<string, ServerPlace>;
  readonly uncovered: number;
}

/** The reply of CLUSTER SLOTS; null when it is none. A server may leave its own host out. */
export function parseClusterSlots(reply: unknown, asked: ServerPlace): ClusterMap | null {
  if (!Array.isArray(reply)) return null;
  const masters: (ServerPlace | undefined)[] = Array.from({ length: SLOT_COUNT });
  const places = new Map<string, ServerPlace>();
  for (const range of reply as readonly unknown[]) {
    if (!Array.isArray(range)) return null;
    const [first, last, master] = range as readonly unknown[];
    if (!isSlot(first) || !isSlot(last) || !Array.isArray(master)) return null;
    const [host, port] = master as readonly unknown[];
    if (typeof port !== "number" || port < 1 || port > 65_535) return null;
    const isNamed = typeof host === "string" && host !== "" && host !== "?";
    const place = { host: isNamed ? host : asked.host, port };
    places.set(placeText(place), place);
    masters.fill(place, first, last + 1);
  }
  const uncovered = masters.filter((master) => master === undefined).length;
  return { masters, places, uncovered };
}

export type Redirection = {
  readonly kind: "moved" | "ask";
  readonly slot: number;
  readonly place: ServerPlace;
};

/** `MOVED 3999 127.0.0.1:6381` and `ASK ...`; an empty host is the one that answered. */
export function parseRedirection(message: string, answered: ServerPlace): Redirection | null {
  const groups = /^(?<kind>MOVED|ASK) (?<slot>\d{1,5}) (?<host>\S*):(?<port>\d{1,5})$/.exec(
    message,
  )?.groups;
  if (groups === undefined) return null;
  const slot = Number(groups["slot"]);
  const host = groups["host"] === "" ? answered.host : (groups["host"] ?? "");
  const shown = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  const place = parsePlace(`${shown}:${groups["port"]}`);
  if (!isSlot(slot) || place === undefined) return null;
  return { kind: groups["kind"] === "ASK" ? "ask" : "moved", slot, place };
}

function isSlot(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < SLOT_COUNT;
}
