/**
 * Asks every fence device in peace for the power of every node that it covers, so that it is known
 * beforehand whether a node could be fenced.
 *
 * A device counts for a node while it told that node's power within `testedWithin`. `on` counts by
 * itself; `off` only of a device that said `on` while the node was heard, for a plug that is somebody
 * else's may be off, too. Off of a living node is the proof that the plug is somebody else's: until
 * the device says on of the living node, nothing it says of that node is used, and no order is given.
 * All of this is known to this process alone: a new owner begins again.
 * Bounds: `concurrency` questions at once, and each has the device's own deadline.
 */
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type ListeningMs,
  type MonotonicMs,
  type TimerHandle,
  type Timers,
  type UnixMs,
} from "@herdbeat/shared/time";
import type { NodeState } from "../core/node-state.ts";
import type { DeviceCheck, FenceDevice, FenceTarget } from "../ports/fence-device.ts";
import type { DeviceTestView } from "../ports/fleet-view.ts";
import type { NodeTable } from "./node-table.ts";
import type { ShardRunner } from "./shard-runner.ts";

export interface DeviceTestsDeps {
  /** In the order in which they are tried. */
  readonly devices: readonly FenceDevice[];
  readonly listeningNow: () => ListeningMs;
  readonly table: Pick<NodeTable, "states" | "shards" | "extent" | "indexOf">;
  readonly runners: ReadonlyMap<ShardId, Pick<ShardRunner, "held">>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: DeviceTestSettings;
  /** A test changed what a node can expect. */
  readonly onChange: (node: NodeId) => void;
}

export interface DeviceTestSettings {
  readonly interval: DurationMs;
  readonly testedWithin: DurationMs;
  readonly concurrency: number;
}

interface Test {
  state: "tested" | "failed" | "untested";
  power: "on" | "off" | null;
  detail: string;
  /** It said on while the node was heard: this is where the node's power comes from. */
  isProven: boolean;
  /** It said off while the node was heard: it is not. */
  isWrong: boolean;
  /** When it began, on either clock; null: never. */
  at: MonotonicMs | null;
  wall: UnixMs | null;
  isUnderWay: boolean;
}

/** An agent is away, its kernel answered this short a time ago: the host has power. */
const ANSWERED_LATELY: DurationMs = durationMs(10_000);
/** Between two looks for tests that are due. */
const LOOK_EVERY: DurationMs = durationMs(1_000);

export class DeviceTests {
  readonly #deps: DeviceTestsDeps;
  readonly #tests = new Map<NodeId, Map<string, Test>>();
  /** What each device's program said of itself; checked again until it is valid. */
  readonly #checks = new Map<string, DeviceCheck>();
  #timer: TimerHandle | null = null;
  #underWay = 0;
  #cursor = 0;
  #checking = false;
  #checkedAt: MonotonicMs | null = null;
  #stopped = false;

  constructor(deps: DeviceTestsDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#deps.devices.length > 0) this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Devices that cover the node, the first to try first. */
  devicesOf(node: FenceTarget): readonly FenceDevice[] {
    return this.#deps.devices.filter((device) => device.covers(node));
  }

  /** Those that were not caught telling of somebody else's power. */
  usableOf(node: FenceTarget): readonly FenceDevice[] {
    return this.devicesOf(node).filter(({ name }) => !this.#testOf(node.id, name).isWrong);
  }

  /** Whether this device's `off` can be this node's: it said on while the node was heard. */
  isProven(node: NodeId, device: string): boolean {
    const test = this.#testOf(node, device);
    return test.isProven && !test.isWrong;
  }

  /** Whether a device told this node's power lately. */
  canFence(node: FenceTarget): boolean {
    return this.devicesOf(node).some((device) => this.#isFresh(this.#testOf(node.id, device.name)));
  }

  viewOf(node: FenceTarget): readonly DeviceTestView[] {
    return this.devicesOf(node).map(({ name }) => {
      const test = this.#testOf(node.id, name);
      const isStale = test.state === "tested" && !this.#isFresh(test);
      return {
        device: name,
        state: isStale ? "untested" : test.state,
        power: test.power,
        detail: isStale ? "not asked lately" : test.detail,
        testedAt: test.wall,
      };
    });
  }

  /** Nodes in memory that no device is known to reach although there was time to find out. */
  unfenceable(): readonly NodeId[] {
    const nodes: NodeId[] = [];
    for (const state of this.#deps.table.states) {
      if (state === null || state.record.retired || state.record.shadow) continue;
      const target = targetOf(state);
      if (this.canFence(target)) continue;
      const devices = this.devicesOf(target);
      const isStillAsking = devices.some(
        (device) => this.#testOf(target.id, device.name).state === "untested",
      );
      if (!isStillAsking) nodes.push(target.id);
    }
    return nodes;
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(LOOK_EVERY, () => {
      this.#checkDevices();
      this.#look();
      this.#schedule();
    });
  }

  #checkDevices(): void {
    const { clock, devices, settings } = this.#deps;
    const now = clock.now();
    if (this.#checking) return;
    if (this.#checkedAt !== null && elapsed(this.#checkedAt, now) < settings.interval) return;
    this.#checkedAt = now;
    this.#checking = true;
    void (async () => {
      for (const device of devices) {
        if (this.#stopped) return;
        this.#noteCheck(device.name, await device.check());
      }
    })().finally(() => {
      this.#checking = false;
    });
  }

  #noteCheck(name: string, check: DeviceCheck): void {
    const before = this.#checks.get(name);
    this.#checks.set(name, check);
    if (before?.kind === check.kind) return;
    if (check.kind === "invalid")
      this.#deps.logger.error("a fence device cannot be used", {
        device: name,
        problems: check.problems,
      });
    else if (before !== undefined)
      this.#deps.logger.info("a fence device can be used again", { device: name });
  }

  /** Starts as many due tests as there is room for, going on where the last look ended. */
  #look(): void {
    const { table, settings, runners } = this.#deps;
    this.#forgetGone();
    const extent = table.extent;
    for (let seen = 0; seen < extent && this.#underWay < settings.concurrency; seen++) {
      if (this.#cursor >= extent) this.#cursor = 0;
      const index = this.#cursor;
      const state = table.states[index];
      const shard = table.shards[index];
      const runner = shard === undefined ? undefined : runners.get(shard);
      if (state !== null && state !== undefined && runner?.held === false) this.#testDue(state);
      this.#cursor += 1;
    }
  }

  #testDue(state: NodeState): void {
    const { settings, clock } = this.#deps;
    const target = targetOf(state);
    for (const device of this.devicesOf(target)) {
      if (this.#underWay >= settings.concurrency) return;
      const check = this.#checks.get(device.name);
      if (check === undefined) continue;
      const test = this.#testOf(target.id, device.name);
      const isDue = test.at === null || elapsed(test.at, clock.now()) >= settings.interval;
      if (!isDue || test.isUnderWay) continue;
      if (check.kind === "invalid") {
        const [problem = ""] = check.problems;
        this.#settle(target.id, device.name, test, "failed", null, problem);
        continue;
      }
      test.isUnderWay = true;
      this.#underWay += 1;
      void this.#test(device, target, test).finally(() => {
        test.isUnderWay = false;
        this.#underWay -= 1;
      });
    }
  }

