import type { AggregatorId } from "@herdbeat/shared/ids";
import { seededRandom } from "@herdbeat/shared/random";
import * as assert from "uvu/assert";
import { SimProcess, SimTime } from "../../sim/clock.ts";
import { SimMesh } from "../../sim/mesh.ts";
import { MeshFabric, type MeshFault } from "../../sim/mesh-fabric.ts";
import { MeshRecorder, PULSE } from "../../support/mesh-recorder.ts";
import { suite } from "../../support/suite.ts";

const test = suite("simulated mesh under faults");

const A = "agg-a" as AggregatorId;
const B = "agg-b" as AggregatorId;
const CUT_A_TO_B: MeshFault = { from: [A], to: [B], blocked: true, delayMs: 0 };
const CUT_B_TO_A: MeshFault = { from: [B], to: [A], blocked: true, delayMs: 0 };

class Pair {
  readonly time = new SimTime();
  readonly fabric = new MeshFabric(this.time);
  readonly a = this.member(A);
  readonly b = this.member(B);

  member(id: AggregatorId): {
    readonly mesh: SimMesh;
    readonly process: SimProcess;
    readonly seen: MeshRecorder;
  } {
    const process = new SimProcess(this.time);
    const mesh = new SimMesh(this.fabric, process, seededRandom(1), id);
    return { mesh, process, seen: new MeshRecorder() };
  }

  /** Connected, and each says every second that it lives, as aggregators do. */
  async start(): Promise<this> {
    const peers = [A, B].map((id) => ({ id, endpoint: id }));
    for (const [id, { mesh, process, seen }] of [
      [A, this.a],
      [B, this.b],
    ] as const) {
      await mesh.start(id, seen);
      mesh.setPeers(peers);
      const pulse = (): void => {
        mesh.broadcastPulse(PULSE);
        this.time.at(this.time.now + 1_000, process, pulse);
      };
      pulse();
    }
    await this.pass(1_500);
    assert.ok(this.a.mesh.isConnected(B) && this.b.mesh.isConnected(A));
    return this;
  }

  pass(milliseconds: number): Promise<void> {
    return this.time.runUntil(this.time.now + milliseconds);
  }

  get gone(): readonly (readonly unknown[])[] {
    return [this.a.seen.gone, this.b.seen.gone];
  }
}

test("what a short cut holds back arrives afterwards, in order", async () => {
  const pair = await new Pair().start();
  pair.fabric.add(CUT_A_TO_B);
  for (const question of [1, 2, 3]) pair.a.mesh.askCensus(question);
  await pair.pass(3_000);
  assert.equal(pair.b.seen.questions, []);
  pair.fabric.remove(CUT_A_TO_B);
  pair.a.mesh.askCensus(4);
  await pair.pass(1_000);
  assert.equal(
    pair.b.seen.questions.map(([, question]) => question),
    [1, 2, 3, 4],
  );
  assert.equal(pair.gone, [[], []]);
});

test("a cut in one direction loses the peer for both, and it comes back after the cut", async () => {
  const pair = await new Pair().start();
  pair.fabric.add(CUT_A_TO_B);
  await pair.pass(8_000);
  assert.equal(pair.gone, [[[B, "lost"]], [[A, "lost"]]]);
  await pair.pass(60_000);
  assert.not(pair.a.mesh.isConnected(B));
  pair.fabric.remove(CUT_A_TO_B);
  await pair.pass(5_000);
  assert.ok(pair.a.mesh.isConnected(B) && pair.b.mesh.isConnected(A));
});

test("a death behind a cut is not seen as one", async () => {
  const pair = await new Pair().start();
  pair.fabric.add(CUT_B_TO_A);
  pair.b.process.crashed = true;
  pair.b.mesh.died();
  await pair.pass(20_000);
  assert.equal(pair.gone, [[[B, "lost"]], []]);
});

test("a refusal that cannot come back proves nothing", async () => {
  const pair = await new Pair().start();
  pair.b.process.crashed = true;
  pair.b.mesh.died();
  pair.fabric.add(CUT_A_TO_B);
  await pair.pass(20_000);
  assert.equal(pair.gone, [[[B, "lost"]], []]);
});

test("a half-open stream is found out by its silence", async () => {
  const pair = await new Pair().start();
  pair.fabric.halfOpen(A, B);
  await pair.pass(4_000);
  assert.equal(pair.gone, [[], []]);
  await pair.pass(6_000);
  assert.equal(pair.gone, [[[B, "lost"]], [[A, "lost"]]]);
  assert.ok(pair.a.mesh.isConnected(B) && pair.b.mesh.isConnected(A));
});

test("after a reset both are lost to each other and connect again", async () => {
  const pair = await new Pair().start();
  pair.fabric.reset(A, B);
  await pair.pass(5_000);
  assert.equal(pair.gone, [[[B, "lost"]], [[A, "lost"]]]);
  assert.ok(pair.a.mesh.isConnected(B) && pair.b.mesh.isConnected(A));
});

test("a new life at the same endpoint is no refusal", async () => {
  const pair = await new Pair().start();
  pair.b.process.crashed = true;
  pair.b.mesh.died();
  const next = pair.member(B);
  await next.mesh.start(B, next.seen);
  next.mesh.setPeers([{ id: A, endpoint: A }]);
  await pair.pass(5_000);
  assert.equal(pair.gone, [[[B, "lost"]], []]);
  assert.ok(pair.a.mesh.isConnected(B) && next.mesh.isConnected(A));
});

test("what came during a stop counts before the silence of that time", async () => {
  const pair = await new Pair().start();
  pair.a.process.pause(4_000);
  await pair.pass(5_000);
  assert.equal(pair.gone, [[], []]);
  assert.equal(pair.a.seen.pulses.length, pair.b.seen.pulses.length + 4);
});

test.run();
