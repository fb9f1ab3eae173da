/** The fleet as one picture: hover or arrow keys name a node, Enter or a click opens it. */
import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { isTrusted } from "../live/connection.ts";
import { type NodeEntry, nodes, placesVersion } from "../live/picture.ts";
import { isDark } from "../state/preferences.ts";
import { isWall, navigate, nodeHref, query, setQuery } from "../state/route.ts";
import { countOf } from "../words/count.ts";
import { STATE_WORDS } from "../words/node-states.ts";
import { isNarrowing, matches } from "./filter.ts";
import { layOutMap, type MapLayout } from "./map-layout.ts";
import { paintMap, readColours } from "./map-paint.ts";
import { MapTip } from "./map-tip.tsx";
import { cellAt, type Direction, neighbour } from "./map-walk.ts";
import { filter, stateNow } from "./view.ts";

const KEYS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
  Home: "first",
  End: "last",
};
const ZOOM_MAX = 6;
const ROOM_MIN_PX = 160;
const WALL_EDGE_PX = 32;
const DESK_FONT_PX = 14;
const EMPTY: MapLayout = { cellPx: 0, width: 0, height: 0, cells: [], captions: [], textScale: 1 };

export function HeatMap(): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useSignal(0);
  const height = useSignal(0);
  const textScale = useSignal(1);
  const active = useSignal(-1);
  const hovered = useSignal(-1);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const measure = (): void => {
      width.value = element.clientWidth;
      textScale.value = Number.parseFloat(getComputedStyle(document.body).fontSize) / DESK_FONT_PX;
      height.value = roomFor(element);
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    // What stands above the map may grow or shrink.
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);

  const layout = useComputed(() => {
    void placesVersion.value;
    if (width.value === 0) return EMPTY;
    const zoom = Math.min(ZOOM_MAX, Math.max(-ZOOM_MAX, Number(query.value.get("zoom")) || 0));
    return layOutMap(nodes.peek(), {
      width: width.value,
      height: height.value,
      zoom,
      textScale: textScale.value,
    });
  });

  useSignalEffect(() => {
    const element = canvas.current;
    if (element === null || frame.current === null || layout.value.width === 0) return;
    void isDark.value;
    const list = nodes.value;
    const narrowing = isNarrowing(filter.value) ? filter.value : null;
    const remembered = !isTrusted.value;
    const look = (index: number) => {
      const node = list[index];
      if (node === undefined) return undefined;
      const faint = narrowing !== null && !matches(narrowing, node);
      return { state: node.state, faint, remembered };
    };
    const picture = { layout: layout.value, look, active: active.value, hovered: hovered.value };
    const paint = requestAnimationFrame(() => {
      if (frame.current !== null)
        paintMap(element, { ...picture, colours: readColours(frame.current) });
    });
    return () => cancelAnimationFrame(paint);
  });

  const nodeAt = (cell: number): NodeEntry | undefined => {
    const index = layout.value.cells[cell]?.index;
    return index === undefined ? undefined : nodes.value[index];
  };
  const open = (cell: number): void => {
    const node = nodeAt(cell);
    if (node !== undefined) navigate(nodeHref(node.id));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const direction = KEYS[event.key];
    if (direction !== undefined) {
      const from = active.value < 0 ? 0 : active.value;
      active.value = active.value < 0 ? 0 : neighbour(layout.value, from, direction);
    } else if (event.key === "Enter" && active.value >= 0) open(active.value);
    else if (event.key === "Escape") active.value = -1;
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shown = hovered.value >= 0 ? hovered.value : active.value;
  const current = nodeAt(active.value);
  return (
    <div class="map" ref={frame}>
      <div
        class="map-field"
        role="listbox"
        tabIndex={0}
        aria-label={`Map of ${countOf(nodes.value.length, "node")}; arrow keys walk, Enter opens`}
        aria-activedescendant={current === undefined ? undefined : `cell-${current.id}`}
        onKeyDown={onKeyDown}
        onFocus={() => {
          if (active.value < 0) active.value = 0;
        }}
        onBlur={() => {
          active.value = -1;
        }}
      >
        <div
          role="option"
          tabIndex={-1}
          aria-selected="true"
          class="visually-hidden"
          id={`cell-${current?.id ?? "none"}`}
        >
          {current === undefined
            ? "no node chosen"
            : `${current.hostname}: ${STATE_WORDS[stateNow(current)].label}`}
        </div>
        <div aria-hidden="true">
          <canvas
            ref={canvas}
            onMouseMove={(event) => {
              hovered.value = cellAt(layout.value, event.offsetX, event.offsetY);
            }}
            onMouseLeave={() => {
              hovered.value = -1;
            }}
            onClick={() => open(hovered.value)}
          />
        </div>
      </div>
      <MapTip node={nodeAt(shown)} cell={layout.value.cells[shown]} layout={layout.value} />
    </div>
  );
}

/** About half a screen, so that the table stays in reach; a wall has nothing below the map. */
function roomFor(element: HTMLElement): number {
  const top = element.getBoundingClientRect().top + scrollY;
  return Math.max(
    ROOM_MIN_PX,
    isWall.value ? innerHeight - top - WALL_EDGE_PX : innerHeight * 0.45,
  );
}

/** Larger or smaller cells than those that fit; kept in the address. */
export function MapZoom(): JSX.Element {
  const zoom = Number(query.value.get("zoom")) || 0;
  const set = (value: number): void => setQuery({ zoom: value === 0 ? null : String(value) });
  return (
    <span class="zoom">
      <button type="button" class="quiet" aria-label="Smaller cells" onClick={() => set(zoom - 1)}>
        −
      </button>
      <button type="button" class="quiet" aria-label="Larger cells" onClick={() => set(zoom + 1)}>
        +
      </button>
    </span>
  );
}
