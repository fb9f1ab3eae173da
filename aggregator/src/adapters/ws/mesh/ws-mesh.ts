/**
 * The mesh over WebSockets on the stream port.
 *
 * Mechanism: of two aggregators the one with the lower id dials; both say hello; a newer link of the
 * same peer replaces the older. When a peer's kernel closes a link, both sides ask it for a new
 * connection at once (death-probe.ts).
 * Failure case: a link that carries nothing for SILENCE is destroyed and dialed again; that is
 * `lost` and no more, as is every way in which a link can end without the peer's kernel saying so.
 */
import {
  type DecodedMeshFrame,
  encodeMeshFrame,
  type MeshFrame,
} from "@herdbeat/proto/frame-codec";
import { negotiateVersion } from "@herdbeat/proto/protocol-version";
import { MESH_STREAM_PATH } from "@herdbeat/proto/stream-paths";
import { assert } from "@herdbeat/shared/assert";
import { backoffDelay } from "@herdbeat/shared/backoff";
import { type AggregatorId, parseAggregatorId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Random } from "@herdbeat/shared/random";
import {
  type Clock,
  type DurationMs,
  durationMs,
  elapsed,
  type MonotonicMs,
} from "@herdbeat/shared/time";
import type { CloseCause } from "../../../ports/agent-listener.ts";
import type {
  CensusAnswer,
  DisarmNotice,
  GenerationNotice,
  Mesh,
  MeshListener,
  MeshPeer,
  MeshPulse,
} from "../../../ports/mesh.ts";
import { FrameRate } from "../frame-rate.ts";
import { attach } from "../socket-handlers.ts";
import type { StreamContext } from "../stream-connection.ts";
import type { StreamServer, StreamTls, UpgradedStream } from "../stream-server.ts";
import { AcceptedLink } from "./accepted-link.ts";
import { isRefused } from "./death-probe.ts";
import { DialedLink } from "./dialed-link.ts";
import type { MeshLink, MeshLinkOwner } from "./mesh-link.ts";
import {
  censusAnswerFrame,
  disarmFrame,
  dispatch,
  generationFrame,
  helloFrame,
  pulseFrame,
} from "./mesh-wire.ts";

export interface WsMeshDeps {
  readonly server: StreamServer;
  /** The same as the server's; null = insecure. */
  readonly tls: () => StreamTls | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Empty while unknown. */
  readonly clusterId: () => string;
}

interface Connected {
  readonly link: MeshLink;
  heardAt: MonotonicMs;
}

/** A mass failure is a notice per commit. */
const FRAME_RATE = { perSecond: 5_000, burst: 20_000 };
/** Pulses come every second. */
const SILENCE: DurationMs = durationMs(5_000);
const SWEEP_MS = 500;
/** A sweep that comes this late tells of our own stall, which is not the peers' silence. */
const STALLED: DurationMs = durationMs(1_500);
const REDIAL = { initial: durationMs(200), factor: 1.6, max: durationMs(2_000) };

export class WsMesh implements Mesh, MeshLinkOwner {
  readonly counters = { frames: 0, violations: 0, floods: 0, slowReaders: 0, ignored: 0 };
  readonly #deps: WsMeshDeps;
  readonly #rate: FrameRate;
  readonly #context: StreamContext;
  readonly #peers = new Map<AggregatorId, MeshPeer>();
  readonly #connected = new Map<AggregatorId, Connected>();
  /** Links of either kind that did not finish their hello, or are closing. */
  readonly #others = new Set<MeshLink>();
  readonly #attempts = new Map<AggregatorId, number>();
  readonly #redials = new Map<AggregatorId, NodeJS.Timeout>();
  #self: AggregatorId | null = null;
  #listener: MeshListener | null = null;
  #sweeper: NodeJS.Timeout | undefined;
  #sweptAt: MonotonicMs;

