// Whatever happens to a node, and in whatever order: each decision replays from what was recorded of it.
// The driver itself runs every decision and every refusal again.
import type { DetectionConfig } from "@herdbeat/aggregator/core/detection-config";
import type { ReportedCondition } from "@herdbeat/aggregator/core/node-state";
import { unixMs } from "@herdbeat/shared/time";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { aliveNode, type NodeDriver } from "../../../support/node-driver.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("replay of any life");

/** A second of work, but the machine may be busy. */
const LONG = 60_000;
const RECOVER = { action: "recover", minGrade: 0 } as const;
const POLICIES: readonly DetectionConfig["policy"][] = [
  {},
  { "guest-crashed": RECOVER, "host-down": RECOVER, "host-rebooted": RECOVER },
  {
    "nic-down": { action: "ignore", minGrade: 5 },
    "host-down": { action: "recover", minGrade: 3 },
  },
];

type Happening = (node: NodeDriver) => void;

const subject = fc.constantFrom("", "eth0", "guest-1", "guest-2");
const status = fc.constantFrom("ok", "problem", "unknown" as const);
const failureClass = fc.constantFrom("nic-down", "guest-crashed", "service-down", "unheard-of");
const reason = fc.constantFrom("One", "Two");

const condition = fc
  .record({ subject, status, failureClass, reason, monitor: fc.constantFrom("test", "guests") })
  .map(
    (one): ReportedCondition => ({
      ...one,
      status: one.status as ReportedCondition["status"],
      message: `${one.reason} of ${one.subject}`,
      since: unixMs(1_800_000_000_000),
      transition: 1,
      attributes: { name: one.subject },
    }),
  );

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.integer({ min: 1, max: 40 }).map(
    (tenths): Happening =>
      (node) =>
        node.run(tenths * 100),
  ),
  fc.integer({ min: 30, max: 70 }).map(
    (seconds): Happening =>
      (node) =>
        node.run(seconds * 1_000),
  ),
  fc.constant<Happening>((node) => node.run(3_000, true)),
  fc.constantFrom("answers", "silent", "cannot-ask" as const).map(
    (kernel): Happening =>
      (node) => {
        node.kernel = kernel as NodeDriver["kernel"];
      },
  ),
  fc.constantFrom("answers", "silent", "none", "unknown" as const).map(
    (gateway): Happening =>
      (node) => {
        const othersHeard = gateway === "none" ? 0 : 5;
        node.own = {
          gateway: gateway as NodeDriver["own"]["gateway"],
          othersTotal: 5,
          othersHeard,
        };
      },
  ),
  fc
    .record({
      bootId: fc.constantFrom("boot-1", "boot-2"),
      processId: fc.constantFrom("process-1", "process-2"),
      lastTransition: fc.constantFrom(0, 1_000),
    })
    .map(
      (change): Happening =>
        (node) =>
          node.hello(change),
    ),
  fc.constant<Happening>((node) => node.heartbeat()),
  fc.constantFrom("peer-closed", "network-error", "local" as const).map(
    (cause): Happening =>
      (node) =>
        node.close(cause as Parameters<NodeDriver["close"]>[0]),
  ),
  fc.constantFrom("host-shutdown", "stopped").map(
    (why): Happening =>
      (node) =>
        node.send({ kind: "goodbye", reason: why, message: "", heardAt: node.state.lastHeardAt }),
  ),
  fc.constant<Happening>((node) => node.send({ kind: "conflict", detail: "two live sessions" })),
  fc.record({ status, failureClass, subject, reason }).map(
    (one): Happening =>
      (node) =>
        node.report(
          one.status as ReportedCondition["status"],
          one.failureClass,
          one.subject,
          one.reason,
        ),
  ),
  fc.array(condition, { maxLength: 6 }).map(
    (conditions): Happening =>
      (node) =>
        node.send({ kind: "conditions", conditions }),
  ),
);

test(
  "each decision of any life replays",
  () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(
        fc.constantFrom(...POLICIES),
        fc.array(happening, { minLength: 5, maxLength: 25 }),
        (policy, life) => {
          const node = aliveNode(policy);
          for (const happens of life) happens(node);
          for (const line of node.lines) kinds.add(line.replace(/^\d+ \S+ /, ""));
        },
      ),
      // The seed that once found a list with two words about one subject.
      { numRuns: 300, seed: 1_023_040_261 },
    );
    for (const kind of ["declared", "changed", "committed", "retracted", "cleared"]) {
      assert.ok(kinds.has(kind), `no life had a ${kind}: ${[...kinds].join(", ")}`);
    }
  },
  LONG,
);

test.run();
