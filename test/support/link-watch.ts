// Prints every change that the network-link monitor makes, with the monotonic clock of the machine.
// Runs inside a network namespace of its own; ends with its standard input.
import { IpMonitor } from "@herdbeat/agent/adapters/iproute/link-events";
import { SysfsLinks } from "@herdbeat/agent/adapters/sysfs/links";
import { ConditionTable } from "@herdbeat/agent/core/condition-table";
import { OwnLag } from "@herdbeat/agent/core/own-lag";
import { createNetworkLinkMonitor } from "@herdbeat/agent/monitors/network-link";
import { MonitorRunner } from "@herdbeat/agent/runtime/monitor-runner";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";

const monitor = createNetworkLinkMonitor(
  { networks: { tenant: process.argv[2] ?? "" }, discover: true },
  {
    links: new SysfsLinks(),
    linkEvents: new IpMonitor({
      timers: systemTimers,
      random: systemRandom,
      logger: silentLogger,
      ...(process.argv[3] === "poll" ? { command: ["false"] } : {}),
    }),
    clock: systemClock,
  },
);
let number = 0;
const table = new ConditionTable({ nextTransition: () => ++number, expected: [monitor.name] });

function print(subject: string, status: string, reason: string): void {
  console.log(`${process.hrtime.bigint()} ${subject} ${status} ${reason}`);
}

const runner = new MonitorRunner({
  monitors: [monitor],
  table,
  ownLag: new OwnLag(),
  clock: systemClock,
  timers: systemTimers,
  logger: silentLogger,
  metrics: silentMetrics,
  onTick: () => {},
  onSecond: () => {},
  onChanges: (changes) => {
    for (const { condition } of changes)
      print(condition.subject, condition.status, condition.reason);
  },
});
await runner.start();
setTimeout(() => {
  for (const { subject, status, reason } of table.all()) print(subject, status, reason);
  console.log("watching");
}, 1_300);
