import type { DaemonState, GuestStatus } from "@herdbeat/agent/core/guest-facts";
import { GUEST_FINDING_DEFAULTS } from "@herdbeat/agent/core/guest-findings";
import { GUEST_HEALTH_DEFAULTS } from "@herdbeat/agent/core/guest-health";
import { createGuestMonitors } from "@herdbeat/agent/monitors/guests";
import { HypervisorFeed } from "@herdbeat/agent/monitors/hypervisor-feed";
import type { ProcessSample } from "@herdbeat/agent/ports/processes";
import { type Clock, durationMs, monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("guest monitors");

const UP: DaemonState = { kind: "up", answeredIn: durationMs(1) };
const DOWN: DaemonState = { kind: "down", since: monotonicMs(0), detail: "refused" };

const RUNNING: GuestStatus = {
  uuid: "guest-1",
  name: "web-1",
  state: "running",
  stateReason: "booted",
  pid: 4_711,
  persistent: true,
  attributes: {},
  heartbeatChannel: null,
  hasGuestAgent: false,
};
const QEMU: ProcessSample = { state: "S", startTicks: 1, cpuTicks: 1, killedBy: 0 };

/** The monitor of guests on a hypervisor whose daemon and QEMUs are as told. */
function setup() {
  let now = 0;
  const hypervisor = { daemon: UP, qemu: null as ProcessSample | null };
  const feed = new HypervisorFeed();
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => unixMs(now) };
  const { guests } = createGuestMonitors(
    { health: GUEST_HEALTH_DEFAULTS, findings: GUEST_FINDING_DEFAULTS, agentPingInterval: null },
    {
      hypervisor: {
        start: () => Promise.resolve(),
        stop: () => Promise.resolve(),
        daemonState: () => hypervisor.daemon,
        pingGuestAgent: () => Promise.resolve("error"),
      },
      feed,
      processes: { sample: () => hypervisor.qemu },
      channels: {
        follow: () => {},
        isConnected: () => false,
        onLine: () => {},
        dropped: () => new Map(),
        stop: () => Promise.resolve(),
      },
      known: { load: () => new Set(), save: () => {} },
      clock,
    },
  );
  void guests.start?.(() => {});
  const probe = async (seconds: number): Promise<readonly string[]> => {
    let said: readonly string[] = [];
    for (let second = 0; second < seconds; second++) {
      now += 1_000;
      const findings = await guests.probe(AbortSignal.timeout(1_000));
      said = findings.map(({ subject, status, reason }) => `${subject} ${status} ${reason}`);
    }
    return said;
  };
  const list = (guestsThere: readonly GuestStatus[]): void =>
    feed.onGuests(guestsThere, durationMs(5));
  return { hypervisor, probe, list };
}

test("a list that never comes is not known, although libvirt answers", async () => {
  const { probe, list } = setup();
  assert.equal(await probe(1), [" unknown NotListed"]);
  list([]);
  assert.equal(await probe(30), []);
  assert.equal(await probe(1), [" unknown NotListed"]);
});

test("a daemon that does not answer is not said twice", async () => {
  const { hypervisor, probe, list } = setup();
  list([]);
  hypervisor.daemon = DOWN;
  assert.equal(await probe(60), []);
  hypervisor.daemon = UP;
  assert.equal(await probe(30), []);
});

test("a guest is not crashed because libvirt does not answer, only when its QEMU is gone", async () => {
  const { hypervisor, probe, list } = setup();
  hypervisor.qemu = QEMU;
  list([RUNNING]);
  assert.equal(await probe(1), ["guest-1 ok Running"]);
  hypervisor.daemon = DOWN;
  assert.equal(await probe(60), ["guest-1 ok Running"]);
  hypervisor.qemu = null;
  assert.equal(await probe(60), ["guest-1 problem QemuVanished"]);
});

test.run();
