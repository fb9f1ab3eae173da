/** All shards: a strip of who owns what, then a table of the facts. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AggregatorDto, ShardDto } from "../api/dto.ts";
import { countOf } from "../words/count.ts";

export interface ShardGridProps {
  readonly shards: readonly ShardDto[];
  readonly aggregators: readonly AggregatorDto[];
}

const STATUS_WORDS: { readonly [S in ShardDto["status"]]: string } = {
  "owned-here": "owned here",
  "owned-elsewhere": "owned",
  unowned: "no owner",
  held: "on hold",
};

export function ShardGrid({ shards, aggregators }: ShardGridProps): JSX.Element {
  const all = useSignal(false);
  const shown = all.value ? shards : shards.filter(wantsEyes);
  return (
    <>
      <Strip shards={shards} aggregators={aggregators} />
      {shown.length > 0 && <ShardTable shards={shown} />}
      <p class="more">
        <button
          type="button"
          class="quiet"
          aria-expanded={all.value}
          onClick={() => {
            all.value = !all.value;
          }}
        >
          {all.value
            ? "List only those that want eyes"
            : `List all ${countOf(shards.length, "shard")}`}
        </button>
      </p>
    </>
  );
}

const wantsEyes = (shard: ShardDto): boolean =>
  shard.status === "held" || shard.status === "unowned";

function Strip({ shards, aggregators }: ShardGridProps): JSX.Element {
  const owners = aggregators.map((aggregator) => aggregator.id);
  return (
    <>
      <ul class="shards" aria-label="Shards by owner">
        {shards.map((shard) => (
          <li
            key={shard.shard}
            class={`shard shard-${wantsEyes(shard) ? shard.status : `owner-${ownerIndex(owners, shard.owner)}`}`}
            title={describe(shard)}
          >
            <span class="num">{shard.shard}</span>
            <span class="visually-hidden"> {describe(shard)}</span>
          </li>
        ))}
      </ul>
      <p class="shard-legend">
        {owners.map((id, index) => (
          <span key={id}>
            <i class={`shard shard-owner-${index % OWNER_TINTS}`} aria-hidden="true" /> {id}
          </span>
        ))}
      </p>
    </>
  );
}

/** Tints in the stylesheet; more owners than that share them, and the title names each. */
const OWNER_TINTS = 5;

function ownerIndex(owners: readonly string[], owner: string | null): number {
  return Math.max(0, owners.indexOf(owner ?? "")) % OWNER_TINTS;
}

function describe(shard: ShardDto): string {
  const owner = shard.owner === null ? "" : ` by ${shard.owner}`;
  const why = shard.heldBecause === "" ? "" : `: ${shard.heldBecause}`;
  return `shard ${shard.shard} ${STATUS_WORDS[shard.status]}${owner}${why}, ${countOf(shard.nodes, "node")}`;
}

function ShardTable({ shards }: { readonly shards: readonly ShardDto[] }): JSX.Element {
  return (
    <table class="lines">
      <thead>
        <tr>
          <th scope="col">Shard</th>
          <th scope="col">Status</th>
          <th scope="col">Owner</th>
          <th scope="col">Token</th>
          <th scope="col">Nodes</th>
          <th scope="col">Open</th>
          <th scope="col">To deliver</th>
        </tr>
      </thead>
      <tbody>
        {shards.map((shard) => (
          <tr key={shard.shard}>
            <td class="num" data-label="Shard">
              {shard.shard}
            </td>
            <td>
              {STATUS_WORDS[shard.status]}
              {shard.heldBecause !== "" && <span class="block">{shard.heldBecause}</span>}
            </td>
            <td data-label="Owner">{shard.owner ?? "nobody"}</td>
            <td class="num" data-label="Token">
              {shard.token ?? "none"}
            </td>
            <td class="num" data-label="Nodes">
              {shard.nodes}
            </td>
            <td class="num" data-label="Open incidents">
              {shard.openIncidents}
            </td>
            <td class="num" data-label="To deliver">
              {shard.outbox}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
