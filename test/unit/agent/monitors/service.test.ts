import { readFileSync } from "node:fs";
import { parseUnitStates } from "@herdbeat/agent/core/unit-state";
import { createServiceMonitor, type ServiceConfig } from "@herdbeat/agent/monitors/service";
import type { CheckResult, ProcessIdentity } from "@herdbeat/agent/ports/services";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("service");
const UNITS = readFileSync(
  new URL("../../../fixtures/systemctl-show/units.txt", import.meta.url),
  "utf8",
);

const PLAIN: ServiceConfig = {
  name: "nova",
  unit: null,
  executable: null,
  pidFile: null,
  check: null,
  checkInterval: durationMs(10_000),
};

function setup(config: Partial<ServiceConfig>) {
  const time = new VirtualTime(unixMs(0));
  const world = {
    text: UNITS,
    systemd: true,
    populated: true as boolean | null,
    shows: 0,
    hangs: false,
    processes: new Map<number, ProcessIdentity>(),
    pidFile: null as number | null,
    check: "answered" as CheckResult["outcome"],
    checks: 0,
  };
  const monitor = createServiceMonitor([{ ...PLAIN, ...config }], {
    clock: time.clock,
    manager: {
      isPresent: () => world.systemd,
      show: () => {
        world.shows += 1;
        return world.hangs ? Promise.reject(new Error("no answer")) : Promise.resolve(world.text);
      },
      isPopulated: () => world.populated,
      isHostStopping: () => Promise.resolve(false),
    },
    processes: {
      identify: (pid) => world.processes.get(pid) ?? null,
      findByExecutable: (path) =>
        [...world.processes.values()].filter(({ executable }) => executable === path),
      readPidFile: () => Promise.resolve(world.pidFile),
    },
    checks: {
      run: () => {
        world.checks += 1;
        return Promise.resolve({ outcome: world.check, detail: "x", took: durationMs(1) });
      },
    },
  });
  const look = async (): Promise<readonly unknown[]> => {
    const [finding] = await monitor.probe(new AbortController().signal);
    await time.advance(1_000);
    return [finding?.status, finding?.failureClass, finding?.reason];
  };
  return { world, look, time };
}

const process = (pid: number, executable: string | null, startTicks = 1): ProcessIdentity => ({
  pid,
  executable,
  startTicks,
});

test("reads every unit of a systemctl output, by each of its names", () => {
  const states = parseUnitStates(UNITS);
  assert.equal([...states.keys()].sort(), [
    "absent.service",
    "neutron-agent.service",
    "nova-compute.service",
    "openstack-nova-compute.service",
  ]);
  assert.equal(states.get("openstack-nova-compute.service"), {
    loadState: "loaded",
    activeState: "active",
    subState: "running",
    result: "success",
    mainPid: 1234,
    controlGroup: "/system.slice/nova-compute.service",
    restarts: 2,
  });
});

for (const text of [
  "",
  "\n\n\n",
  "=",
  "Id",
  "Id=\n",
  "MainPID=x\nId=a.service",
  "\u0000".repeat(100),
]) {
  test(`reads ${JSON.stringify(text.slice(0, 20))} without a unit of sense`, () => {
    for (const state of parseUnitStates(text).values()) assert.is(state.mainPid, 0);
  });
}

const units: readonly (readonly [unit: string, expected: readonly unknown[]])[] = [
  ["nova-compute.service", ["ok", "service-down", "Running"]],
  ["openstack-nova-compute.service", ["ok", "service-down", "Running"]],
  ["neutron-agent.service", ["problem", "service-hung", "WatchdogTimeout"]],
  ["absent.service", ["problem", "service-down", "UnitNotFound"]],
  ["unheard-of.service", ["unknown", "service-down", "ManagerSilent"]],
];

for (const [unit, expected] of units) {
  test(`judges ${unit}`, async () => {
    assert.equal(await setup({ unit }).look(), expected);
  });
}

const states: readonly (readonly [string, string, readonly unknown[]])[] = [
  ["failed", "failed", ["problem", "service-down", "Failed"]],
  ["activating", "auto-restart", ["problem", "service-down", "Restarting"]],
  ["activating", "start-pre", ["unknown", "service-down", "Starting"]],
  ["inactive", "dead", ["problem", "service-down", "Stopped"]],
  ["active", "exited", ["ok", "service-down", "Running"]],
];

