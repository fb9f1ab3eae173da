/**
 * The mesh port between simulated aggregators: who dials, who is told what and when, as the mesh over
 * WebSockets does it (the contract suite runs both). The wire is left out: messages pass as they are.
 */
import type {
  CensusAnswer,
  DisarmNotice,
  GenerationNotice,
  Mesh,
  MeshListener,
  MeshPeer,
  MeshPulse,
  PeerGone,
} from "@herdbeat/aggregator/ports/mesh";
import { backoffDelay } from "@herdbeat/shared/backoff";
import type { AggregatorId } from "@herdbeat/shared/ids";
import type { Random } from "@herdbeat/shared/random";
import { durationMs, type TimerHandle } from "@herdbeat/shared/time";
import type { SimProcess } from "./clock.ts";
import { MESH_DELAY_MS, type MeshFabric, type MeshStream } from "./mesh-fabric.ts";

/** The real mesh's limits. */
const HANDSHAKE_MS = 3_000;
const SILENCE_MS = 5_000;
const SWEEP = durationMs(500);
const STALLED_MS = 1_500;
const REDIAL = { initial: durationMs(200), factor: 1.6, max: durationMs(2_000) };
/** When a peer whose kernel closed the stream is asked for another one, counted from then. */
const ASK_AT_MS = [0, 15, 50, 120];

interface Link {
  readonly stream: MeshStream;
  heardAt: number;
}

export class SimMesh implements Mesh {
  readonly endpoint: string;
  readonly process: SimProcess;
  readonly #fabric: MeshFabric;
  readonly #random: Random;
  readonly #peers = new Map<AggregatorId, MeshPeer>();
  readonly #links = new Map<AggregatorId, Link>();
  /** Dialed and not through with their hello. */
  readonly #dialing = new Map<AggregatorId, MeshStream | null>();
  /** Accepted, without a hello so far, or replaced and about to end. */
  readonly #others = new Set<MeshStream>();
  readonly #attempts = new Map<AggregatorId, number>();
  readonly #redials = new Map<AggregatorId, TimerHandle>();
  #self: AggregatorId | null = null;
  #listener: MeshListener | null = null;
  #sweptAt = 0;

  constructor(fabric: MeshFabric, process: SimProcess, random: Random, endpoint: string) {
    this.#fabric = fabric;
    this.process = process;
    this.#random = random;
    this.endpoint = endpoint;
  }

