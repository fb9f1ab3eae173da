import type { DetectionConfig } from "@herdbeat/aggregator/core/detection-config";
import type { IncidentRecord } from "@herdbeat/aggregator/core/incident";
import { orderForbidden, recoveryForbidden } from "@herdbeat/aggregator/core/recovery-rules";
import type { BootId } from "@herdbeat/shared/ids";
import * as assert from "uvu/assert";
import { aliveNode, testConfig } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("recovery-rules");
const RECOVER = { "host-down": { action: "recover", minGrade: 5 } } as const;

function committed() {
  const node = aliveNode(RECOVER);
  node.kernel = "silent";
  node.run(10_000);
  const [declared] = node.state.incidents;
  const first = declared?.transitions[0];
  assert.ok(declared && first);
  const incident: IncidentRecord = {
    ...declared,
    phase: "committed",
    transitions: [first, { ...first, number: 2, kind: "committed" }],
  };
  return { state: { ...node.state, incidents: [incident] }, incident };
}

test("a commit of another configuration is followed by nothing that today's does not ask for", () => {
  const { state, incident } = committed();
  const under = (config: Partial<DetectionConfig>) =>
    recoveryForbidden(state, incident, { ...testConfig(RECOVER), ...config });
  assert.is(under({}), null);
  assert.match(under({ shadow: true }) ?? "", /shadow/);
  assert.match(under({ policy: {} }) ?? "", /policy says notify for host-down/);
  const ignore = { "host-down": { action: "ignore", minGrade: 5 } } as const;
  assert.match(under({ policy: ignore }) ?? "", /policy says ignore/);
  const record = { ...state.record, shadow: true };
  const own = recoveryForbidden({ ...state, record }, incident, testConfig(RECOVER));
  assert.match(own ?? "", /shadow/);
});

test("what was begun for one class goes on when its class changes", () => {
  const { state, incident } = committed();
  const changed = { ...incident, failureClass: "host-rebooted" as const };
  assert.is(recoveryForbidden(state, changed, testConfig(RECOVER)), null);
});

test("a host that has booted again and is heard is not cut; one that is silent again is", () => {
  const { state, incident } = committed();
  const config = testConfig(RECOVER);
  assert.is(orderForbidden(state, incident, true, config), null, "the boot that was committed");
  const record = { ...state.record, bootId: "boot-2" as BootId };
  const rebooted = { ...state, record };
  assert.match(orderForbidden(rebooted, incident, true, config) ?? "", /booted again/);
  assert.is(orderForbidden(rebooted, incident, false, config), null);
});

test.run();
