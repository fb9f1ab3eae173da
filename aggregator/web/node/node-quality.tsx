/** How often this node was wrongly suspected, since its owner looks after it. */
import type { JSX } from "preact";
import type { QualityDto } from "../api/dto.ts";
import { QualityFacts } from "../parts/quality-facts.tsx";
import { useRemote } from "../parts/remote.tsx";

const REFRESH_MS = 30_000;

export function NodeQuality({ id }: { readonly id: string }): JSX.Element {
  const path = `/quality?node=${encodeURIComponent(id)}`;
  const remote = useRemote<QualityDto>(path, { everyMs: REFRESH_MS, version: 0 }).value;
  const figures = remote.value?.node ?? null;
  return (
    <>
      <h2>How well it is watched</h2>
      {figures === null ? (
        <p class="muted">{remote.error === "" ? "Being asked for…" : remote.error}</p>
      ) : (
        <QualityFacts figures={figures} />
      )}
    </>
  );
}
