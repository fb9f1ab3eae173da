import type { ConditionStatus, Finding } from "@herdbeat/agent/core/condition";
import { ConditionTable, SUBJECTS_PER_MONITOR_MAX } from "@herdbeat/agent/core/condition-table";
import type { MonitorName } from "@herdbeat/shared/ids";
import { monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("condition-table");
const LINK = "network-link" as MonitorName;

function finding(subject: string, status: ConditionStatus, more: Partial<Finding> = {}): Finding {
  const reason = { ok: "Fine", problem: "Broken", unknown: "NotTold" }[status];
  return {
    subject,
    status,
    failureClass: "nic-down",
    reason,
    message: `${subject} ${reason}`,
    ...more,
  };
}

function setup(problemAfter = 1, okAfter = 1) {
  let number = 0;
  let now = 0;
  const table = new ConditionTable({ nextTransition: () => ++number, expected: [LINK] });
  return {
    table,
    look: (...findings: readonly Finding[]) => {
      now += 1_000;
      return table
        .apply(LINK, findings, { problemAfter, okAfter }, monotonicMs(now))
        .map(({ transition, condition }) => [
          transition,
          condition.subject,
          condition.status,
          condition.reason,
        ]);
    },
    fail: () => {
      now += 1_000;
      const why = { reason: "ProbeTimeout", message: "late", failureClass: "nic-down" } as const;
      return table
        .applyUnknown(LINK, why, { problemAfter, okAfter }, monotonicMs(now))
        .map(({ condition }) => [condition.subject, condition.status, condition.reason]);
    },
    shown: () =>
      table
        .all()
        .map(({ subject, status, reason, since, transition }) => [
          subject,
          status,
          reason,
          since,
          transition,
        ]),
  };
}

test("takes what is found ok at start without an event or a number", () => {
  const { look, shown } = setup();
  assert.equal(look(finding("eth0", "ok")), []);
  assert.equal(shown(), [["eth0", "ok", "Fine", 1_000, 0]]);
});

test("makes an event of a problem that is there at start", () => {
  assert.equal(setup().look(finding("eth0", "problem")), [[1, "eth0", "problem", "Broken"]]);
});

test("calls a new subject unknown until enough looks agree", () => {
  const { look, shown } = setup(3);
  assert.equal(look(finding("eth0", "problem")), []);
  assert.equal(look(finding("eth0", "problem")), []);
  assert.equal(shown(), [["eth0", "unknown", "Settling", 1_000, 0]]);
  assert.equal(look(finding("eth0", "problem")), [[1, "eth0", "problem", "Broken"]]);
  assert.equal(shown(), [["eth0", "problem", "Broken", 3_000, 1]]);
});

test("counts only consecutive agreement", () => {
  const { look } = setup(2);
  look(finding("eth0", "ok"));
  assert.equal(look(finding("eth0", "problem")), []);
  assert.equal(look(finding("eth0", "ok")), []);
  assert.equal(look(finding("eth0", "problem")), []);
  assert.equal(look(finding("eth0", "problem")).length, 1);
});

test("does not stay ok while problem and unknown alternate", () => {
  const { look } = setup(2);
  look(finding("eth0", "ok"));
  look(finding("eth0", "unknown"));
  assert.equal(look(finding("eth0", "problem")), [[1, "eth0", "problem", "Broken"]]);
});

test("makes events to and from unknown", () => {
  const { look } = setup();
  look(finding("eth0", "ok"));
  assert.equal(look(finding("eth0", "unknown")), [[1, "eth0", "unknown", "NotTold"]]);
  assert.equal(look(finding("eth0", "problem")), [[2, "eth0", "problem", "Broken"]]);
  assert.equal(look(finding("eth0", "ok")), [[3, "eth0", "ok", "Fine"]]);
});

test("keeps the onset when only class or reason changes", () => {
  const { look, shown } = setup();
  look(finding("eth0", "problem"));
  assert.equal(look(finding("eth0", "problem", { reason: "Other" })), [
    [2, "eth0", "problem", "Other"],
  ]);
  assert.equal(
    look(finding("eth0", "problem", { reason: "Other", failureClass: "nic-degraded" })).length,
    1,
  );
  assert.equal(shown(), [["eth0", "problem", "Other", 1_000, 1]]);
});

test("changes message and attributes without an event", () => {
  const { look, table } = setup();
  look(finding("eth0", "ok", { attributes: { pid: "1" } }));
  assert.equal(look(finding("eth0", "ok", { message: "new", attributes: { pid: "2" } })), []);
  assert.equal(table.all()[0]?.attributes, { pid: "2" });
  look(finding("eth0", "ok", { message: "new" }));
  assert.is(table.all()[0]?.attributes, undefined);
});

test("withdraws a subject that is gone, with an event only if it was not ok", () => {
  const { look, shown } = setup();
  look(finding("eth0", "ok"), finding("eth1", "problem"));
  assert.equal(look(), [[2, "eth1", "ok", "SubjectGone"]]);
  assert.equal(shown(), []);
});

test("turns every subject unknown when the probe told nothing, and back", () => {
  const { look, fail } = setup();
  look(finding("eth0", "ok"), finding("eth1", "ok"));
  assert.equal(fail(), [
    ["eth0", "unknown", "ProbeTimeout"],
    ["eth1", "unknown", "ProbeTimeout"],
  ]);
  assert.equal(look(finding("eth0", "ok"), finding("eth1", "ok")).length, 2);
});

test("says unknown for a monitor that never told any subject", () => {
  const { fail, look } = setup();
  assert.equal(fail(), [["", "unknown", "ProbeTimeout"]]);
  assert.equal(look(finding("eth0", "ok")), [[2, "", "ok", "SubjectGone"]]);
});

test("is complete once every expected monitor has answered, if only with unknown", () => {
  const { table, fail } = setup();
  assert.is(table.isComplete, false);
  fail();
  assert.is(table.isComplete, true);
});

test("bounds subjects, texts and attributes, and takes control characters out", () => {
  const { look, table } = setup();
  const many = Array.from({ length: SUBJECTS_PER_MONITOR_MAX + 5 }, (_, index) =>
    finding(`eth${index}`, "ok"),
  );
  look(...many);
  assert.is(table.all().length, SUBJECTS_PER_MONITOR_MAX);
  assert.is(table.refused, 5);
  const attributes = Object.fromEntries(
    Array.from({ length: 40 }, (_, index) => [`k${index}`, "\u{1F4A9}".repeat(500)]),
  );
  look(finding("a\u0000b\nc", "ok", { message: "\ud800x".repeat(2_000), attributes }));
  const [condition] = table.all();
  assert.is(condition?.subject, "a b c");
  assert.ok(Buffer.byteLength(condition?.message ?? "") <= 1_000);
  assert.is(Object.keys(condition?.attributes ?? {}).length, 16);
  assert.ok(Buffer.byteLength(condition?.attributes?.["k0"] ?? "") <= 250);
});

test("takes the first of two findings of one subject", () => {
  const { look, shown } = setup();
  look(finding("eth0", "ok"), finding("eth0", "problem"));
  assert.equal(shown(), [["eth0", "ok", "Fine", 1_000, 0]]);
});

test.run();
