/** Keys of the disruption guard: what holds a commit back. Part of `config-table.ts`. */
import type { ConfigKey } from "@herdbeat/shared/config-table";

/** Racks and zones of a large cloud, all of them. */
const PAUSED_MAX = 1_000;

export const GUARD_KEYS: readonly ConfigKey[] = [
  {
    key: "guard.partialPercent",
    type: { kind: "integer", min: 1, max: 100 },
    default: 55,
    doc: "Share of a failure domain (label rack, else az) or of the fleet that is silent or declared at which nothing is committed there without proof. From 5 nodes up.",
  },
  {
    key: "guard.fullPercent",
    type: { kind: "integer", min: 1, max: 100 },
    default: 80,
    doc: "Share at which it is told as one zone-outage, and its nodes no longer one by one. A domain of two nodes or more that is out altogether always is.",
    inequality: {
      text: "guard.partialPercent <= guard.fullPercent",
      holds: (get) => !(Number(get("guard.partialPercent")) > Number(get("guard.fullPercent"))),
    },
  },
  {
    key: "guard.minHealthyPercent",
    type: { kind: "integer", min: 0, max: 100 },
    default: 51,
    doc: "So much of the whole fleet must be well for a commit without proof. From 5 nodes up; 0 switches it off.",
  },
  {
    key: "guard.stormCooldown",
    type: { kind: "duration", min: "0s", max: "1h" },
    default: "60s",
    doc: "For so long after a disruption nothing is committed without proof in that domain.",
  },
  {
    key: "guard.commits",
    type: { kind: "integer", min: 1, max: 1_000 },
    default: 10,
    doc: "So many hosts at most are committed within guard.commitsWithin, by all aggregators together: a rack whose power is proven off is handed off in batches of this.",
  },
  {
    key: "guard.commitsWithin",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "10s",
    doc: "The time that guard.commits counts for.",
  },
  {
    key: "guard.pausedZones",
    type: {
      kind: "list",
      of: { kind: "text", pattern: /^(?:rack|az):.+$/s, expects: "rack:NAME or az:NAME" },
      max: PAUSED_MAX,
    },
    default: [],
    doc: "Domains in which nothing is committed at all, by label: rack:a1, az:eu-1. Failures there are still declared and told.",
  },
];
