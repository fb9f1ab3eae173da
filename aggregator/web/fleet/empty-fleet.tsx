/** No node yet: says how to get the first one. */
import type { JSX } from "preact";
import { aggregators } from "../live/picture.ts";

export function EmptyFleet(): JSX.Element {
  const endpoint = aggregators.value[0]?.streamEndpoint ?? "wss://this-host:7341";
  return (
    <section class="empty">
      <h1>No node has reported yet.</h1>
      <p>
        Start an agent on a compute host. It appears here with its first heartbeat, about a second
        later.
      </p>
      <ol>
        <li>
          Install the <code>herdbeat-agent</code> package on the host.
        </li>
        <li>
          In <code>/etc/herdbeat/agent.yaml</code>, name this aggregator:
          <pre>
            <code>{`aggregators:\n  - ${endpoint}`}</code>
          </pre>
        </li>
        <li>
          Start it:
          <pre>
            <code>systemctl enable --now herdbeat-agent</code>
          </pre>
        </li>
      </ol>
      <p>
        If it does not appear, <code>journalctl -u herdbeat-agent</code> on the host says why. To
        look around first, <code>npm start</code> in the source tree runs a small simulated fleet.
      </p>
    </section>
  );
}
