/** Prints what network-path says of one role, at every round. Arguments: interface, peers. */
import { LocalTextFiles } from "@herdbeat/agent/adapters/text-files/text-files";
import { RolePathProber } from "@herdbeat/agent/adapters/witness/path-prober";
import { createNetworkPathMonitor } from "@herdbeat/agent/monitors/network-path";
import { systemTimers } from "@herdbeat/shared/system-clock";

const [name = "", ...targets] = process.argv.slice(2);
const monitor = createNetworkPathMonitor(
  [{ role: "storage", interface: name, targets, port: 9 }],
  new RolePathProber({ storage: name }, systemTimers),
  new LocalTextFiles(),
);

for (;;) {
  for (const { reason } of await monitor.probe(new AbortController().signal))
    process.stdout.write(`${reason}\n`);
  // The kernel answers datagrams to closed ports once a second.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
}
