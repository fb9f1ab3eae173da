/** Herdbeat itself: who judges which part of the fleet, and whether its store and peers are well. */
import type { JSX } from "preact";
import type { SelfDto, ShardDto, StoreDto } from "../api/dto.ts";
import { isTrusted } from "../live/connection.ts";
import { aggregators, cluster, hasPicture, self, shards, store } from "../live/picture.ts";
import { Fact, Facts } from "../parts/facts.tsx";
import { Instant, Since } from "../parts/time.tsx";
import { countOf } from "../words/count.ts";
import { formatDuration } from "../words/duration.ts";
import { AggregatorTable } from "./aggregator-table.tsx";
import { DrillTable } from "./drill-table.tsx";
import { NoticeList } from "./notices.tsx";
import { QualityPanel } from "./quality-panel.tsx";
import { ShardGrid } from "./shard-grid.tsx";

export function SystemPage(): JSX.Element {
  if (!hasPicture.value) return <p class="waiting">Waiting for the first picture of the fleet…</p>;
  return (
    <article class={`page ${isTrusted.value ? "" : "untrusted"}`}>
      <header class="headline">
        <h1>{headline(shards.value, aggregators.value.length)}</h1>
        <p class="muted">Cluster {cluster.value}</p>
      </header>
      <NoticeList />
      <div class="columns">
        <div>
          <section>
            <h2>Aggregators</h2>
            <AggregatorTable aggregators={aggregators.value} />
          </section>
          <section>
            <h2>How good the detector is</h2>
            <QualityPanel />
          </section>
          <section>
            <h2>Drills</h2>
            <DrillTable />
          </section>
          <section>
            <h2>Shards</h2>
            <ShardGrid shards={shards.value} aggregators={aggregators.value} />
          </section>
        </div>
        <aside>
          <StoreFacts store={store.value} />
          <SelfFacts self={self.value} />
        </aside>
      </div>
    </article>
  );
}

function headline(all: readonly ShardDto[], aggregatorCount: number): string {
  const held = all.filter((shard) => shard.status === "held").length;
  const unowned = all.filter((shard) => shard.status === "unowned").length;
  if (held > 0) return `${countOf(held, "shard is", "shards are")} on hold.`;
  if (unowned > 0) return `${countOf(unowned, "shard has", "shards have")} no owner.`;
  return `${countOf(all.length, "shard")} judged by ${countOf(aggregatorCount, "aggregator")}.`;
}

function StoreFacts({ store: health }: { readonly store: StoreDto | null }): JSX.Element {
  return (
    <>
      <h2>Store</h2>
      {health === null ? (
        <p class="muted">Told every 5 seconds; not yet.</p>
      ) : (
        <Facts>
          <Fact name="State">
            <strong class={health.state === "up" ? "" : "bad"}>
              {health.state === "up" ? "answers" : "does not answer"}
            </strong>{" "}
            for <Since at={health.since} />
          </Fact>
          <Fact name="Kind">{health.description}</Fact>
          {health.detail !== "" && <Fact name="What is wrong">{health.detail}</Fact>}
        </Facts>
      )}
    </>
  );
}

function SelfFacts({ self: status }: { readonly self: SelfDto | null }): JSX.Element {
  return (
    <>
      <h2>This aggregator</h2>
      {status === null ? (
        <p class="muted">Told every 5 seconds; not yet.</p>
      ) : (
        <Facts>
          <Fact name="Id">
            <code>{status.aggregator}</code>
          </Fact>
          <Fact name="Ready">
            {status.ready ? "yes" : `no: ${status.notReadyBecause.join("; ")}`}
          </Fact>
          <Fact name="Agents connected">
            <span class="num">{status.connections}</span>
          </Fact>
          <Fact name="Shards owned">
            <span class="num">{status.ownedShards}</span>
          </Fact>
          <Fact name="Longest lag of its loop">
            <span class="num">{Math.round(status.loopLagMsMax)} ms</span>
          </Fact>
          <Fact name="Own stalls discounted">
            <span class="num">{formatDuration(status.stallDiscountedMs)}</span>
          </Fact>
          <Fact name="Started">
            <Instant at={status.startedAt} />
          </Fact>
          <Fact name="Version">{status.version}</Fact>
        </Facts>
      )}
    </>
  );
}
