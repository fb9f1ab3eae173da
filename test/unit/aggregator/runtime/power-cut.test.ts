// What the readings of several devices come to.
import { cutPower, notOffBecause } from "@herdbeat/aggregator/runtime/power-cut";
import type { NodeId } from "@herdbeat/shared/ids";
import { unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { FakeFenceDevice } from "../../../support/fake-fence-device.ts";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("power-cut");
const NODE = "node-1" as NodeId;

function device(name: string, power: "on" | "off" | "unreachable"): FakeFenceDevice {
  const made = new FakeFenceDevice(name, [NODE], power === "unreachable" ? "on" : power);
  if (power === "unreachable") {
    made.says = { kind: "unreachable", detail: "timed out" };
    made.answersOff = { kind: "unreachable", detail: "timed out" };
  }
  return made;
}

test("an on of any device outweighs what all the others say, in whatever order they are asked", async () => {
  for (const needsOff of [true, false]) {
    const both = [device("a", "off"), device("b", "on")];
    for (const devices of [both, both.toReversed()])
      assert.match((await notOffBecause(NODE, devices, needsOff)) ?? "", /b says on/);
  }
});

test("what a device confirmed must be confirmed again, what an operator saw only not denied", async () => {
  const off = [device("a", "unreachable"), device("b", "off")];
  assert.is(await notOffBecause(NODE, off, true), null);
  const silent = [device("a", "unreachable")];
  assert.match((await notOffBecause(NODE, silent, true)) ?? "", /a says unreachable/);
  assert.is(await notOffBecause(NODE, silent, false), null);
  assert.match((await notOffBecause(NODE, [], true)) ?? "", /no device/);
  assert.is(await notOffBecause(NODE, [], false), null);
});

test("nothing is confirmed while a device is left that says on, nor without any device", async () => {
  const time = new VirtualTime(unixMs(0));
  const cut = async (devices: readonly FakeFenceDevice[]) => {
    const running = cutPower(NODE, devices, {
      timers: time.timers,
      saidOn: () => true,
      mayOrder: () => Promise.resolve(true),
      onProgress: () => {},
    });
    await time.advance(120_000);
    return (await running).kind;
  };
  const stuck = device("stuck", "on");
  stuck.works = false;
  assert.is(await cut([device("a", "on"), stuck]), "unanswered");
  assert.is(await cut([stuck, device("a", "on")]), "unanswered");
  assert.is(await cut([device("a", "off"), device("b", "unreachable")]), "off");
  assert.is(await cut([]), "unanswered");
});

test.run();
