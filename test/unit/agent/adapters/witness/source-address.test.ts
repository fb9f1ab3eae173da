import type { NetworkInterfaceInfo } from "node:os";
import { isHostAddress, sourceFor } from "@herdbeat/agent/adapters/witness/source-address";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("source-address");

const entry = (cidr: string): NetworkInterfaceInfo => {
  const address = cidr.split("/")[0] ?? "";
  const common = { address, netmask: "", mac: "", internal: false, cidr };
  return address.includes(":")
    ? { ...common, family: "IPv6", scopeid: 0 }
    : { ...common, family: "IPv4" };
};
const INTERFACES = {
  eth0: [entry("192.0.2.1/24")],
  bond1: [entry("10.9.9.9/32"), entry("10.1.0.5/24"), entry("fe80::1/64"), entry("fd00::5/64")],
  bond2: [entry("fe80::2/64")],
};
const NETWORKS = { admin: "eth0", tenant: "bond1", storage: "bond2", gone: "eth9" };

for (const [role, target, expected] of [
  ["admin", "192.0.2.7", "192.0.2.1"],
  ["tenant", "10.1.0.7", "10.1.0.5"],
  ["tenant", "10.200.0.1", "10.9.9.9"],
  ["tenant", "fd00::7", "fd00::5"],
  ["", "192.0.2.7", null],
  ["admin", "fd00::7", "none"],
  ["storage", "fd00::7", "none"],
  ["gone", "192.0.2.7", "none"],
  ["other", "192.0.2.7", "none"],
  ["constructor", "192.0.2.7", "none"],
] as const) {
  test(`asks ${target} over "${role}" from ${expected ?? "any address"}`, () => {
    const source = sourceFor(role, target, NETWORKS, INTERFACES);
    assert.is(source.kind === "none" ? "none" : source.address, expected);
  });
}

for (const address of ["192.0.2.7", "127.0.0.1", "10.255.255.255", "fd00::1", "::1"]) {
  test(`takes ${address} for a machine`, () => {
    assert.is(isHostAddress(address), true);
  });
}

for (const address of [
  "",
  "localhost",
  "example.invalid",
  "192.0.2.7:80",
  "192.0.2.1/24",
  "0x7f.1",
  "fe80::1%eth0",
  "0.0.0.0",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "ff02::1",
  "::ffff:192.0.2.1",
]) {
  test(`asks nobody at "${address}"`, () => {
    assert.is(isHostAddress(address), false);
  });
}

test.run();
