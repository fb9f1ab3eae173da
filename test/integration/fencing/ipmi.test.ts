/** Debian's fence_ipmilan against OpenIPMI's simulated BMC. */
// needs: fencing
// deadline: 180s
import { FenceAgentDevice } from "@herdbeat/aggregator/adapters/fence-agent/fence-agent-device";
import type { NodeId } from "@herdbeat/shared/ids";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { type IpmiSimulator, startIpmiSimulator } from "../../support/ipmi-simulator.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("fencing-ipmi");
const NODE = "node-1" as NodeId;
const TEST_DEADLINE_MS = 60_000;

function withBmc(
  use: (bmc: IpmiSimulator, device: (password?: string) => FenceAgentDevice) => Promise<void>,
): Promise<void> {
  return withTempDir("ipmi", async (folder) => {
    const bmc = await startIpmiSimulator(folder);
    const device = (password = bmc.password): FenceAgentDevice =>
      new FenceAgentDevice(
        {
          name: "bmc",
          program: "fence_ipmilan",
          options: bmc.options,
          secrets: { password },
          nodes: [NODE],
          hostOption: "plug",
          hosts: {},
          timeout: durationMs(30_000),
        },
        systemTimers,
      );
    try {
      await use(bmc, device);
    } finally {
      await bmc.unplug();
    }
  });
}

test(
  "its options are those of the agent",
  () =>
    withBmc(async (_bmc, device) => {
      assert.is((await device().check()).kind, "valid");
    }),
  TEST_DEADLINE_MS,
);

test(
  "tells the power, cuts it, and tells it again",
  () =>
    withBmc(async (bmc, device) => {
      assert.equal(await device().status(NODE), { kind: "on" });
      assert.equal(await device().off(NODE), { kind: "done" });
      assert.is(bmc.power(), "off");
      assert.is(bmc.cuts(), 1);
      assert.equal(await device().status(NODE), { kind: "off" });
    }),
  TEST_DEADLINE_MS,
);

test(
  "a BMC that accepts the order and does nothing is not believed",
  () =>
    withBmc(async (bmc, device) => {
      bmc.stick();
      assert.is.not((await device().off(NODE)).kind, "done");
      assert.equal(await device().status(NODE), { kind: "on" });
    }),
  TEST_DEADLINE_MS,
);

test(
  "a wrong password and a BMC without power tell nothing of the node",
  () =>
    withBmc(async (bmc, device) => {
      bmc.setPower("off");
      const refused = await device("wrong").status(NODE);
      assert.ok(refused.kind === "error" || refused.kind === "unreachable", refused.kind);
      await bmc.unplug();
      assert.is.not((await device().status(NODE)).kind, "off");
      assert.is.not((await device().off(NODE)).kind, "done");
    }),
  TEST_DEADLINE_MS,
);

test.run();