  start(self: AggregatorId, listener: MeshListener): Promise<void> {
    this.#self = self;
    this.#listener = listener;
    this.#fabric.listen(this);
    this.#sweptAt = this.#now;
    this.#scheduleSweep();
    for (const id of this.#peers.keys()) this.#dial(id);
    return Promise.resolve();
  }

  /** The port stays open until `died`: other streams use it too. */
  stop(): Promise<void> {
    this.#listener = null;
    for (const timer of this.#redials.values()) timer.cancel();
    this.#closeAll();
    return Promise.resolve();
  }

  /** The process is gone, or has closed its port: the kernel closes what it had open. */
  died(): void {
    this.#listener = null;
    this.#fabric.closePort(this);
    this.#closeAll();
  }

  setPeers(peers: readonly MeshPeer[]): void {
    const wanted = new Map(
      peers.filter(({ id }) => id !== this.#self).map((peer) => [peer.id, peer]),
    );
    for (const id of [...this.#peers.keys()]) {
      if (wanted.has(id)) continue;
      this.#peers.delete(id);
      this.#attempts.delete(id);
      this.#drop(id);
    }
    for (const [id, peer] of wanted) {
      const isNew = !this.#peers.has(id);
      this.#peers.set(id, peer);
      if (isNew) this.#dial(id);
    }
  }

  isConnected(peer: AggregatorId): boolean {
    return this.#links.has(peer);
  }

  broadcastPulse(pulse: MeshPulse): void {
    this.#broadcast((listener, self) => listener.onPulse(self, pulse));
  }

  broadcastGeneration(notice: GenerationNotice): number {
    this.#broadcast((listener, self) => listener.onGeneration(self, notice));
    return this.#links.size;
  }

  broadcastDisarm(notice: DisarmNotice): void {
    this.#broadcast((listener, self) => listener.onDisarm(self, notice));
  }

  askCensus(question: number): void {
    this.#broadcast((listener, self) => listener.onCensusQuestion(self, question));
  }

  answerCensus(peer: AggregatorId, answer: CensusAnswer): void {
    const link = this.#links.get(peer);
    if (link !== undefined)
      this.#tell(link, (listener, self) => listener.onCensusAnswer(self, answer));
  }

  get #now(): number {
    return this.process.clock.now();
  }

  #broadcast(say: (listener: MeshListener, self: AggregatorId) => void): void {
    for (const link of this.#links.values()) this.#tell(link, say);
  }

  #tell({ stream }: Link, say: (listener: MeshListener, self: AggregatorId) => void): void {
    const self = this.#self;
    if (self === null) return;
    stream.send(this, (there) => there.#heard(stream, self, say));
  }

  #heard(
    stream: MeshStream,
    peer: AggregatorId,
    say: (listener: MeshListener, peer: AggregatorId) => void,
  ): void {
    const link = this.#links.get(peer);
    if (link?.stream !== stream || this.#listener === null) return;
    link.heardAt = this.#now;
    say(this.#listener, peer);
  }

  #dial(id: AggregatorId): void {
    const peer = this.#peers.get(id);
    const self = this.#self;
    if (peer === undefined || self === null || this.#listener === null || self > id) return;
    if (this.#links.has(id) || this.#redials.has(id) || this.#dialing.has(id)) return;
    this.#dialing.set(id, null);
    const there = this.#fabric.delay(this.endpoint, peer.endpoint);
    const back = this.#fabric.delay(peer.endpoint, this.endpoint);
    const { timers } = this.process;
    const attempt = timers.after(durationMs(HANDSHAKE_MS), () => this.#gaveUp(id));
    if (there === null || back === null) return;
    timers.after(durationMs(there + back), () => {
      attempt.cancel();
      this.#opened(id, self, this.#fabric.listener(peer.endpoint));
    });
  }

  /** The peer's kernel has accepted, or refused. */
  #opened(id: AggregatorId, self: AggregatorId, acceptor: SimMesh | null): void {
    if (this.#listener === null || !this.#dialing.has(id)) return;
    if (acceptor === null) {
      this.#gaveUp(id);
      return;
    }
    const stream = this.#fabric.connect(this, acceptor);
    acceptor.#others.add(stream);
    this.#dialing.set(id, stream);
    stream.send(this, (there) => there.#onHello(stream, self));
    this.process.timers.after(durationMs(HANDSHAKE_MS), () => {
      if (this.#dialing.get(id) === stream) this.#gaveUp(id);
    });
  }

  #gaveUp(id: AggregatorId): void {
    this.#dialing.get(id)?.close(this);
    this.#dialing.delete(id);
    this.#redial(id);
  }

  #onHello(stream: MeshStream, peer: AggregatorId): void {
    this.#others.delete(stream);
    const self = this.#self;
    if (this.#listener === null || self === null) {
      stream.close(this);
      return;
    }
    const isDialed = stream.isDialedBy(this);
    if (isDialed && this.#dialing.get(peer) !== stream) return;
    if (isDialed) this.#dialing.delete(peer);
    else stream.send(this, (there) => there.#onHello(stream, self));
    this.#attempts.delete(peer);
    const before = this.#links.get(peer);
    this.#links.set(peer, { stream, heardAt: this.#now });
    // Its end is no longer the peer's end.
    before?.stream.close(this);
    this.#listener.onPeerConnected(peer);
  }

  /** The kernel says that a stream is over. */
  onStreamEnded(stream: MeshStream, cause: "peer-closed" | "reset"): void {
    this.#others.delete(stream);
    const peer = peerOf(this.#links, stream, (link) => link.stream);
    if (peer !== null) {
      this.#links.delete(peer);
      this.#ask(peer, cause === "peer-closed" ? ASK_AT_MS : [], this.#now);
      if (stream.isDialedBy(this)) this.#redial(peer);
      return;
    }
    const dialed = peerOf(this.#dialing, stream, (dialing) => dialing);
    if (dialed !== null) this.#gaveUp(dialed);
  }

  /** Ends a link ourselves: that proves nothing. */
  #drop(peer: AggregatorId): void {
    const link = this.#links.get(peer);
    if (link === undefined) return;
    this.#links.delete(peer);
    link.stream.close(this);
    this.#ask(peer, [], this.#now);
    if (link.stream.isDialedBy(this)) this.#redial(peer);
  }

  /** Asks for a new connection at each of these times; a refusal is a proof, all else is none. */
  #ask(peer: AggregatorId, at: readonly number[], since: number): void {
    const endpoint = this.#peers.get(peer)?.endpoint;
    const [next, ...later] = at;
    if (next === undefined || endpoint === undefined) {
      this.process.timers.after(durationMs(0), () => this.#gone(peer, "lost"));
      return;
    }
    const wait = since + next + 2 * MESH_DELAY_MS - this.#now;
    this.process.timers.after(durationMs(Math.max(0, wait)), () => {
      if (this.#fabric.refuses(this, endpoint)) this.#gone(peer, "closed-and-refused");
      else this.#ask(peer, later, since);
    });
  }

  #gone(peer: AggregatorId, how: PeerGone): void {
    if (this.#listener === null) return;
    // It came back meanwhile: what ended was a stream, not the peer.
    if (how === "closed-and-refused" && this.#links.has(peer)) return;
    this.#fabric.time.touch();
    this.#listener.onPeerGone(peer, how);
  }

  #redial(id: AggregatorId): void {
    if (this.#listener === null || !this.#peers.has(id) || this.#redials.has(id)) return;
    const attempt = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, attempt);
    const again = (): void => {
      this.#redials.delete(id);
      this.#dial(id);
    };
    const delay = backoffDelay(attempt, REDIAL, this.#random);
    this.#redials.set(id, this.process.timers.after(delay, again));
  }

  #scheduleSweep(): void {
    this.process.timers.after(SWEEP, () => {
      if (this.#listener === null) return;
      this.#sweep();
      this.#scheduleSweep();
    });
  }

  #sweep(): void {
    const now = this.#now;
    const wasStopped = now - this.#sweptAt > STALLED_MS;
    this.#sweptAt = now;
    for (const [peer, link] of [...this.#links]) {
      if (wasStopped) link.heardAt = now;
      else if (now - link.heardAt > SILENCE_MS) this.#drop(peer);
    }
  }

  #closeAll(): void {
    for (const { stream } of this.#links.values()) stream.close(this);
    for (const stream of this.#dialing.values()) stream?.close(this);
    for (const stream of this.#others) stream.close(this);
    this.#links.clear();
    this.#dialing.clear();
    this.#others.clear();
  }
}

function peerOf<V>(
  of: ReadonlyMap<AggregatorId, V>,
  stream: MeshStream,
  streamOf: (value: V) => MeshStream | null,
): AggregatorId | null {
  for (const [peer, value] of of) if (streamOf(value) === stream) return peer;
  return null;
}
