import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { aliveNode } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("condition-incidents");

test("a reported problem is one incident, cleared by its end, with both acknowledged", () => {
  const node = aliveNode();
  node.report("problem", "guest-crashed", "guest-1");
  node.report("ok", "guest-crashed", "guest-1");
  assert.equal(node.lines, [
    "2000 guest-crashed declared",
    "2000 ack 1",
    "2000 guest-crashed cleared",
    "2000 ack 2",
  ]);
});

test("hung, then down, is one incident that changed its class", () => {
  const node = aliveNode();
  node.report("problem", "libvirt-hung", "", "NoAnswer");
  const id = node.state.incidents[0]?.id;
  node.report("problem", "libvirt-down", "", "SocketRefused");
  assert.is(node.state.incidents[0]?.id, id);
  assert.equal(
    node.lines.filter((line) => line.includes("libvirt")),
    ["2000 libvirt-hung declared", "2000 libvirt-down changed"],
  );
});

test("the same report again changes nothing and is acknowledged again", () => {
  const node = aliveNode();
  node.report("problem", "nic-down", "eth0");
  node.lines.length = 0;
  node.transition -= 1;
  node.report("problem", "nic-down", "eth0");
  assert.equal(node.lines, ["2000 ack 1"]);
});

test("unknown neither opens nor clears", () => {
  const node = aliveNode();
  node.report("unknown", "nic-down", "eth0");
  assert.is(node.state.incidents.length, 0);
  node.report("problem", "nic-down", "eth0");
  node.report("unknown", "nic-down", "eth0");
  assert.is(node.state.incidents.length, 1);
});

test("a class that this version does not know is kept as a condition and opens nothing", () => {
  const node = aliveNode();
  node.report("problem", "warp-core-breach");
  assert.is(node.state.incidents.length, 0);
  assert.is(node.state.record.conditions.length, 1);
});

test("a whole list without a condition ends its incident", () => {
  const node = aliveNode();
  node.report("problem", "nic-down", "eth0");
  node.lines.length = 0;
  node.send({ kind: "conditions", conditions: [] });
  assert.equal(node.lines, ["2000 nic-down cleared"]);
  assert.equal(node.state.record.conditions, []);
});

test("a whole list of a monitor that can not tell ends nothing", () => {
  const node = aliveNode();
  node.report("problem", "guest-crashed", "guest-1");
  node.lines.length = 0;
  node.send({
    kind: "conditions",
    conditions: [
      {
        monitor: "test",
        subject: "",
        status: "unknown",
        failureClass: "guest-crashed",
        reason: "NotListed",
        message: "libvirt has not listed its guests yet",
        since: unixMs(0),
        transition: 9,
        attributes: {},
      },
    ],
  });
  assert.equal(node.lines, []);
});

test("silence does not clear what an agent reported", () => {
  const node = aliveNode();
  node.report("problem", "guest-crashed", "guest-1");
  node.kernel = "silent";
  node.run(4_000);
  node.kernel = "answers";
  node.heartbeat();
  assert.equal(
    node.state.incidents.map((one) => one.failureClass),
    ["guest-crashed"],
  );
});

test("what policy ignores is recorded and told to nobody", () => {
  const node = aliveNode({ "nic-down": { action: "ignore", minGrade: 0 } });
  node.report("problem", "nic-down", "eth0");
  assert.equal(node.lines, ["2000 nic-down declared (quiet)", "2000 ack 1"]);
});

test("recovery that lacks proof is on hold, with the grade that would release it", () => {
  const node = aliveNode({ "host-down": { action: "recover", minGrade: 5 } });
  node.kernel = "silent";
  node.run(4_000);
  assert.is(node.state.incidents[0]?.hold?.reason, "grade-too-low");
  assert.match(node.state.incidents[0]?.hold?.releasedBy ?? "", /grade 5/);
});

test("where policy says recover, the incident commits at once and is closed by its end", () => {
  const node = aliveNode({ "guest-crashed": { action: "recover", minGrade: 0 } });
  node.report("problem", "guest-crashed", "guest-1");
  assert.is(node.state.incidents[0]?.phase, "committed");
  assert.is(node.state.incidents[0]?.requestedAction, "restart-guest");
  node.report("ok", "guest-crashed", "guest-1");
  assert.equal(
    node.lines.filter((line) => line.includes("guest-crashed")),
    ["2000 guest-crashed declared", "2000 guest-crashed committed", "2000 guest-crashed closed"],
  );
});

test("silence never commits, whatever policy says", () => {
  const node = aliveNode({ "host-down": { action: "recover", minGrade: 0 } });
  node.kernel = "silent";
  node.run(600_000);
  assert.is(node.state.incidents[0]?.phase, "declared");
});

for (const failureClass of ["libvirt-down", "libvirt-hung", "nic-down", "service-down"]) {
  test(`${failureClass} alone never asks to fence, whatever policy says`, () => {
    const node = aliveNode({ [failureClass]: { action: "recover", minGrade: 0 } });
    node.report("problem", failureClass);
    assert.is.not(node.state.incidents[0]?.requestedAction, "fence-and-resurrect");
  });
}

test("a shadow decides and never asks", () => {
  const node = aliveNode({ "guest-crashed": { action: "recover", minGrade: 0 } });
  node.state = { ...node.state, record: { ...node.state.record, shadow: true } };
  node.report("problem", "guest-crashed", "guest-1");
  assert.is(node.state.incidents[0]?.phase, "declared");
});

test("an agent can not report what only aggregators judge", () => {
  const node = aliveNode({ "host-down": { action: "recover", minGrade: 0 } });
  node.report("problem", "host-down");
  assert.equal(node.state.incidents, []);
});

test("an incident's transitions are bounded and keep the first", () => {
  const node = aliveNode();
  for (let i = 0; i < 200; i++) {
    node.report("problem", i % 2 === 0 ? "libvirt-hung" : "libvirt-down", "", `Reason${i}`);
  }
  const transitions = node.state.incidents[0]?.transitions ?? [];
  assert.is(transitions.length, 64);
  assert.is(transitions[0]?.number, 1);
  assert.is(transitions.at(-1)?.number, 200);
});

test.run();
