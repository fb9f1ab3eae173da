// deadline: 180s
// needs: network
// Three hosts on a bridge, each in a network namespace: the path is broken on the bridge, where no host
// sees it, while every carrier stays.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { startProcess, withProcess } from "../../support/processes.ts";
import { canMakeNamespaces, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";

const test = suite("network-path");
const inNamespace = onlyWith(test, "needs-netns", canMakeNamespaces());
const WATCH = fileURLToPath(new URL("../../support/path-watch.ts", import.meta.url));
const PREFIX = `hbpath${process.pid}`;
const FABRIC = `${PREFIX}fab`;
const HOSTS = ["a", "b", "c"] as const;
const WITHIN = { withinMs: 30_000 };

function run(program: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  assert.is(status, 0, `${program} ${args.join(" ")}: ${stderr}`);
}

function build(): void {
  run("ip", "netns", "add", FABRIC);
  run("ip", "-n", FABRIC, "link", "add", "br0", "type", "bridge");
  run("ip", "-n", FABRIC, "link", "set", "br0", "up");
  for (const [index, host] of HOSTS.entries()) {
    const space = `${PREFIX}${host}`;
    run("ip", "netns", "add", space);
    const peer = ["peer", "name", "eth0", "netns", space];
    run("ip", "-n", FABRIC, "link", "add", `to-${host}`, "type", "veth", ...peer);
    run("ip", "-n", FABRIC, "link", "set", `to-${host}`, "master", "br0", "up");
    run("ip", "-n", space, "address", "add", `10.77.0.${index + 1}/24`, "dev", "eth0");
    run("ip", "-n", space, "link", "set", "lo", "up");
    run("ip", "-n", space, "link", "set", "eth0", "up");
  }
}

function remove(): void {
  for (const name of [FABRIC, ...HOSTS.map((host) => `${PREFIX}${host}`)])
    spawnSync("ip", ["netns", "delete", name]);
}

const nft = (...args: readonly string[]): void =>
  run("ip", "netns", "exec", FABRIC, "nft", ...args);

function breakPath(rule: string): void {
  nft("add", "table", "bridge", "broken");
  nft("add", "chain", "bridge", "broken", "f", "{ type filter hook forward priority 0; }");
  nft("add", "rule", "bridge", "broken", "f", ...rule.split(" "));
}

const faults: readonly (readonly [string, string, RegExp])[] = [
  ["an MTU that the path does not carry", "meta length > 1000 drop", /^LargePacketsLost$/],
  ["a forgotten VLAN", "drop", /^PeersSilent/],
  ["loss of what is sent", "iifname to-a drop", /^PeersSilent/],
  ["loss of what is received", "oifname to-a drop", /^PeersSilent/],
  ["one silent peer", "oifname to-b drop", /^PeersAnswer$/],
];

inNamespace(
  "names what is wrong with a path whose carrier is fine",
  async () => {
    remove();
    build();
    try {
      const inside = ["netns", "exec", `${PREFIX}a`, process.execPath, ...process.execArgv];
      const watch = startProcess("ip", [...inside, WATCH, "eth0", "10.77.0.2", "10.77.0.3"]);
      await withProcess(watch, async (watched) => {
        const output = (): string => watched.output();
        let seen = 0;
        /** Said in a round that began after this call. */
        const says = async (expected: RegExp, what: string): Promise<void> => {
          seen = output().split("\n").length;
          await eventually(
            () =>
              output()
                .split("\n")
                .slice(seen)
                .some((row) => expected.test(row)),
            {
              what,
              ...WITHIN,
            },
          ).catch((error: unknown) => {
            throw new Error(output().slice(-500), { cause: error });
          });
        };
        await says(/^PeersAnswer$/, "answers of the peers");
        for (const [what, rule, expected] of faults) {
          breakPath(rule);
          await says(expected, what);
          nft("delete", "table", "bridge", "broken");
          await says(/^PeersAnswer$/, `the end of ${what}`);
        }
      });
    } finally {
      remove();
    }
  },
  170_000,
);

test.run();
