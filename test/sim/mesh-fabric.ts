/**
 * What lies between the meshes of simulated aggregators: ports that accept or refuse, and streams in
 * which everything arrives in order or waits for a cut to end, as their kernels see to it.
 */
import type { SimTime } from "./clock.ts";
import type { SimMesh } from "./mesh.ts";

/** Something that is wrong between aggregators; one way: what goes back is another one. */
export interface MeshFault {
  readonly from: readonly string[];
  readonly to: readonly string[];
  readonly blocked: boolean;
  readonly delayMs: number;
}

export const MESH_DELAY_MS = 1;
/** After a cut the kernels send again what was not acknowledged. */
const RETRANSMIT_MS = 200;

export class MeshFabric {
  readonly time: SimTime;
  readonly #ports = new Map<string, SimMesh>();
  readonly #faults = new Set<MeshFault>();
  readonly #streams = new Set<MeshStream>();

  constructor(time: SimTime) {
    this.time = time;
  }

  listen(mesh: SimMesh): void {
    this.#ports.set(mesh.endpoint, mesh);
  }

  closePort(mesh: SimMesh): void {
    if (this.#ports.get(mesh.endpoint) === mesh) this.#ports.delete(mesh.endpoint);
  }

  /** The process behind an endpoint; its kernel accepts even while it is stopped. */
  listener(endpoint: string): SimMesh | null {
    return this.#ports.get(endpoint) ?? null;
  }

  /** Whether a connection from there is answered by a refusal: packets pass, nobody listens. */
  refuses(from: SimMesh, endpoint: string): boolean {
    const reached = this.passes(from.endpoint, endpoint) && this.passes(endpoint, from.endpoint);
    return reached && !this.#ports.has(endpoint);
  }

  add(fault: MeshFault): void {
    this.#faults.add(fault);
  }

  remove(fault: MeshFault): void {
    if (!this.#faults.delete(fault)) return;
    for (const stream of this.#streams) stream.sendAgain();
  }

  passes(from: string, to: string): boolean {
    return this.delay(from, to) !== null;
  }

  /** Null: nothing passes. */
  delay(from: string, to: string): number | null {
    let delay = MESH_DELAY_MS;
    for (const fault of this.#faults) {
      if (!fault.from.includes(from) || !fault.to.includes(to)) continue;
      if (fault.blocked) return null;
      delay += fault.delayMs;
    }
    return delay;
  }

  connect(dialer: SimMesh, acceptor: SimMesh): MeshStream {
    const stream = new MeshStream(this, dialer, acceptor);
    this.#streams.add(stream);
    return stream;
  }

  forget(stream: MeshStream): void {
    this.#streams.delete(stream);
  }

  #between(one: string, other: string): readonly MeshStream[] {
    return [...this.#streams].filter((stream) => stream.joins(one, other));
  }

  /** Nothing passes the streams of these two any more and nobody is told. */
  halfOpen(one: string, other: string): void {
    for (const stream of this.#between(one, other)) stream.halfOpen = true;
  }

  /** The streams of these two are reset; both may connect again at once. */
  reset(one: string, other: string): void {
    for (const stream of this.#between(one, other)) stream.reset();
  }
}

type End = "dialer" | "acceptor";

interface Half {
  readonly mesh: SimMesh;
  open: boolean;
  /** When the last of what is on its way to here arrives. */
  lastArrival: number;
  /** What a cut holds back. */
  readonly held: (() => void)[];
}

export class MeshStream {
  halfOpen = false;
  readonly #fabric: MeshFabric;
  readonly #halves: { readonly [E in End]: Half };

  constructor(fabric: MeshFabric, dialer: SimMesh, acceptor: SimMesh) {
    this.#fabric = fabric;
    this.#halves = { dialer: half(dialer), acceptor: half(acceptor) };
  }

  joins(one: string, other: string): boolean {
    const ends = [this.#halves.dialer.mesh.endpoint, this.#halves.acceptor.mesh.endpoint];
    return ends.includes(one) && ends.includes(other);
  }

  isDialedBy(mesh: SimMesh): boolean {
    return this.#halves.dialer.mesh === mesh;
  }

  /** Does something at the other end, after all that was sent before. */
  send(from: SimMesh, act: (there: SimMesh) => void): void {
    if (!this.#own(from).open) return;
    const there = this.#other(from);
    this.#pass(from, () => {
      if (there.open) act(there.mesh);
    });
  }

  /** Closes this end; the other one is told by the kernel, unless that cannot get through. */
  close(from: SimMesh): void {
    const own = this.#own(from);
    if (!own.open) return;
    own.open = false;
    const there = this.#other(from);
    if (!there.open) {
      this.#fabric.forget(this);
      return;
    }
    this.#pass(from, () => this.#end(there, "peer-closed"));
  }

  reset(): void {
    for (const each of [this.#halves.dialer, this.#halves.acceptor]) this.#end(each, "reset");
  }

  sendAgain(): void {
    for (const to of [this.#halves.dialer, this.#halves.acceptor]) {
      const from = this.#other(to.mesh);
      if (to.held.length === 0 || !this.#fabric.passes(from.mesh.endpoint, to.mesh.endpoint))
        continue;
      for (const land of to.held.splice(0)) this.#deliver(to, RETRANSMIT_MS, land);
    }
  }

  #end(half: Half, cause: "peer-closed" | "reset"): void {
    if (!half.open) return;
    half.open = false;
    if (!this.#other(half.mesh).open) this.#fabric.forget(this);
    half.mesh.onStreamEnded(this, cause);
  }

  #pass(from: SimMesh, land: () => void): void {
    if (this.halfOpen) return;
    const to = this.#other(from);
    const delay = this.#fabric.delay(from.endpoint, to.mesh.endpoint);
    if (delay === null) to.held.push(land);
    else this.#deliver(to, delay, land);
  }

  #deliver(to: Half, delay: number, land: () => void): void {
    const { time } = this.#fabric;
    const at = Math.max(to.lastArrival, time.now + delay);
    to.lastArrival = at;
    time.at(
      at,
      to.mesh.process,
      () => {
        time.touch();
        land();
      },
      "input",
    );
  }

  #own(mesh: SimMesh): Half {
    return this.isDialedBy(mesh) ? this.#halves.dialer : this.#halves.acceptor;
  }

  #other(mesh: SimMesh): Half {
    return this.isDialedBy(mesh) ? this.#halves.acceptor : this.#halves.dialer;
  }
}

function half(mesh: SimMesh): Half {
  return { mesh, open: true, lastArrival: 0, held: [] };
}
