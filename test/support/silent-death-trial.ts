// Run in a network namespace of its own: a listener, a small fleet, and a silent death.
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { WsAgentListener } from "@herdbeat/aggregator/adapters/ws/agent-listener";
import { StreamServer } from "@herdbeat/aggregator/adapters/ws/stream-server";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemClock } from "@herdbeat/shared/system-clock";
import { MeasuredProcess } from "../bench/lib/measured-process.ts";
import { eventually } from "./eventually.ts";
import { RecordingObserver } from "./recording-observer.ts";

const observer = new RecordingObserver();
const server = new StreamServer({
  host: "127.0.0.1",
  port: 0,
  tls: null,
  clock: systemClock,
  logger: silentLogger,
});
const listener = new WsAgentListener({
  server,
  clock: systemClock,
  aggregatorId: "agg-1",
  aggregatorVersion: "0",
  clusterId: () => "c",
});
await listener.start(observer);
const fleet = new MeasuredProcess(1, fileURLToPath(new URL("../fleet/main.ts", import.meta.url)), [
  ...["--endpoint", listener.endpoint(), "--nodes", "10", "--interval", "100ms"],
]);
await eventually(() => observer.hellos.length === 10, { withinMs: 20_000 });
for (const line of ['{"cmd":"die","node":[2,3]}', '{"cmd":"drop-hits"}']) {
  // The fleet also says when it is ready, and may do so just now.
  const answer = fleet.nextLine((text) => (text.includes('"event":"done"') ? text : undefined));
  fleet.write(line);
  console.log(await answer);
  // The dead sockets' FIN is tried again and again; the living nodes go on.
  await delay(500);
}
console.log(`closes=${observer.closes.length}`);
await fleet.stop();
process.exit(0);
