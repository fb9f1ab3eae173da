// A fence device in memory: what it says and does is set by the test.
import type {
  DeviceCheck,
  FenceDevice,
  FenceTarget,
  PowerOrder,
  PowerReading,
} from "@herdbeat/aggregator/ports/fence-device";
import type { NodeId } from "@herdbeat/shared/ids";
import { durationMs } from "@herdbeat/shared/time";

export class FakeFenceDevice implements FenceDevice {
  readonly name: string;
  readonly callMax = durationMs(1_000);
  readonly powers: Map<string, "on" | "off">;
  /** Every call, in order: `status node-1`, `off node-1`. */
  readonly calls: string[] = [];
  /** What it says instead of the power. */
  says: PowerReading | null = null;
  answersOff: PowerOrder = { kind: "done" };
  /** Whether an order has an effect. */
  works = true;
  validity: DeviceCheck = {
    kind: "valid",
    metadata: { name: "fake", options: new Map(), actions: new Set(["off", "status"]) },
  };
  /** Set: calls wait for it. */
  gate: Promise<void> | null = null;
  underWay = 0;
  underWayMax = 0;

  constructor(name: string, nodes: readonly string[], power: "on" | "off" = "on") {
    this.name = name;
    this.powers = new Map(nodes.map((node) => [node, power]));
  }

  covers({ id }: FenceTarget): boolean {
    return this.powers.has(id);
  }

  check(): Promise<DeviceCheck> {
    return Promise.resolve(this.validity);
  }

  async status(node: NodeId): Promise<PowerReading> {
    await this.#called(`status ${node}`);
    return this.says ?? { kind: this.powers.get(node) ?? "on" };
  }

  async off(node: NodeId): Promise<PowerOrder> {
    await this.#called(`off ${node}`);
    if (this.works && this.answersOff.kind === "done") this.powers.set(node, "off");
    return this.answersOff;
  }

  async #called(call: string): Promise<void> {
    this.calls.push(call);
    this.underWay += 1;
    this.underWayMax = Math.max(this.underWayMax, this.underWay);
    await this.gate;
    this.underWay -= 1;
  }
}
