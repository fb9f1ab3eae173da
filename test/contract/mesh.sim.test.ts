import type { AggregatorId } from "@herdbeat/shared/ids";
import { seededRandom } from "@herdbeat/shared/random";
import { SimProcess, SimTime } from "../sim/clock.ts";
import { SimMesh } from "../sim/mesh.ts";
import { MeshFabric } from "../sim/mesh-fabric.ts";
import { MeshRecorder } from "../support/mesh-recorder.ts";
import { suite } from "../support/suite.ts";
import { type MeshMember, meshContract } from "./mesh.contract.ts";

const LOOK_EVERY_MS = 10;
const BOUND_MS = 60_000;
const FREEZE_MS = 3_600_000;

const test = suite("simulated mesh");

meshContract(test, () => {
  const time = new SimTime();
  const fabric = new MeshFabric(time);
  const random = seededRandom(1);
  const own = new SimProcess(time);

  function member(id: string, process: SimProcess): MeshMember & { readonly mesh: SimMesh } {
    const mesh = new SimMesh(fabric, process, random, id);
    return { id: id as AggregatorId, endpoint: id, mesh, seen: new MeshRecorder() };
  }
  return Promise.resolve({
    member: async (id) => {
      const made = member(id, own);
      await made.mesh.start(made.id, made.seen);
      return made;
    },
    process: async (id, peers) => {
      const process = new SimProcess(time);
      const { mesh, seen, endpoint, id: own } = member(id, process);
      seen.onCensusQuestion = (peer, question) =>
        mesh.answerCensus(peer, { question, domains: [], shards: [] });
      await mesh.start(own, seen);
      mesh.setPeers(peers);
      return {
        id: own,
        endpoint,
        kill: () => {
          process.crashed = true;
          mesh.died();
        },
        freeze: () => process.pause(FREEZE_MS),
      };
    },
    until: async (condition) => {
      const end = time.now + BOUND_MS;
      while (!condition()) {
        if (time.now >= end) throw new Error(`the expected state did not come in ${BOUND_MS} ms`);
        await time.runUntil(time.now + LOOK_EVERY_MS);
      }
    },
    futureEndpoint: (id) => Promise.resolve(id),
  });
});

test.run();
