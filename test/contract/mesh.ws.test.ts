import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { WsMesh } from "@herdbeat/aggregator/adapters/ws/mesh/ws-mesh";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import type { AggregatorId } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { type Clock, monotonicMs } from "@herdbeat/shared/time";
import { eventually } from "../support/eventually.ts";
import { MeshRecorder } from "../support/mesh-recorder.ts";
import { startProcess, type TrackedProcess } from "../support/processes.ts";
import { suite } from "../support/suite.ts";
import { nodeArguments } from "../tools/run-tests.mjs";
import { meshContract } from "./mesh.contract.ts";

const test = suite("mesh over WebSockets");
const PROCESS = fileURLToPath(new URL("../support/mesh-process.ts", import.meta.url));
/** While a peer is frozen the members' clock runs at twice the speed: less is no stall of their own. */
const HURRY_MS = 50;

const started: { stop(): Promise<unknown> }[] = [];

test.after.each(async () => {
  for (const one of started.splice(0)) await one.stop();
});

meshContract(test, () => {
  const children: TrackedProcess[] = [];
  let ahead = 0;
  let hurries = false;
  const clock: Clock = {
    now: () => monotonicMs(systemClock.now() + ahead),
    wallNow: () => systemClock.wallNow(),
  };

  return Promise.resolve({
    member: async (id) => {
      const shared = { clock, logger: silentLogger };
      const server = new StreamServer({ host: "127.0.0.1", port: 0, tls: null, ...shared });
      const rest = { random: systemRandom, clusterId: () => "c-1", tls: () => null };
      const mesh = new WsMesh({ server, ...shared, ...rest });
      const seen = new MeshRecorder();
      await mesh.start(id as AggregatorId, seen);
      started.push({
        stop: async () => {
          await mesh.stop();
          await server.stop();
        },
      });
      return { id: id as AggregatorId, endpoint: server.endpoint(), mesh, seen };
    },
    process: async (id, peers) => {
      const args = peers.map((peer) => `${peer.id}=${peer.endpoint}`);
      const child = startProcess(process.execPath, [...nodeArguments(), PROCESS, id, ...args]);
      children.push(child);
      started.push({ stop: () => child.stop(0) });
      const endpoint = await eventually(() => /endpoint=(\S+)/.exec(child.output())?.[1], {
        withinMs: 15_000,
      });
      return {
        id: id as AggregatorId,
        endpoint,
        kill: () => process.kill(child.pid, "SIGKILL"),
        freeze: () => {
          hurries = true;
          process.kill(child.pid, "SIGSTOP");
        },
      };
    },
    until: async (condition) => {
      await eventually(
        () => {
          if (hurries) ahead += HURRY_MS;
          return condition();
        },
        { withinMs: 15_000, everyMs: hurries ? 50 : 20 },
      );
    },
    futureEndpoint: async () => {
      const reserved = createServer().listen(0, "127.0.0.1");
      await eventually(() => reserved.listening);
      const { port } = reserved.address() as { port: number };
      await new Promise((resolve) => reserved.close(resolve));
      return `ws://127.0.0.1:${port}`;
    },
  });
});

test.run();
