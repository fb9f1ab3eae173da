/** Everything that the engine is given: adapters in production, simulated ones in the simulator. */
import type { DestinationName, NodeId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import type { Random } from "@herdbeat/shared/random";
import type { Clock, DurationMs, Timers } from "@herdbeat/shared/time";
import type { DetectionConfig } from "../core/detection-config.ts";
import type { GuardLimits, GuardSight } from "../core/guard.ts";
import type { AgentListener } from "../ports/agent-listener.ts";
import type { EchoVerifier } from "../ports/echo-verifier.ts";
import type { FenceDevice } from "../ports/fence-device.ts";
import type { FleetStore } from "../ports/fleet-store.ts";
import type { NoticeView } from "../ports/fleet-view.ts";
import type { GatewayCheck, KernelProbe } from "../ports/kernel-probe.ts";
import type { Mesh } from "../ports/mesh.ts";
import type { MirrorStore } from "../ports/mirror.ts";
import type { ShardStore } from "../ports/shard-store.ts";
import type { WebhookSender } from "../ports/webhook.ts";
import type { DeviceTestSettings } from "./device-tests.ts";
import type { NoticeJournal } from "./notices.ts";

export interface EngineDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly detection: Omit<DetectionConfig, "clusterId">;
  readonly heartbeatInterval: DurationMs;
  readonly stallTolerance: DurationMs;
  readonly peacetimeInterval: DurationMs;
  /** An aggregator that lost more than this share of a minute hands its shards over. */
  readonly lostShareMax: number;
  readonly version: string;
  readonly weight: number;
  readonly clusterName: string;
  readonly streamEndpoint: () => string;
  readonly httpEndpoint: () => string;
  readonly shards: ShardStore;
  readonly fleet: FleetStore;
  readonly mirrors: MirrorStore;
  readonly listener: AgentListener;
  readonly probe: KernelProbe;
  /** The port that `probe` asks; witnesses ask the same. */
  readonly probePort: number;
  readonly echoes: EchoVerifier;
  readonly gateway: GatewayCheck;
  /** In the order in which they are tried. */
  readonly fenceDevices: readonly FenceDevice[];
  readonly deviceTests: DeviceTestSettings;
  readonly sender: WebhookSender;
  /** The one that is asked for recovery; null: nobody. All get facts. */
  readonly requestDestination: DestinationName | null;
  readonly journal: NoticeJournal;
  readonly sendNotice: (
    notice: NoticeView,
    state: "raised" | "cleared",
    sequence: number,
  ) => Promise<boolean>;
  /** Operating errors that only a person can end, found after the start; the process should end. */
  readonly onFatal: (error: unknown) => void;
  readonly mesh: Mesh;
  readonly guard: GuardLimits;
  /** Whether the node can be fenced now; without it nobody can. */
  readonly canFence?: (node: NodeId) => GuardSight["fencing"];
}