  async #test(device: FenceDevice, target: FenceTarget, test: Test): Promise<void> {
    const reading = await device.status(target.id);
    if (this.#stopped) return;
    this.noteReading(
      device.name,
      target.id,
      reading.kind,
      "detail" in reading ? reading.detail : "",
      test,
    );
  }

  /** A reading that somebody else made is as good as a test. */
  noteReading(
    device: string,
    node: NodeId,
    kind: "on" | "off" | "unreachable" | "unknown" | "error",
    detail: string,
    test: Test = this.#testOf(node, device),
  ): void {
    const isAlive = this.#isAlive(node);
    if (isAlive && (kind === "on" || kind === "off")) {
      test.isProven = kind === "on";
      test.isWrong = kind === "off";
    }
    const why = test.isWrong
      ? "it said off of a node that is alive: it is not this node's power"
      : "it says off, and never said on while its node was heard: whose power it is, is not known";
    if (kind === "on" || kind === "off") {
      const counts = !test.isWrong && (kind === "on" || test.isProven);
      this.#settle(node, device, test, counts ? "tested" : "failed", kind, counts ? "" : why);
    } else this.#settle(node, device, test, "failed", null, `${kind}: ${detail}`);
  }

  #settle(
    node: NodeId,
    device: string,
    test: Test,
    state: "tested" | "failed",
    power: Test["power"],
    detail: string,
  ): void {
    const { clock, logger, metrics } = this.#deps;
    const changed = test.state !== state;
    Object.assign(test, { state, power, detail, at: clock.now(), wall: clock.wallNow() });
    metrics
      .counter("herdbeat_fence_tests_total", "Tests of fence devices in peace, by outcome.", {
        device,
        outcome: state,
      })
      .add();
    if (!changed) return;
    if (state === "failed") logger.warn("a fence device failed its test", { node, device, detail });
    this.#deps.onChange(node);
  }

  #isAlive(node: NodeId): boolean {
    const { table, listeningNow } = this.#deps;
    const index = table.indexOf(node);
    const health = index === undefined ? undefined : table.states[index]?.health;
    switch (health?.state) {
      case "alive":
        return true;
      case "agent-down":
      case "agent-stalled":
      case "left":
        return listeningNow() - health.lastAnswerAt <= ANSWERED_LATELY;
      default:
        return false;
    }
  }

  #isFresh(test: Test): boolean {
    return (
      test.state === "tested" &&
      test.at !== null &&
      elapsed(test.at, this.#deps.clock.now()) <= this.#deps.settings.testedWithin
    );
  }

  #testOf(node: NodeId, device: string): Test {
    let tests = this.#tests.get(node);
    if (tests === undefined) {
      tests = new Map();
      this.#tests.set(node, tests);
    }
    let test = tests.get(device);
    if (test === undefined) {
      test = {
        state: "untested",
        power: null,
        detail: "",
        isProven: false,
        isWrong: false,
        at: null,
        wall: null,
        isUnderWay: false,
      };
      tests.set(device, test);
    }
    return test;
  }

  /** Nodes that another aggregator looks after now. */
  #forgetGone(): void {
    for (const node of this.#tests.keys()) {
      if (this.#deps.table.indexOf(node) === undefined) this.#tests.delete(node);
    }
  }
}

export function targetOf({ record }: NodeState): FenceTarget {
  return { id: record.id, hostname: record.hostname, labels: record.labels };
}
