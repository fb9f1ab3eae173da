// deadline: 300s
// needs: guests
// A real libvirtd of our own with real (tiny, emulated) guests: what dies, hangs and ends on purpose.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { type EventuallyOptions, eventually } from "../../support/eventually.ts";
import { GuestWatch } from "../../support/guest-watch.ts";
import { hasCommand, isRoot, onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { ThrowawayLibvirtd } from "../../support/throwaway-libvirtd.ts";

const test = suite("libvirt");
const isInstalled = ["libvirtd", "virsh", "qemu-system-x86_64"].every(hasCommand);
const withLibvirt = onlyWith(test, "needs-libvirt", isInstalled);
const withLibvirtAsRoot = isInstalled ? onlyWith(test, "needs-root", isRoot()) : withLibvirt;

/** A guest boots in 3 s on a quiet machine; everything here is allowed ten times as long. */
const LONG = 45_000;
const wait: EventuallyOptions = { withinMs: 30_000 };

const stateDir = makeTempDir("guest-watch");
const daemon = isInstalled ? await ThrowawayLibvirtd.start() : null;
let current: GuestWatch | null = null;

/** The running daemon and a running watch. */
async function setUp(): Promise<{ daemon: ThrowawayLibvirtd; watch: GuestWatch }> {
  if (daemon === null) throw new Error("libvirt is not installed");
  if (current === null) {
    current = new GuestWatch(daemon, stateDir.path);
    await current.start();
  }
  const watch = current;
  await eventually(() => watch.verdict("libvirt-daemon") === "ok", wait);
  return { daemon, watch };
}

/** Prints how long it took until `isSo`; asserts only that it came. */
async function timed(what: string, isSo: () => boolean): Promise<void> {
  const from = performance.now();
  await eventually(isSo, { ...wait, everyMs: 5, what });
  console.log(`measured: ${what} after ${Math.round(performance.now() - from)} ms`);
}

test.after(async () => {
  await current?.stop();
  await daemon?.stop();
  stateDir.remove();
});

withLibvirt(
  "follows a healthy guest and hears its heartbeat",
  async () => {
    const { daemon, watch } = await setUp();
    const nova = { name: "web-1", project: "0f1e2d3c4b5a69788796a5b4c3d2e1f0", flavor: "m1.tiny" };
    const { uuid } = await daemon.startGuest({ name: "steady", nova });
    await eventually(() => watch.verdict("workloads", uuid) === "ok", wait);
    const finding = watch.finding("guests", uuid);
    assert.is(finding?.status, "ok");
    assert.equal(finding?.attributes, {
      novaName: nova.name,
      project: nova.project,
      flavor: nova.flavor,
      image: "a7c8a4b6-11de-4c6e-9f0e-1d2c3b4a5f60",
      name: "steady",
      uuid,
      pid: String(daemon.guestPid("steady")),
    });
  },
  LONG,
);

withLibvirt(
  "reports a killed QEMU as a crash, and a restarted guest as well again",
  async () => {
    const { daemon, watch } = await setUp();
    const { uuid } = await daemon.startGuest({ name: "victim" });
    await eventually(() => watch.verdict("guests", uuid) === "ok", wait);
    process.kill(daemon.guestPid("victim"), "SIGKILL");
    await timed("guest-crashed of a killed QEMU", () =>
      watch.verdict("guests", uuid).startsWith("guest-crashed"),
    );
    await eventually(async () => (await daemon.virsh("domstate", "victim")) === "shut off", wait);
    await daemon.virsh("start", "victim");
    await eventually(() => watch.verdict("guests", uuid) === "ok", wait);
    await daemon.virsh("destroy", "victim");
    await eventually(() => watch.verdict("guests", uuid) === "none", wait);
  },
  LONG,
);

withLibvirt(
  "takes destroy, suspend, resume, undefine and a guest's own shutdown for no failure",
  async () => {
    const { daemon, watch } = await setUp();
    const one = await daemon.startGuest({ name: "one" });
    const two = await daemon.startGuest({ name: "two", words: ["hb.poweroff"] });
    await eventually(() => watch.verdict("guests", one.uuid) === "ok", wait);
    await daemon.virsh("suspend", "one");
    await eventually(() => watch.finding("guests", one.uuid)?.reason === "Paused", wait);
    await daemon.virsh("resume", "one");
    await eventually(() => watch.finding("guests", one.uuid)?.reason === "Running", wait);
    // While it runs: it becomes a guest that leaves libvirt's list with its end.
    await daemon.virsh("undefine", "one");
    await daemon.virsh("destroy", "one");
    await eventually(() => watch.verdict("guests", one.uuid) === "none", wait);
    await eventually(async () => (await daemon.virsh("domstate", "two")) === "shut off", wait);
    await eventually(() => watch.verdict("guests", two.uuid) === "none", wait);
    const subjects = [one.uuid, two.uuid];
    const problems = watch.problems.filter((line) => subjects.some((uuid) => line.includes(uuid)));
    assert.equal(problems, []);
  },
  LONG,
);

withLibvirt(
  "reports a stopped QEMU as hung, until it goes on",
  async () => {
    const { daemon, watch } = await setUp();
    const { uuid } = await daemon.startGuest({ name: "frozen" });
    await eventually(() => watch.verdict("guests", uuid) === "ok", wait);
    process.kill(daemon.guestPid("frozen"), "SIGSTOP");
    await timed("guest-hung of a stopped QEMU", () =>
      watch.verdict("guests", uuid).startsWith("guest-hung"),
    );
    process.kill(daemon.guestPid("frozen"), "SIGCONT");
    await eventually(() => watch.verdict("guests", uuid) === "ok", wait);
    await daemon.virsh("destroy", "frozen");
  },
  LONG,
);

withLibvirt(
  "reports a panicked guest and a workload's failed check",
  async () => {
    const { daemon, watch } = await setUp();
    const panicking = await daemon.startGuest({ name: "panicking", words: ["hb.panic"] });
    const failing = await daemon.startGuest({ name: "failing", words: ["hb.failing"] });
    const isCrashed = () => watch.verdict("guests", panicking.uuid).startsWith("guest-crashed");
    await eventually(isCrashed, wait);
    const isFailed = () => watch.verdict("workloads", failing.uuid).startsWith("workload-failed");
    await eventually(isFailed, wait);
    assert.match(watch.finding("workloads", failing.uuid)?.message ?? "", "demo");
    await daemon.virsh("destroy", "failing");
  },
  LONG,
);

withLibvirtAsRoot(
  "reports a guest that was paused by an I/O error",
  async () => {
    const { daemon, watch } = await setUp();
    const folder = join(daemon.root, "small");
    const script = `mkdir ${folder} && mount -t tmpfs -o size=2m tmpfs ${folder} &&
      qemu-img create -q -f qcow2 ${folder}/disk.qcow2 64M`;
    // Inside the daemon's own mount namespace, where it goes away with the daemon.
    execFileSync("nsenter", ["-t", String(daemon.pid), "-m", "sh", "-c", script]);
    const disk = `${folder}/disk.qcow2`;
    const { uuid } = await daemon.startGuest({ name: "full", disk, words: ["hb.writer"] });
    await eventually(() => watch.verdict("guests", uuid).startsWith("guest-io-error"), wait);
    console.log(`measured: ${watch.finding("guests", uuid)?.message}`);
    await daemon.virsh("destroy", "full");
    await eventually(() => watch.verdict("guests", uuid) === "none", wait);
  },
  LONG,
);

withLibvirt(
  "tells a stopped daemon from a dead one, without ever being late itself",
  async () => {
    const { daemon, watch } = await setUp();
    watch.worstTickDelayMs = 0;
    process.kill(daemon.pid, "SIGSTOP");
    await timed("libvirt-hung of a stopped daemon", () =>
      watch.verdict("libvirt-daemon").startsWith("libvirt-hung"),
    );
    process.kill(daemon.pid, "SIGCONT");
    await timed("ok of a continued daemon", () => watch.verdict("libvirt-daemon") === "ok");
    process.kill(daemon.pid, "SIGKILL");
    await timed("libvirt-down of a killed daemon", () =>
      watch.verdict("libvirt-daemon").startsWith("libvirt-down"),
    );
    console.log(`measured: worst delay of the main loop ${Math.round(watch.worstTickDelayMs)} ms`);
    await daemon.startDaemon();
    await timed("ok of a restarted daemon", () => watch.verdict("libvirt-daemon") === "ok");
  },
  LONG,
);

withLibvirt(
  "reports a guest that crashes while the daemon is away, and takes up the others again",
  async () => {
    const { daemon, watch } = await setUp();
    const lost = await daemon.startGuest({ name: "lost" });
    const kept = await daemon.startGuest({ name: "kept" });
    await eventually(() => watch.verdict("guests", lost.uuid) === "ok", wait);
    await eventually(() => watch.verdict("guests", kept.uuid) === "ok", wait);
    process.kill(daemon.pid, "SIGKILL");
    await eventually(() => watch.verdict("libvirt-daemon").startsWith("libvirt-down"), wait);
    process.kill(daemon.guestPid("lost"), "SIGKILL");
    await timed("guest-crashed without a daemon", () =>
      watch.verdict("guests", lost.uuid).startsWith("guest-crashed"),
    );
    await daemon.startDaemon();
    process.kill(daemon.guestPid("kept"), "SIGKILL");
    await eventually(() => watch.verdict("guests", kept.uuid).startsWith("guest-crashed"), wait);
  },
  LONG,
);

withLibvirt(
  "finds after its own restart which guest crashed meanwhile",
  async () => {
    const { daemon, watch } = await setUp();
    const { uuid } = await daemon.startGuest({ name: "missed" });
    await eventually(() => watch.verdict("guests", uuid) === "ok", wait);
    await watch.stop();
    current = null;
    process.kill(daemon.guestPid("missed"), "SIGKILL");
    await eventually(async () => (await daemon.virsh("domstate", "missed")) === "shut off", wait);
    const { watch: successor } = await setUp();
    const isFound = () => successor.verdict("guests", uuid) === "guest-crashed FoundCrashed";
    await eventually(isFound, wait);
  },
  LONG,
);

withLibvirt(
  "replaces a child that does not answer any more",
  async () => {
    const { watch } = await setUp();
    const pid = await eventually(() => watch.hypervisor.childPids()[0], wait);
    process.kill(pid, "SIGSTOP");
    const successor = await eventually(
      () => watch.hypervisor.childPids().find((candidate) => candidate !== pid),
      { withinMs: 40_000, what: "a new child" },
    );
    assert.is.not(successor, pid);
  },
  LONG,
);

test.run();
