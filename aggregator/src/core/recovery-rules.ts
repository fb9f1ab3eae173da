/** What was committed under other rules is looked at under today's before anything irreversible. Pure. */
import { type DetectionConfig, ruleFor } from "./detection-config.ts";
import type { IncidentRecord } from "./incident.ts";
import type { NodeState } from "./node-state.ts";

export type RecoveryRules = Pick<DetectionConfig, "shadow" | "policy">;

/** Why neither an order nor a request may follow from a committed incident now; null: it may. */
export function recoveryForbidden(
  { record }: NodeState,
  incident: IncidentRecord,
  config: RecoveryRules,
): string | null {
  if (config.shadow || record.shadow || incident.shadow) return "it is in shadow mode";
  // Its class may have changed since; what was begun for one is not ended by another.
  const failureClass = incident.transitions.findLast(
    ({ kind }) => kind === "committed",
  )?.failureClass;
  const of = failureClass ?? incident.failureClass;
  const { action } = ruleFor(config.policy, of);
  return action === "recover" ? null : `policy says ${action} for ${of} now`;
}

/** Why its power is not cut although it was committed; null: it is. */
export function orderForbidden(
  state: NodeState,
  incident: IncidentRecord,
  isHeard: boolean,
  config: RecoveryRules,
): string | null {
  const { bootId } = state.record;
  // What ran there ended with the boot before; cutting this one helps nobody.
  if (isHeard && bootId !== incident.bootId) return "its host has booted again and is heard";
  return recoveryForbidden(state, incident, config);
}
