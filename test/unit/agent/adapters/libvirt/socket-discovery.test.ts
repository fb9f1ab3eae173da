import { connectionUri, driverUri } from "@herdbeat/agent/adapters/libvirt/socket-discovery";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("socket-discovery");

const SOCKET = "/run/libvirt/libvirt-sock-ro";
const ENCODED = "socket=%2Frun%2Flibvirt%2Flibvirt-sock-ro";

for (const [uri, expected] of [
  ["qemu:///system", `qemu+unix:///system?${ENCODED}`],
  ["qemu+unix:///session", `qemu+unix:///session?${ENCODED}`],
  ["qemu+unix:///system?socket=/run/other/libvirt-sock", `qemu+unix:///system?${ENCODED}`],
  ["qemu:///system?mode=direct&socket=/a&x=1", `qemu+unix:///system?mode=direct&x=1&${ENCODED}`],
] as const) {
  test(`names one socket behind ${uri}`, () => {
    assert.is(connectionUri(uri, SOCKET), expected);
  });
}

for (const [uri, driver] of [
  ["qemu:///system", "qemu:///system"],
  ["qemu+unix:///system?socket=/run/x", "qemu:///system"],
  ["qemu:///session?socket=%2Frun", "qemu:///session"],
] as const) {
  test(`the daemon behind a socket is asked for ${driver} when ${uri} is configured`, () => {
    assert.is(driverUri(uri), driver);
  });
}

test.run();
