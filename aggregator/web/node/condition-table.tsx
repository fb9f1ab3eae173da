/** What the agent's monitors hold to be true, problems first. */
import type { NodeStateName } from "@herdbeat/aggregator/core/node-record";
import type { JSX } from "preact";
import type { ConditionDto } from "../api/dto.ts";
import { StateMark } from "../parts/state-mark.tsx";
import { Since } from "../parts/time.tsx";
import { incidentHref } from "../state/route.ts";
import { classWords } from "../words/class-words.ts";
import type { ShownState } from "../words/node-states.ts";

const ORDER: Readonly<Record<ConditionDto["status"], number>> = { problem: 0, unknown: 1, ok: 2 };
const MARK: Readonly<Record<ConditionDto["status"], ShownState>> = {
  problem: "problem",
  unknown: "unknown",
  ok: "ok",
};
const LABEL: Readonly<Record<ConditionDto["status"], string>> = {
  problem: "Problem",
  unknown: "Unknown",
  ok: "OK",
};

export interface ConditionTableProps {
  readonly conditions: readonly ConditionDto[];
  readonly known: boolean;
  readonly state: NodeStateName;
}

export function ConditionTable({ conditions, known, state }: ConditionTableProps): JSX.Element {
  if (conditions.length === 0)
    return (
      <p class="muted">
        {known && state === "alive"
          ? "No monitor reports a problem."
          : "No condition is on record. Without heartbeats that says nothing about now."}
      </p>
    );
  const sorted = [...conditions].sort((a, b) => ORDER[a.status] - ORDER[b.status]);
  return (
    <table class="lines conditions">
      <thead>
        <tr>
          <th scope="col">Status</th>
          <th scope="col">Monitor</th>
          <th scope="col">What it says</th>
          <th scope="col" class="col-since">
            For
          </th>
        </tr>
      </thead>
      <tbody>
        {sorted.map((condition) => (
          <Condition
            key={`${condition.monitor} ${condition.subject}`}
            condition={condition}
            // What was reported before the silence is a memory, not a fact.
            status={known && state === "alive" ? condition.status : "unknown"}
          />
        ))}
      </tbody>
    </table>
  );
}

interface ConditionProps {
  readonly condition: ConditionDto;
  readonly status: ConditionDto["status"];
}

function Condition({ condition, status }: ConditionProps): JSX.Element {
  const remembered = status !== condition.status;
  return (
    <tr>
      <td class="nowrap">
        <StateMark state={MARK[status]} /> {LABEL[status]}
        {remembered && <span class="muted"> (was {LABEL[condition.status].toLowerCase()})</span>}
      </td>
      <td>
        {condition.monitor}
        {condition.subject !== "" && <span class="muted"> · {condition.subject}</span>}
      </td>
      <td>
        <strong class="reason">{condition.reason}</strong> {condition.message}
        <span class="muted block">
          {classWords(condition.class)}
          {condition.incident !== null && (
            <>
              {" · "}
              <a href={incidentHref(condition.incident)}>incident</a>
            </>
          )}
        </span>
      </td>
      <td class="col-since">
        <Since at={condition.since} />
      </td>
    </tr>
  );
}
