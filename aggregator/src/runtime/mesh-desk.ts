/**
 * What this process tells the other aggregators and makes of what they tell it. Hints only: a peer
 * whose kernel refuses us is dead and its shards may be claimed at once, a generation that a peer has
 * seen must not be undercut; everything else is the store's word.
 */
import type { AggregatorId, ShardId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import { durationMs, type TimerHandle, type Timers } from "@herdbeat/shared/time";
import type { AggregatorRecord } from "../ports/fleet-store.ts";
import type {
  CensusAnswer,
  DisarmNotice,
  GenerationNotice,
  Mesh,
  MeshListener,
  MeshPulse,
  PeerGone,
} from "../ports/mesh.ts";
import type { CensusDesk } from "./census-desk.ts";
import type { ShardManager } from "./shard-manager.ts";
import type { ShardRunner } from "./shard-runner.ts";

const PULSE_INTERVAL = durationMs(1_000);

export interface MeshDeskDeps {
  readonly self: AggregatorId;
  readonly mesh: Mesh;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly manager: ShardManager;
  readonly runners: ReadonlyMap<ShardId, ShardRunner>;
  readonly lostShare: () => number;
  readonly census: Pick<CensusDesk, "onQuestion" | "onAnswer">;
  readonly onDisarm: (notice: DisarmNotice) => void;
}

export class MeshDesk implements MeshListener {
  readonly #deps: MeshDeskDeps;
  #timer: TimerHandle | null = null;
  #stopped = false;

  constructor(deps: MeshDeskDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    await this.#deps.mesh.start(this.#deps.self, this);
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#deps.mesh.stop();
  }

  onPeerConnected(peer: AggregatorId): void {
    this.#deps.manager.peerLives(peer);
  }

  onPulse(peer: AggregatorId, pulse: MeshPulse): void {
    this.#deps.manager.peerLives(peer);
    for (const { shard, generation } of pulse.ownedShards) {
      this.#deps.manager.noteGeneration(shard, generation);
    }
  }

  onGeneration(_peer: AggregatorId, notice: GenerationNotice): void {
    this.#deps.manager.noteGeneration(notice.shard, notice.generation);
  }

  onDisarm(_peer: AggregatorId, notice: DisarmNotice): void {
    this.#deps.onDisarm(notice);
  }

  onCensusQuestion(peer: AggregatorId, question: number): void {
    this.#deps.census.onQuestion(peer, question);
  }

  onCensusAnswer(peer: AggregatorId, answer: CensusAnswer): void {
    this.#deps.census.onAnswer(peer, answer);
  }

  onPeerGone(peer: AggregatorId, how: PeerGone): void {
    this.#deps.logger.warn("a peer's stream ended", { peer, how });
    if (how === "closed-and-refused") this.#deps.manager.peerDied(peer);
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.timers.after(PULSE_INTERVAL, () => {
      this.#pulse();
      this.#schedule();
    });
  }

  #pulse(): void {
    const { mesh, manager, runners, self, lostShare } = this.#deps;
    mesh.setPeers(peersOf(manager.members, self));
    mesh.broadcastPulse({
      ownedShards: [...runners.values()]
        .filter((runner) => !runner.held)
        .map((runner) => ({
          shard: runner.shard,
          token: runner.ownership.token,
          generation: runner.generation,
        })),
      storeWriteAge: manager.storeWriteAge(),
      lostTimePermille: Math.round(lostShare() * 1_000),
    });
  }
}

function peersOf(
  members: readonly AggregatorRecord[],
  self: AggregatorId,
): readonly { readonly id: AggregatorId; readonly endpoint: string }[] {
  return members
    .filter((one) => one.id !== self)
    .map((one) => ({ id: one.id, endpoint: one.streamEndpoint }));
}
