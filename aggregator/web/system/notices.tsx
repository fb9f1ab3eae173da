/** What stands over everything else: the store is down, judgement is on hold, fencing is impossible. */
import type { JSX } from "preact";
import { notices } from "../live/picture.ts";
import { StateMark } from "../parts/state-mark.tsx";
import { Since } from "../parts/time.tsx";
import { nodeHref } from "../state/route.ts";
import { capital } from "../words/capital.ts";
import { countOf } from "../words/count.ts";

const NODES_NAMED_MAX = 8;

export function NoticeList(): JSX.Element | null {
  if (notices.value.length === 0) return null;
  return (
    <section class="notices" aria-label="Notices">
      <ul>
        {notices.value.map((notice) => (
          <li key={`${notice.kind} ${notice.since}`}>
            <StateMark state="suspect" />
            <div>
              <strong>{capital(notice.kind.replaceAll("-", " "))}</strong> {capital(notice.message)}{" "}
              <span class="muted">
                for <Since at={notice.since} />
              </span>
              {notice.nodes.length > 0 && <NamedNodes ids={notice.nodes} />}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function NamedNodes({ ids }: { readonly ids: readonly string[] }): JSX.Element {
  const hidden = ids.length - NODES_NAMED_MAX;
  return (
    <span class="block">
      {ids.slice(0, NODES_NAMED_MAX).map((id) => (
        <span key={id}>
          <a href={nodeHref(id)}>{id}</a>{" "}
        </span>
      ))}
      {hidden > 0 && `and ${countOf(hidden, "more node")}`}
    </span>
  );
}
