/** Keys that decide when something counts as failed, and what follows. Part of `config-table.ts`. */
import { FAILURE_CLASSES, familyOf } from "@herdbeat/shared/classes";
import type { ConfigKey } from "@herdbeat/shared/config-table";

type Get = (key: string) => unknown;

const ms = (get: Get, key: string): number => Number(get(key));

/** Each is durations in ms of the merged result; a key that failed its own check is not compared. */
function ordered(...keys: readonly string[]): (get: Get) => boolean {
  return (get) =>
    keys.every((key, index) => {
      const before = keys[index - 1];
      return before === undefined || !(ms(get, before) > ms(get, key));
    });
}

export const DETECTION_KEYS: readonly ConfigKey[] = [
  {
    key: "detection.heartbeatInterval",
    type: { kind: "duration", min: "100ms", max: "60s" },
    default: "1s",
    doc: "Interval that agents are told to use. Every limit below is counted from a heartbeat.",
  },
  {
    key: "detection.suspectAfter",
    type: { kind: "duration", min: "150ms", max: "10m" },
    default: "1500ms",
    doc: "Silence that makes a node suspect: witnesses and probes are asked at once. Lower asks them more often without need.",
    inequality: {
      text: "1.2 x detection.heartbeatInterval < detection.suspectAfter",
      holds: (get) =>
        !(1.2 * ms(get, "detection.heartbeatInterval") >= ms(get, "detection.suspectAfter")),
    },
  },
  {
    key: "detection.declareAfter.twoWitnesses",
    type: { kind: "duration", min: "300ms", max: "30m" },
    default: "2s",
    doc: "Silence after which a node is declared when at least two healthy, proven witnesses do not reach it either.",
    inequality: {
      text: "detection.suspectAfter + detection.probe.timeout < detection.declareAfter.twoWitnesses",
      holds: (get) =>
        !(
          ms(get, "detection.suspectAfter") + ms(get, "detection.probe.timeout") >=
          ms(get, "detection.declareAfter.twoWitnesses")
        ),
    },
  },
  {
    key: "detection.declareAfter.oneWitness",
    type: { kind: "duration", min: "300ms", max: "30m" },
    default: "3s",
    doc: "Checked against the others; one witness hurries nobody, so that `alone` is what counts with one.",
    inequality: {
      text: "detection.declareAfter.twoWitnesses <= detection.declareAfter.oneWitness",
      holds: ordered("detection.declareAfter.twoWitnesses", "detection.declareAfter.oneWitness"),
    },
  },
  {
    key: "detection.declareAfter.alone",
    type: { kind: "duration", min: "300ms", max: "30m" },
    default: "3s",
    doc: "The same when only the aggregator itself can look.",
    inequality: {
      text: "detection.declareAfter.oneWitness <= detection.declareAfter.alone, and detection.suspectAfter + detection.probe.timeout < detection.declareAfter.alone",
      holds: (get) =>
        ordered("detection.declareAfter.oneWitness", "detection.declareAfter.alone")(get) &&
        !(
          ms(get, "detection.suspectAfter") + ms(get, "detection.probe.timeout") >=
          ms(get, "detection.declareAfter.alone")
        ),
    },
  },
  {
    key: "detection.agentPageAfter",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "30s",
    doc: "Trouble of an agent on a living host is announced when it has lasted this long.",
  },
  {
    key: "detection.reconnectBound",
    type: { kind: "duration", min: "1s", max: "10m" },
    default: "30s",
    doc: "Longest time an agent needs to come back after its aggregator changed. A node that cannot be probed is not declared before it has passed.",
    inequality: {
      text: "detection.declareAfter.alone <= detection.reconnectBound",
      holds: ordered("detection.declareAfter.alone", "detection.reconnectBound"),
    },
  },
  {
    key: "detection.awaitedProbeDelay",
    type: { kind: "duration", min: "100ms", max: "1m" },
    default: "500ms",
    doc: "A new owner lets agents return this long before it probes the absent ones.",
  },
  {
    key: "detection.orderlyRebootWindow",
    type: { kind: "duration", min: "0s", max: "2h" },
    default: "10m",
    doc: "After an announced shutdown of a host nothing is declared for this long.",
  },
  {
    key: "detection.fenceAfter.twoWitnesses",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "5s",
    doc: "Silence after which a host may be fenced without proof, when two proven witnesses in different failure domains get no answer and policy says recover.",
    inequality: {
      text: "detection.declareAfter.alone <= detection.fenceAfter.twoWitnesses",
      holds: ordered("detection.declareAfter.alone", "detection.fenceAfter.twoWitnesses"),
    },
  },
  {
    key: "detection.fenceAfter.oneWitness",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "10s",
    doc: "The same with one witness. Without any witness a host is never fenced without proof.",
    inequality: {
      text: "detection.fenceAfter.twoWitnesses <= detection.fenceAfter.oneWitness",
      holds: ordered("detection.fenceAfter.twoWitnesses", "detection.fenceAfter.oneWitness"),
    },
  },
  {
    key: "detection.probe.port",
    type: { kind: "integer", min: 1, max: 65_535 },
    default: 9,
    doc: "TCP port of the kernel-alive probe: best one where nothing listens and no firewall drops. A refusal proves life as well as an acceptance.",
  },
  {
    key: "detection.probe.timeout",
    type: { kind: "duration", min: "50ms", max: "10s" },
    default: "400ms",
    doc: "Deadline of one probe, ours or a witness's. Must exceed the worst round trip to a healthy node.",
  },
  {
    key: "detection.probe.interval",
    type: { kind: "duration", min: "50ms", max: "10s" },
    default: "500ms",
    doc: "Time between two probes of one node in doubt, ours or a witness's.",
    inequality: {
      text: "detection.probe.timeout <= detection.probe.interval",
      holds: ordered("detection.probe.timeout", "detection.probe.interval"),
    },
  },
  {
    key: "detection.probe.peacetimeInterval",
    type: { kind: "duration", min: "1s", max: "10m" },
    default: "60s",
    doc: "How often each healthy node is probed, by us and by each of its witnesses, to prove that the probe works.",
  },
  {
    key: "detection.probe.provenWithin",
    type: { kind: "duration", min: "2s", max: "24h" },
    default: "10m",
    doc: "A probe counts against a node only if it was answered within this long before its last sign of life.",
    inequality: {
      text: "2 x detection.probe.peacetimeInterval <= detection.probe.provenWithin",
      holds: (get) =>
        !(
          2 * ms(get, "detection.probe.peacetimeInterval") >
          ms(get, "detection.probe.provenWithin")
        ),
    },
  },
  {
    key: "detection.gateway",
    type: { kind: "choice", values: ["auto", "none"] },
    default: "auto",
    doc: "auto: while a node is in doubt, our own default gateway is asked whether we are cut off ourselves (not when listening on loopback only). none: it is never asked; then all nodes silent at once are taken for our own isolation.",
  },
  {
    key: "detection.stall.discountAfter",
    type: { kind: "duration", min: "10ms", max: "1s" },
    default: "50ms",
    doc: "Lateness of a turn beyond this is a stall of our own: it is taken off every node's silence.",
    inequality: {
      text: "detection.stall.discountAfter < detection.suspectAfter",
      holds: (get) =>
        !(ms(get, "detection.stall.discountAfter") >= ms(get, "detection.suspectAfter")),
    },
  },
  {
    key: "detection.stall.handOverPercent",
    type: { kind: "integer", min: 1, max: 100 },
    default: 20,
    doc: "An aggregator that loses more than this share of a minute to stalls hands its shards over.",
  },
];

/** For recovery, a host needs proof that its guests do not run; anything else is believed as reported. */
function leastGrade(family: string): number {
  return family === "host" || family === "zone" ? 5 : 0;
}

/** One pair per failure class; `docs/configuration.md` shows them as `policy.<class>`. */
export const POLICY_KEYS: readonly ConfigKey[] = FAILURE_CLASSES.flatMap((failureClass) => [
  {
    key: `policy.${failureClass}.action`,
    type: { kind: "choice", values: ["notify", "recover", "ignore"] } as const,
    default: "notify",
    doc: "notify: send facts. recover: also ask the first able destination for recovery. ignore: record only.",
  },
  {
    key: `policy.${failureClass}.minGrade`,
    type: { kind: "integer", min: 0, max: 5 } as const,
    default: leastGrade(familyOf(failureClass)),
    doc: "Lowest grade of proof at which recovery may be asked for (docs/failure-detection.md).",
  },
]);
