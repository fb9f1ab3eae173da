/**
 * What would have changed a decision: its recorded inputs with one thing different, run again. Pure.
 * Only what the core itself answers is said, never what somebody believes that it would answer.
 */
import type { BootId } from "@herdbeat/shared/ids";
import { type ListeningMs, listeningMs, unixMs } from "@herdbeat/shared/time";
import { madeOf } from "./decision.ts";
import { CORE_VERSION, type Decision, readDecision } from "./decision-text.ts";
import type { NodeEvent, NodeState, OwnSight } from "./node-state.ts";
import { type IncidentIdOf, rerun } from "./replay.ts";

export interface WhatIf {
  /** What would have had to be different, as a clause: `a heartbeat had arrived by then`. */
  readonly had: string;
  /** What the core answers then, as a clause. */
  readonly then: string;
}

interface Variant {
  readonly had: string;
  readonly state?: NodeState;
  readonly event?: NodeEvent;
}

/** Never throws; an empty list for inputs that cannot be run again. */
export function whatIf(text: string, idOf: IncidentIdOf): readonly WhatIf[] {
  const read = readDecision(text);
  if (read.kind !== "ok" || read.decision.core !== CORE_VERSION) return [];
  const { decision } = read;
  try {
    const answer = answerOf(decision, idOf, {});
    return variantsOf(decision).flatMap((variant) => {
      const then = answerOf(decision, idOf, variant);
      return then === answer ? [] : [{ had: variant.had, then }];
    });
  } catch {
    return [];
  }
}

function answerOf(
  decision: Decision,
  idOf: IncidentIdOf,
  change: { readonly state?: NodeState; readonly event?: NodeEvent },
): string {
  const made = madeOf(rerun(decision, idOf, change).effects, decision.key);
  return made.length === 0
    ? "nothing is declared"
    : made.map((one) => `${one.failureClass} is ${one.kind}`).join(", then ");
}

function variantsOf(decision: Decision): readonly Variant[] {
  const { state, event } = decision;
  switch (event.kind) {
    case "tick":
      return tickVariants(decision, event);
    case "probed":
      return event.outcome === "answered"
        ? [
            {
              had: "its kernel had not answered",
              event: { ...event, outcome: "no-answer", detail: "" },
            },
          ]
        : [];
    case "fenced":
      return event.outcome === "off"
        ? [
            {
              had: "no fence device had confirmed that it is off",
              event: { ...event, outcome: "unanswered" },
            },
          ]
        : [];
    case "event":
      return (["ok", "unknown"] as const).map((status) => ({
        had: `the agent had said "${status}" instead of "${event.condition.status}"`,
        event: { ...event, condition: { ...event.condition, status } },
      }));
    case "hello":
      return [
        {
          had: "it had come back with another boot id",
          event: {
            ...event,
            facts: { ...event.facts, bootId: `${event.facts.bootId}?` as BootId },
          },
        },
        {
          had: "it had come back with the same boot id",
          event: { ...event, facts: { ...event.facts, bootId: state.record.bootId } },
        },
      ];
    case "close":
    case "heard":
    case "late":
    case "closed":
    case "goodbye":
    case "conflict":
    case "witnessed":
    case "permit":
    case "conditions":
    case "drill-begin":
    case "drill-end":
      return [];
  }
}

function tickVariants(
  { state, listening, wall }: Decision,
  event: Extract<NodeEvent, { kind: "tick" }>,
): readonly Variant[] {
  const now = listeningMs(listening);
  const seeing = (own: Partial<OwnSight>): NodeEvent => ({
    ...event,
    own: { ...event.own, ...own },
  });
  return [
    { had: "a heartbeat had arrived just before", event: { ...event, lastHeardAt: now } },
    {
      had: "its kernel had answered the last question",
      state: {
        ...state,
        probe: {
          ...state.probe,
          lastOutcome: "answered",
          lastAnsweredAt: now,
          failingSince: null,
          provenAt: unixMs(wall),
        },
      },
    },
    {
      had: "its kernel had never answered before",
      state: { ...state, probe: { ...state.probe, provenAt: null } },
    },
    ...(state.witnesses.length === 0 ? [] : [reachedByWitnesses(state, now)]),
    { had: "our own gateway had not answered", event: seeing({ gateway: "silent" }) },
    { had: "our own gateway had answered", event: seeing({ gateway: "answers" }) },
  ];
}

function reachedByWitnesses(state: NodeState, now: ListeningMs): Variant {
  const witnesses = state.witnesses.map((one) => ({
    ...one,
    lastOutcome: "answered" as const,
    lastAnsweredAt: now,
    failingSince: null,
  }));
  return { had: "its witnesses had reached it", state: { ...state, witnesses } };
}
