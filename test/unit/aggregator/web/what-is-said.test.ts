// What pages say of an incident's end and of a node's past.
import { clearedBy } from "@herdbeat/aggregator/web/incident/cleared-by";
import { historyLine } from "@herdbeat/aggregator/web/node/history-line";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("what pages say");

for (const failureClass of ["agent-down", "agent-stalled"] as const)
  test(`${failureClass} ends with the agent's return, not with a retraction`, () => {
    const incident = { class: failureClass, evidence: [] };
    assert.match(clearedBy({ ...incident, phase: "declared" }), /^the agent is heard again/);
    assert.match(clearedBy({ ...incident, phase: "cleared" }), /^The agent was heard again/);
  });

test("a host's silence is taken back by the same boot, and ended by a new one", () => {
  const text = clearedBy({ class: "host-down", evidence: [], phase: "declared" });
  assert.match(text, /same boot .*retracted.* new boot id/);
});

test("a delivery says what was handed off to whom, and leads to its incident", () => {
  const detail = { webhookId: "321c2ebd.1", destination: "controller", kind: "fact" };
  assert.equal(
    historyLine({
      at: "2026-11-30T00:00:00.000Z",
      kind: "delivery",
      detail: { ...detail, result: "delivered", attempts: 1, status: 202, error: "" },
    }),
    { title: "fact delivered", detail: "controller", state: null, incident: "321c2ebd" },
  );
});

test.run();
