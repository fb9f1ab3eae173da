/** Every node that passes the filter, one line each, worst first. Only visible rows exist. */
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isTrusted } from "../live/connection.ts";
import { type NodeEntry, shortName } from "../live/picture.ts";
import { StateMark } from "../parts/state-mark.tsx";
import { Since } from "../parts/time.tsx";
import { rowWindow } from "../parts/window-rows.ts";
import { navigate, nodeHref, setQuery } from "../state/route.ts";
import { STATE_WORDS } from "../words/node-states.ts";
import { type SortName, shownNodes, sinceOf, sortName, stateNow, whyOf } from "./view.ts";

const ROW_PX = 32;
/** Two lines per row where the columns have no room. */
const ROW_NARROW_PX = 56;
const NARROW = "(max-width: 760px)";
const HEAD_PX = 32;

export function NodeTable(): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const scrollTop = useSignal(0);
  const viewport = useSignal(600);
  const rowPx = useSignal(ROW_PX);
  /** The id, not the position: the row stays chosen when others move past it. */
  const active = useSignal<string | null>(null);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const narrow = matchMedia(NARROW);
    const measure = (): void => {
      viewport.value = element.clientHeight;
      rowPx.value = narrow.matches ? ROW_NARROW_PX : ROW_PX;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const rows = shownNodes.value;
  const view = rowWindow(rows.length, rowPx.value, scrollTop.value, viewport.value);
  const walk = (step: number): void => {
    const from = rows.findIndex((node) => node.id === active.value);
    const to = Math.max(0, Math.min(rows.length - 1, from + step));
    const node = rows[to];
    if (node === undefined) return;
    active.value = node.id;
    keepVisible(scroller.current, to * rowPx.value, rowPx.value);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(viewport.value / rowPx.value) - 2);
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      j: 1,
      k: -1,
      PageDown: page,
      PageUp: -page,
      Home: -rows.length,
      End: rows.length,
    };
    const step = steps[event.key];
    if (step !== undefined) walk(step);
    else if (event.key === "Enter" && active.value !== null) navigate(nodeHref(active.value));
    else return;
    event.preventDefault();
  };
  return (
    <div
      class="table-scroller"
      ref={scroller}
      onScroll={(event) => {
        scrollTop.value = event.currentTarget.scrollTop;
      }}
    >
      <table
        class={`nodes ${isTrusted.value ? "" : "untrusted"}`}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: a grid is a table that is walked with keys (ARIA authoring practices).
        role="grid"
        aria-label="Nodes"
        aria-rowcount={rows.length + 1}
        aria-activedescendant={active.value === null ? undefined : `row-${active.value}`}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <TableHead />
        <tbody>
          <Spacer px={view.spaceBeforePx} />
          {rows.slice(view.first, view.end).map((node, offset) => (
            <NodeRow
              key={node.id}
              node={node}
              index={view.first + offset}
              isActive={node.id === active.value}
              choose={() => {
                active.value = node.id;
              }}
            />
          ))}
          <Spacer px={view.spaceAfterPx} />
        </tbody>
      </table>
    </div>
  );
}

function keepVisible(scroller: HTMLElement | null, topPx: number, rowPx: number): void {
  if (scroller === null) return;
  const room = scroller.clientHeight - HEAD_PX;
  if (topPx < scroller.scrollTop) scroller.scrollTop = topPx;
  else if (topPx + rowPx > scroller.scrollTop + room) scroller.scrollTop = topPx + rowPx - room;
}

function Spacer({ px }: { readonly px: number }): JSX.Element | null {
  return px === 0 ? null : (
    // biome-ignore lint/a11y/noAriaHiddenOnFocusable: this row cannot be focused; it is only height.
    <tr aria-hidden="true" class="spacer">
      <td style={{ height: `${px}px` }} />
    </tr>
  );
}

function TableHead(): JSX.Element {
  const column = (name: SortName, label: string, className: string): JSX.Element => (
    <th scope="col" class={className} aria-sort={sortName.value === name ? "ascending" : "none"}>
      <button type="button" onClick={() => setQuery({ sort: name === "state" ? null : name })}>
        {label}
      </button>
    </th>
  );
  return (
    <thead>
      <tr aria-rowindex={1}>
        {column("state", "State", "col-state")}
        {column("name", "Node", "col-node")}
        <th scope="col" class="col-why">
          Why
        </th>
        {column("since", "For", "col-since")}
        {column("place", "Place", "col-place")}
      </tr>
    </thead>
  );
}

interface NodeRowProps {
  readonly node: NodeEntry;
  readonly index: number;
  readonly isActive: boolean;
  readonly choose: () => void;
}

function NodeRow({ node, index, isActive, choose }: NodeRowProps): JSX.Element {
  const state = stateNow(node);
  const why = whyOf(node);
  const since = sinceOf(node);
  const place = [node.az, node.row, node.rack].filter((part) => part !== "").join(" · ");
  return (
    <tr
      id={`row-${node.id}`}
      class={isActive ? "active" : ""}
      aria-rowindex={index + 2}
      aria-selected={isActive}
      onMouseDown={choose}
    >
      <td class="col-state">
        <StateMark state={state} /> {STATE_WORDS[state].label}
      </td>
      <td class="col-node">
        <a href={nodeHref(node.id)} tabIndex={-1} title={node.hostname}>
          {shortName(node.hostname)}
        </a>
      </td>
      <td class="col-why" title={why}>
        {why}
      </td>
      <td class="col-since">{since !== null && <Since at={since} />}</td>
      <td class="col-place">{place}</td>
    </tr>
  );
}
