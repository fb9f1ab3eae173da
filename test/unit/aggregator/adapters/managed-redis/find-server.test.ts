import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findProgram,
  findServer,
  installLine,
} from "@herdbeat/aggregator/adapters/managed-redis/find-server";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";
import { withTempDir } from "../../../../support/temp-dir.ts";

const test = suite("find-server");

for (const [osRelease, line] of [
  ['ID=debian\nVERSION_ID="12"\n', "apt-get install -y --no-install-recommends redis-tools"],
  ["ID=ubuntu\nID_LIKE=debian\n", "apt-get install -y --no-install-recommends redis-tools"],
  [
    'ID=linuxmint\nID_LIKE="ubuntu debian"\n',
    "apt-get install -y --no-install-recommends redis-tools",
  ],
  ['ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n', "dnf install -y redis"],
  ['ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="10.0"\n', "dnf install -y valkey"],
  ['ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n', "dnf install -y redis"],
  ["ID=fedora\nVERSION_ID=42\n", "dnf install -y valkey"],
  ['ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "zypper install -y valkey"],
  ["", "your distribution's package of redis or valkey"],
] as const) {
  test(`tells the install line for ${JSON.stringify(osRelease.slice(0, 40))}`, () => {
    assert.is(installLine(osRelease), line);
  });
}

function makeProgram(folder: string, name: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
  return path;
}

test("prefers a server to a checker, and calls a checker by the server's name", () =>
  withTempDir("find", (folder) => {
    const checker = makeProgram(folder, "valkey-check-rdb");
    const preferred = findServer({ preferred: checker, path: "" });
    assert.equal(preferred, { path: checker, calledAs: "valkey-server" });
    const server = makeProgram(folder, "redis-server");
    assert.equal(findServer({ preferred: "", path: folder }), {
      path: server,
      calledAs: "redis-server",
    });
  }));

test("takes the program it was told, whatever its name", () =>
  withTempDir("find", (folder) => {
    const path = makeProgram(folder, "my-redis");
    assert.equal(findServer({ preferred: path, path: "" }), { path, calledAs: "my-redis" });
  }));

test("passes over what can not be executed and what is relative", () =>
  withTempDir("find", (folder) => {
    makeProgram(folder, "hb-test-program", 0o644);
    assert.is(findProgram("hb-test-program", `.:${folder}`), null);
  }));

test.run();
