import type { GuestEvent, GuestStatus, StopReason } from "@herdbeat/agent/core/guest-facts";
import { GUEST_FINDING_DEFAULTS, guestFinding } from "@herdbeat/agent/core/guest-findings";
import {
  GUEST_HEALTH_DEFAULTS,
  type GuestHealth,
  type GuestObservation,
  newGuest,
  stepGuest,
} from "@herdbeat/agent/core/guest-health";
import type { ProcessLook } from "@herdbeat/agent/core/guest-process";
import { type MonotonicMs, monotonicMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("guest-health");

const UUID = "4fce0cae-5a39-4d6e-95b6-4cc556f23571";
const PID = 4711;
const TICK_MS = 100;

const running: GuestStatus = {
  uuid: UUID,
  name: "web",
  state: "running",
  stateReason: "booted",
  pid: PID,
  persistent: true,
  attributes: {},
  heartbeatChannel: "/run/web.sock",
  hasGuestAgent: true,
};
const alive: ProcessLook = { state: "S", startTicks: 900, cpuTicks: 50, killedBy: 0 };
const stoppedByUser: ProcessLook = { ...alive, state: "T" };
const zombie = (killedBy: number): ProcessLook => ({ ...alive, state: "Z", killedBy });

/** One guest that ran for a second, and the means to let things happen to it. */
class Story {
  guest: GuestHealth;
  now: MonotonicMs = monotonicMs(10_000);

  constructor(status: GuestStatus = running, ranBefore = false) {
    this.guest = newGuest(status, ranBefore, this.now);
  }

  static ofRunningGuest(): Story {
    return new Story().looks(alive, 1_000);
  }

  /** Ten looks a second for `ms`. */
  looks(look: ProcessLook | null, ms: number, isChannelConnected = false): Story {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.now = monotonicMs(this.now + TICK_MS);
      this.observe({ kind: "process", look, isChannelConnected });
    }
    return this;
  }

  stalls(ms: number): Story {
    this.now = monotonicMs(this.now + ms);
    return this;
  }

  event(kind: GuestEvent["kind"], detail = ""): Story {
    this.now = monotonicMs(this.now + 1);
    return this.observe({ kind: "event", event: { kind, uuid: UUID, detail } as GuestEvent });
  }

  /** A list that was begun `ageMs` ago. */
  listed(status: Partial<GuestStatus>, ageMs = 0): Story {
    this.now = monotonicMs(this.now + 1);
    const begunAt = monotonicMs(this.now - ageMs);
    return this.observe({ kind: "listed", status: { ...running, ...status }, begunAt });
  }

  beats(): Story {
    return this.observe({ kind: "beat", beat: { kind: "ok" } });
  }

  observe(observation: GuestObservation): Story {
    this.guest = stepGuest(this.guest, observation, this.now, GUEST_HEALTH_DEFAULTS);
    return this;
  }

  /** `<class> <reason>` of a problem, the bare status otherwise, `none` when nothing is said. */
  get verdict(): string {
    const finding = guestFinding(this.guest, this.now, GUEST_FINDING_DEFAULTS);
    if (finding === null) return "none";
    const { status, failureClass, reason } = finding;
    return status === "problem" ? `${failureClass} ${reason}` : status;
  }
}

const STOPS: readonly (readonly [StopReason, string])[] = [
  ["shutdown", "none"],
  ["destroyed", "none"],
  ["migrated", "none"],
  ["saved", "none"],
  ["from-snapshot", "none"],
  ["unknown", "none"],
  ["crashed", "guest-crashed QemuFailed"],
  ["failed", "guest-crashed QemuFailed"],
];

for (const [reason, expected] of STOPS) {
  test(`says ${expected} of a running guest that stopped with reason ${reason}`, () => {
    assert.is(Story.ofRunningGuest().event("stopped", reason).verdict, expected);
  });
}

test("holds a vanished QEMU for libvirt's reason, then calls it a crash", () => {
  const story = Story.ofRunningGuest().looks(null, 700);
  assert.is(story.verdict, "ok");
  assert.is(story.looks(null, 100).verdict, "guest-crashed QemuVanished");
});