for (const [active, sub, expected] of states) {
  test(`judges ${active} (${sub})`, async () => {
    const { world, look } = setup({ unit: "nova-compute.service" });
    world.text = UNITS.replace("ActiveState=active", `ActiveState=${active}`).replace(
      "SubState=running",
      `SubState=${sub}`,
    );
    assert.equal(await look(), expected);
  });
}

test("asks systemd once a minute while all is well, and trusts the kernel in between", async () => {
  const { world, look } = setup({ unit: "nova-compute.service" });
  for (let second = 0; second < 59; second++) await look();
  assert.is(world.shows, 1);
  world.populated = false;
  assert.equal(await look(), ["problem", "service-down", "ProcessGone"]);
  await look();
  assert.is(world.shows, 2);
});

test("keeps what it knows while systemd hangs", async () => {
  const { world, look } = setup({ unit: "nova-compute.service" });
  await look();
  world.hangs = true;
  for (let second = 0; second < 70; second++) await look();
  assert.equal(await look(), ["ok", "service-down", "Running"]);
});

test("is unknown when systemd never answered", async () => {
  const { world, look } = setup({ unit: "nova-compute.service" });
  world.hangs = true;
  assert.equal(await look(), ["unknown", "service-down", "ManagerSilent"]);
});

test("tells an impostor by its program", async () => {
  const { world, look } = setup({ unit: "nova-compute.service", executable: "/usr/bin/nova" });
  world.processes.set(1234, process(1234, "/usr/bin/sleep"));
  assert.equal(await look(), ["problem", "service-impostor", "WrongProgram"]);
  world.processes.set(1234, process(1234, null));
  assert.equal(await look(), ["ok", "service-down", "Running"]);
});

test("follows a pid file: missing, stale, reused by another program, right", async () => {
  const { world, look } = setup({ pidFile: "/run/x.pid", executable: "/usr/bin/x" });
  assert.equal(await look(), ["problem", "service-down", "NoPidFile"]);
  world.pidFile = 77;
  assert.equal(await look(), ["problem", "service-down", "ProcessGone"]);
  world.processes.set(77, process(77, "/usr/bin/other"));
  assert.equal(await look(), ["problem", "service-impostor", "WrongProgram"]);
  world.processes.set(77, process(77, "/usr/bin/x"));
  assert.equal(await look(), ["ok", "service-down", "Running"]);
});

test("follows a program across restarts and does not mistake a reused pid", async () => {
  const { world, look } = setup({ executable: "/usr/bin/x" });
  assert.equal(await look(), ["problem", "service-down", "ProcessGone"]);
  world.processes.set(5, process(5, "/usr/bin/x", 1));
  assert.equal(await look(), ["ok", "service-down", "Running"]);
  world.processes.set(5, process(5, "/usr/bin/y", 2));
  assert.equal(await look(), ["problem", "service-down", "ProcessGone"]);
});

test("uses processes where systemd does not run, and says unknown where it can use nothing", async () => {
  const both = setup({ unit: "nova-compute.service", executable: "/usr/bin/x" });
  both.world.systemd = false;
  both.world.processes.set(5, process(5, "/usr/bin/x"));
  assert.equal(await both.look(), ["ok", "service-down", "Running"]);
  const none = setup({ unit: "nova-compute.service" });
  none.world.systemd = false;
  assert.equal(await none.look(), ["unknown", "service-down", "NoServiceManager"]);
});

test("calls a running service hung after two failed checks in a row", async () => {
  const { world, look } = setup({
    executable: "/usr/bin/x",
    check: { kind: "tcp", address: "127.0.0.1:1", timeout: durationMs(1_000) },
  });
  world.processes.set(5, process(5, "/usr/bin/x"));
  world.check = "timeout";
  for (let second = 0; second < 10; second++) {
    assert.equal(await look(), ["ok", "service-down", "Running"]);
  }
  await look();
  assert.equal(await look(), ["problem", "service-hung", "CheckTimeout"]);
  world.check = "answered";
  for (let second = 0; second < 10; second++) await look();
  assert.equal(await look(), ["ok", "service-down", "Running"]);
  assert.ok(world.checks <= 4);
});

test.run();
