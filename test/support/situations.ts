/**
 * What can befall a node, played against the pure core: the table of docs/failure-detection.md is made
 * from it, and a test holds that each is told apart from the others.
 */
import type { NodeState } from "@herdbeat/aggregator/core/node-state";
import { listeningMs } from "@herdbeat/shared/time";
import { aliveNode, type NodeDriver, witnessedNode } from "./node-driver.ts";

export interface Situation {
  readonly what: string;
  /** A node that has been alive for two seconds, and its witnesses. */
  readonly given: () => NodeDriver;
  /** Begins with the last heartbeat that was heard. */
  readonly happens: (node: NodeDriver) => void;
}

/** Its kernel and its witnesses answer, or all of them do not. */
function reachable(isReached: boolean, count = 3): () => NodeDriver {
  return () => {
    const node = witnessedNode(count);
    node.kernel = isReached ? "answers" : "silent";
    for (const one of node.witnesses) one.sees = isReached ? "answers" : "silent";
    return node;
  };
}

const LONG = 12_000;

export const SITUATIONS: readonly Situation[] = [
  {
    what: "power lost; two witnesses in other failure domains reached it before",
    given: reachable(false),
    happens: (node) => node.run(LONG),
  },
  {
    what: "power lost; nobody else can look",
    given: reachable(false, 0),
    happens: (node) => node.run(LONG),
  },
  {
    what: "power lost; no kernel probe was ever answered",
    given: () => {
      const node = aliveNode();
      node.kernel = "silent";
      node.state = {
        ...node.state,
        probe: { ...node.state.probe, provenAt: null, lastAnsweredAt: null },
      };
      return node;
    },
    happens: (node) => node.run(LONG),
  },
  {
    what: "the kernel crashed and said so before it fell silent",
    given: reachable(false),
    happens: (node) => {
      node.report("problem", "kernel-crash");
      node.run(LONG);
    },
  },
  {
    what: "the kernel hangs, by its own log; its agent still runs",
    given: reachable(true),
    happens: (node) => {
      node.report("problem", "kernel-hang");
      node.run(LONG, true);
    },
  },
  {
    what: "the host was frozen for a while, and its agent says so",
    given: reachable(true),
    happens: (node) => {
      node.report("problem", "host-frozen");
      node.run(LONG, true);
    },
  },
  {
    what: "rebooted without a word",
    given: reachable(true),
    happens: (node) => node.hello({ bootId: "boot-2", processId: "process-2" }),
  },
  {
    what: "rebooted after the host said goodbye",
    given: reachable(true),
    happens: (node) => {
      const heardAt = listeningMs(node.at);
      node.send({ kind: "goodbye", reason: "host-shutdown", message: "", heardAt });
      node.close("peer-closed");
      node.kernel = "silent";
      node.run(LONG);
      node.hello({ bootId: "boot-2", processId: "process-2" });
    },
  },
  {
    what: "cut off from us; witnesses reach it",
    given: () => {
      const node = reachable(true)();
      node.kernel = "silent";
      return node;
    },
    happens: (node) => node.run(40_000),
  },
  {
    what: "its path to us breaks for two seconds again and again",
    given: reachable(true),
    happens: (node) => {
      for (let i = 0; i < 4; i++) {
        node.run(2_500);
        node.heartbeat();
      }
    },
  },
  {
    what: "its path to us delays one heartbeat in three",
    given: reachable(true),
    happens: (node) => {
      for (let i = 0; i < 6; i++) {
        node.run(3_000, true);
        node.send({ kind: "late" });
      }
    },
  },
  {
    what: "its agent is stopped or hangs",
    given: reachable(true),
    happens: (node) => node.run(40_000),
  },
  {
    what: "its agent is killed",
    given: reachable(true),
    happens: (node) => {
      node.close("peer-closed");
      node.run(40_000);
    },
  },
  {
    what: "its agent was stopped in order",
    given: reachable(true),
    happens: (node) => {
      const heardAt = listeningMs(node.at);
      node.send({ kind: "goodbye", reason: "agent-stopped", message: "", heardAt });
      node.run(40_000);
    },
  },
  {
    what: "its agent came back without its state directory",
    given: reachable(true),
    happens: (node) => {
      node.report("problem", "nic-degraded", "eth0");
      node.report("ok", "nic-degraded", "eth0");
      node.hello({ processId: "process-2", lastTransition: 0 });
    },
  },
  {
    what: "two live sessions claim to be it",
    given: reachable(true),
    happens: (node) => node.send({ kind: "conflict", detail: "two live sessions" }),
  },
  {
    what: "silent, while our own gateway is",
    given: () => {
      const node = reachable(false)();
      node.own = { ...node.own, gateway: "silent" };
      return node;
    },
    happens: (node) => node.run(LONG),
  },
];

export interface Said {
  readonly what: string;
  /** `host-down`, grade 1, its rule; empty when nothing is declared. */
  readonly failureClass: string;
  readonly grade: string;
  readonly rule: string;
  /** Since the last heartbeat. */
  readonly afterMs: number;
  /** Since the last heartbeat; null: only shown. */
  readonly toldAfterMs: number | null;
  /** What people see at the end. */
  readonly state: NodeState["record"]["state"];
}

/** What is declared first, and everything else that is declared of it. */
export function saidOf({ what, given, happens }: Situation): readonly Said[] {
  const node = given();
  node.lines.length = 0;
  const start = node.state.lastHeardAt;
  const declared = new Map<
    string,
    { at: number; told: number | null; grade: string; rule: string }
  >();
  node.onTransition = (effect) => {
    const { incident, transition, deliver } = effect;
    if (transition.kind !== "declared" || incident.failureClass.startsWith("nic-")) return;
    const known = declared.get(incident.id);
    const told = deliver ? node.at - start : null;
    if (known === undefined) {
      const { grade, rule } = transition;
      declared.set(incident.id, {
        at: node.at - start,
        told,
        grade: String(grade),
        rule: rule.name,
      });
    } else known.told ??= told;
    classes.set(incident.id, incident.failureClass);
  };
  const classes = new Map<string, string>();
  happens(node);
  const { state } = node.state.record;
  const all = [...declared].map(
    ([id, one]): Said => ({
      what,
      failureClass: classes.get(id) ?? "",
      grade: one.grade,
      rule: one.rule,
      afterMs: one.at,
      toldAfterMs: one.told,
      state,
    }),
  );
  return all.length > 0
    ? all
    : [{ what, failureClass: "", grade: "", rule: "", afterMs: 0, toldAfterMs: null, state }];
}