test("believes a destroy whose event arrives within the hold", () => {
  const story = Story.ofRunningGuest().looks(null, 600).event("stopped", "destroyed");
  assert.is(story.looks(null, 2_000).verdict, "none");
});

test("takes a crash back when libvirt gives a deliberate reason later", () => {
  const story = Story.ofRunningGuest().looks(null, 1_000);
  assert.is(story.verdict, "guest-crashed QemuVanished");
  assert.is(story.event("stopped", "destroyed").verdict, "none");
});

test("waits for a QEMU that ended by itself to be reaped, as libvirt does", () => {
  const story = Story.ofRunningGuest().looks(zombie(0), 2_500).event("shutdown", "host");
  assert.is(story.event("stopped", "destroyed").verdict, "none");
});

test("calls a QEMU that was killed by a signal a crash before it is reaped", () => {
  const story = Story.ofRunningGuest().looks(zombie(11), 800);
  assert.is(story.verdict, "guest-crashed QemuVanished");
});

test("gives a stopped QEMU that libvirt kills by force time to be reaped", () => {
  const story = Story.ofRunningGuest().looks(stoppedByUser, 1_000).looks(zombie(9), 2_500);
  assert.is(story.event("stopped", "destroyed").verdict, "none");
});

test("does not count its own stall as time that libvirt had", () => {
  const story = Story.ofRunningGuest().looks(null, 100).stalls(60_000).looks(null, 100);
  assert.is(story.verdict, "ok");
  assert.is(story.event("stopped", "destroyed").verdict, "none");
});

test("reports the death of a QEMU after a shutdown request as deliberate", () => {
  assert.is(Story.ofRunningGuest().event("shutdown", "guest").looks(null, 5_000).verdict, "none");
});

test("holds a guest that is being migrated away much longer", () => {
  const story = Story.ofRunningGuest().event("suspended", "migrated").looks(null, 9_000);
  assert.is(story.event("stopped", "migrated").verdict, "none");
});

test("recognizes another process with the same pid as the end of the first", () => {
  const story = Story.ofRunningGuest().looks({ ...alive, startTicks: 901 }, 1_000);
  assert.is(story.verdict, "guest-crashed QemuVanished");
});

test("does not believe a list that was begun before the event it contradicts", () => {
  const story = Story.ofRunningGuest().event("stopped", "failed").listed({}, 4_000);
  assert.is(story.verdict, "guest-crashed QemuFailed");
});

test("does not believe a list that names the process that died", () => {
  const story = Story.ofRunningGuest().looks(null, 1_000).listed({});
  assert.is(story.verdict, "guest-crashed QemuVanished");
});

test("clears a crash when the guest runs again with another process", () => {
  const story = Story.ofRunningGuest().looks(null, 1_000).event("started", "booted");
  assert.is(story.listed({ pid: 4712 }).looks({ ...alive, startTicks: 2_000 }, 500).verdict, "ok");
});

test("clears a crash when somebody undefines the guest", () => {
  const story = Story.ofRunningGuest().looks(null, 1_000).event("undefined", "removed");
  assert.is(story.verdict, "none");
});

test("forgets the crash of a guest that libvirt does not know any more after ten minutes", () => {
  const transient = { ...running, persistent: false };
  const story = new Story(transient).looks(alive, 500).looks(null, 1_000);
  story.observe({ kind: "unlisted" });
  assert.is(story.verdict, "guest-crashed QemuVanished");
  assert.is(story.stalls(600_000).verdict, "none");
});

test("says nothing of a failed start", () => {
  const story = new Story({ ...running, state: "shut-off", stateReason: "shutdown", pid: null });
  assert.is(story.event("stopped", "failed").verdict, "none");
});

const SHUT_OFF: readonly (readonly [string, boolean, string])[] = [
  ["crashed", true, "guest-crashed FoundCrashed"],
  ["failed", true, "guest-crashed FoundCrashed"],
  ["daemon", true, "guest-crashed FoundCrashed"],
  ["destroyed", true, "none"],
  ["shutdown", true, "none"],
  ["unknown", true, "none"],
  ["crashed", false, "none"],
];

for (const [stateReason, ranBefore, expected] of SHUT_OFF) {
  const past = ranBefore ? "ran" : "did not run";
  test(`says ${expected} of a guest found shut off (${stateReason}) that ${past} before`, () => {
    const status: GuestStatus = { ...running, state: "shut-off", stateReason, pid: null };
    assert.is(new Story(status, ranBefore).verdict, expected);
  });
}