  constructor(deps: WsMeshDeps) {
    this.#deps = deps;
    this.#rate = new FrameRate(FRAME_RATE, deps.clock);
    this.#sweptAt = deps.clock.now();
    this.#context = {
      counters: this.counters,
      rate: this.#rate,
      // The sweeper of the server and the peer's own close end what is closing.
      closing: (connection) => setTimeout(() => connection.stream.socket.destroy(), 1_000).unref(),
      closed: () => {},
    };
  }

  async start(self: AggregatorId, listener: MeshListener): Promise<void> {
    assert(this.#listener === null, "the mesh starts once");
    this.#self = self;
    this.#listener = listener;
    this.#rate.start();
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_MS);
    this.#deps.server.serve(MESH_STREAM_PATH, (stream, head) => this.#accept(stream, head));
    await this.#deps.server.start();
    for (const peer of this.#peers.values()) this.#dial(peer.id);
  }

  stop(): Promise<void> {
    this.#deps.server.serve(MESH_STREAM_PATH, null);
    clearInterval(this.#sweeper);
    this.#rate.stop();
    this.#listener = null;
    for (const timer of this.#redials.values()) clearTimeout(timer);
    for (const { link } of this.#connected.values()) link.close("aggregator stops");
    for (const link of this.#others) link.destroy();
    return Promise.resolve();
  }

  setPeers(peers: readonly MeshPeer[]): void {
    const wanted = new Map(
      peers.filter(({ id }) => id !== this.#self).map((peer) => [peer.id, peer]),
    );
    for (const id of [...this.#peers.keys()]) {
      if (wanted.has(id)) continue;
      this.#peers.delete(id);
      this.#attempts.delete(id);
      this.#connected.get(id)?.link.close("no longer a member");
    }
    for (const [id, peer] of wanted) {
      const before = this.#peers.get(id);
      this.#peers.set(id, peer);
      if (before === undefined) this.#dial(id);
    }
  }

  isConnected(peer: AggregatorId): boolean {
    return this.#connected.has(peer);
  }

  broadcastPulse(pulse: MeshPulse): void {
    this.#broadcast(pulseFrame(pulse));
  }

  broadcastGeneration(notice: GenerationNotice): number {
    return this.#broadcast(generationFrame(notice));
  }

  broadcastDisarm(notice: DisarmNotice): void {
    this.#broadcast(disarmFrame(notice));
  }

  askCensus(question: number): void {
    this.#broadcast({ kind: "censusQuestion", body: { questionId: question } });
  }

  answerCensus(peer: AggregatorId, answer: CensusAnswer): void {
    this.#connected.get(peer)?.link.sendFrame(encodeMeshFrame(censusAnswerFrame(answer)));
  }

  onLinkFrame(link: MeshLink, frame: DecodedMeshFrame): void {
    if (this.#listener === null) return;
    const peer = this.#peerOf(link);
    if (frame.kind === "hello") {
      if (peer === null) this.#onHello(link, frame.body);
      else link.close("second hello");
      return;
    }
    const connected = peer === null ? undefined : this.#connected.get(peer);
    if (peer === null || connected === undefined) {
      if (frame.kind !== "goodbye") link.close(`${frame.kind} before hello`);
      return;
    }
    connected.heardAt = this.#deps.clock.now();
    if (!dispatch(this.#listener, peer, frame)) this.counters.ignored += 1;
  }

  onLinkEnded(link: MeshLink, cause: CloseCause): void {
    this.#others.delete(link);
    const peer = this.#peerOf(link);
    if (peer !== null) {
      this.#connected.delete(peer);
      void this.#reportGone(peer, cause);
    }
    if (link.dialed && link.certified !== null) this.#redial(link.certified);
  }

  #broadcast(frame: MeshFrame): number {
    if (this.#connected.size === 0) return 0;
    const bytes = encodeMeshFrame(frame);
    for (const { link } of this.#connected.values()) link.sendFrame(bytes);
    return this.#connected.size;
  }

  /** The peer whose current link this is. */
  #peerOf(link: MeshLink): AggregatorId | null {
    for (const [peer, connected] of this.#connected) if (connected.link === link) return peer;
    return null;
  }

  #accept(stream: UpgradedStream, head: Buffer): void {
    const link = new AcceptedLink(stream, this.#context, this);
    this.#others.add(link);
    attach(link, head);
    if (this.#deps.server.secure && link.certified === null)
      link.close("certificate names no aggregator");
  }

  #onHello(
    link: MeshLink,
    hello: Extract<DecodedMeshFrame, { readonly kind: "hello" }>["body"],
  ): void {
    const self = this.#self;
    const claimed = parseAggregatorId(hello.aggregatorId);
    const ours = this.#deps.clusterId();
    const problem =
      negotiateVersion(hello.versionMin, hello.versionMax) === null
        ? "no common version"
        : claimed === undefined || (link.certified ?? claimed) !== claimed
          ? "hello and identity differ"
          : ours !== "" && hello.clusterId !== "" && ours !== hello.clusterId
            ? "another cluster"
            : self === null || claimed === self || claimed < self === link.dialed
              ? "the lower id dials"
              : null;
    if (problem !== null || claimed === undefined || self === null) {
      this.#deps.logger.warn("mesh link refused", { peer: hello.aggregatorId, problem });
      link.close(problem ?? "not started");
      return;
    }
    if (link instanceof AcceptedLink) {
      this.#deps.server.settle(link.stream.socket);
      link.sendFrame(encodeMeshFrame(helloFrame(self, ours)));
    }
    this.#others.delete(link);
    this.#attempts.delete(claimed);
    const before = this.#connected.get(claimed);
    this.#connected.set(claimed, { link, heardAt: this.#deps.clock.now() });
    // Its end is no longer the peer's end: `#peerOf` does not know it any more.
    before?.link.close("replaced");
    this.#listener?.onPeerConnected(claimed);
  }

  #dial(id: AggregatorId): void {
    const peer = this.#peers.get(id);
    const self = this.#self;
    if (peer === undefined || self === null || this.#listener === null) return;
    if (self > id || this.#connected.has(id) || this.#redials.has(id)) return;
    const link = new DialedLink(peer, this.#deps.tls(), {
      owner: this,
      onOpen: (opened) =>
        opened.sendFrame(encodeMeshFrame(helloFrame(self, this.#deps.clusterId()))),
    });
    this.#others.add(link);
  }

  #redial(id: AggregatorId): void {
    if (this.#listener === null || !this.#peers.has(id) || this.#redials.has(id)) return;
    const attempt = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, attempt);
    const again = (): void => {
      this.#redials.delete(id);
      this.#dial(id);
    };
    this.#redials.set(id, setTimeout(again, backoffDelay(attempt, REDIAL, this.#deps.random)));
  }

  async #reportGone(peer: AggregatorId, cause: CloseCause): Promise<void> {
    const endpoint = this.#peers.get(peer)?.endpoint;
    const refused =
      cause === "peer-closed" && endpoint !== undefined && (await isRefused(endpoint));
    // It came back meanwhile: what ended was a link, not the peer.
    if (refused && this.#connected.has(peer)) return;
    this.#listener?.onPeerGone(peer, refused ? "closed-and-refused" : "lost");
  }

  #sweep(): void {
    const now = this.#deps.clock.now();
    const stalled = elapsed(this.#sweptAt, now) > STALLED;
    this.#sweptAt = now;
    for (const connected of this.#connected.values()) {
      if (stalled) connected.heardAt = now;
      else if (elapsed(connected.heardAt, now) > SILENCE) connected.link.destroy();
    }
  }
}