test("finds a panicked guest that was kept", () => {
  const status: GuestStatus = { ...running, state: "crashed", stateReason: "panicked" };
  assert.is(new Story(status).verdict, "guest-crashed GuestPanicked");
});

const PAUSES: readonly (readonly [string, string])[] = [
  ["user", "ok"],
  ["migration", "ok"],
  ["snapshot", "ok"],
  ["ioerror", "guest-io-error PausedOnIoError"],
  ["watchdog", "guest-hung PausedByWatchdog"],
];

for (const [stateReason, expected] of PAUSES) {
  test(`says ${expected} of a guest paused for ${stateReason}`, () => {
    assert.is(Story.ofRunningGuest().listed({ state: "paused", stateReason }).verdict, expected);
  });
}

test("clears an I/O error when the guest is resumed", () => {
  const story = Story.ofRunningGuest().event("io-error", "pause: enospc on vda");
  story.event("suspended", "ioerror");
  assert.is(story.verdict, "guest-io-error PausedOnIoError");
  assert.is(story.event("resumed", "unpaused").verdict, "ok");
});

test("calls a QEMU hung that is stopped for two seconds while libvirt says running", () => {
  const story = Story.ofRunningGuest().looks(stoppedByUser, 1_900);
  assert.is(story.verdict, "ok");
  assert.is(story.looks(stoppedByUser, 200).verdict, "guest-hung QemuStopped");
  assert.is(story.looks(alive, 100).verdict, "ok");
});

test("expects no heartbeat of a guest that never sent one", () => {
  assert.is(Story.ofRunningGuest().looks(alive, 60_000, true).verdict, "ok");
});

test("calls a silent guest hung when its CPUs stand still", () => {
  const story = Story.ofRunningGuest().beats().looks(alive, 9_900, true);
  assert.is(story.verdict, "ok");
  assert.is(story.looks(alive, 200, true).verdict, "guest-hung HeartbeatLost");
  assert.is(story.beats().verdict, "ok");
});

test("calls a silent guest hung when a CPU spins", () => {
  const story = Story.ofRunningGuest().beats();
  for (let second = 0; second < 11; second++) {
    story.looks({ ...alive, cpuTicks: 50 + second * 100 }, 1_000, true);
  }
  assert.is(story.verdict, "guest-hung HeartbeatLost");
});

test("can not tell of a silent guest whose CPUs work", () => {
  const story = Story.ofRunningGuest().beats();
  for (let second = 0; second < 12; second++) {
    story.looks({ ...alive, cpuTicks: 50 + second * 10 }, 1_000, true);
  }
  assert.is(story.verdict, "unknown");
});

test("counts silence only while it listens", () => {
  assert.is(Story.ofRunningGuest().beats().looks(alive, 60_000, false).verdict, "ok");
});

test("expects heartbeats anew after a reboot and after the service said goodbye", () => {
  const rebooted = Story.ofRunningGuest().beats().event("rebooted").looks(alive, 60_000, true);
  const left = Story.ofRunningGuest()
    .beats()
    .observe({ kind: "beat", beat: { kind: "bye" } });
  assert.is(rebooted.verdict, "ok");
  assert.is(left.looks(alive, 60_000, true).verdict, "ok");
});

test("calls a guest hung when its agent, once proven, misses three pings", () => {
  const story = Story.ofRunningGuest();
  const ping = (outcome: "answered" | "timeout" | "not-connected"): Story =>
    story.observe({ kind: "agent-ping", outcome });
  for (let count = 0; count < 5; count++) ping("timeout");
  assert.is(story.verdict, "ok");
  ping("answered");
  for (let count = 0; count < 3; count++) ping("timeout");
  assert.is(story.verdict, "guest-hung AgentSilent");
  assert.is(ping("not-connected").verdict, "ok");
});

test("lets a fired watchdog stand until the guest shows life", () => {
  const story = Story.ofRunningGuest().event("watchdog", "none");
  assert.is(story.verdict, "guest-hung WatchdogFired");
  assert.is(story.beats().verdict, "ok");
});

test.run();
