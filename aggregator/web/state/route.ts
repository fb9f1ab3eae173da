/**
 * The address is the state: every view, filter and selection can be sent to a colleague as a link.
 * Paths name the page, the query names what is shown of it.
 */
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";

export type Page =
  | { readonly kind: "fleet" }
  | { readonly kind: "node"; readonly id: string }
  | { readonly kind: "incidents" }
  | { readonly kind: "incident"; readonly id: string }
  | { readonly kind: "system" }
  | { readonly kind: "lost"; readonly path: string };

export interface Address {
  readonly path: string;
  readonly query: string;
}

const address: Signal<Address> = signal({ path: "/", query: "" });

export function parsePage(path: string): Page {
  const [first = "", second, ...rest] = path.split("/").filter((part) => part !== "");
  if (rest.length > 0) return { kind: "lost", path };
  if (second !== undefined) {
    const id = decodeSafely(second);
    if (first === "nodes") return { kind: "node", id };
    if (first === "incidents") return { kind: "incident", id };
    return { kind: "lost", path };
  }
  if (first === "" || first === "fleet" || first === "nodes") return { kind: "fleet" };
  if (first === "incidents") return { kind: "incidents" };
  if (first === "system") return { kind: "system" };
  return { kind: "lost", path };
}

function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A hand-typed address with a stray percent sign: shown as it is, found nowhere.
    return text;
  }
}

/** Changes only when another page is shown, not with every keystroke in a filter. */
const pathOnly: ReadonlySignal<string> = computed(() => address.value.path);
export const page: ReadonlySignal<Page> = computed(() => parsePage(pathOnly.value));
export const query: ReadonlySignal<URLSearchParams> = computed(
  () => new URLSearchParams(address.value.query),
);
/** Full-screen view for a wall: no controls, larger type. */
export const isWall: ReadonlySignal<boolean> = computed(() => query.value.get("wall") === "1");

export const nodeHref = (id: string): string => `/nodes/${encodeURIComponent(id)}`;
export const incidentHref = (id: string): string => `/incidents/${encodeURIComponent(id)}`;

export function navigate(href: string, how: "push" | "replace" = "push"): void {
  const target = new URL(href, location.href);
  if (how === "push") history.pushState(null, "", target);
  else history.replaceState(null, "", target);
  const isNewPage = target.pathname !== address.value.path;
  read();
  if (how !== "push" || !isNewPage) return;
  scrollTo(0, 0);
  // Readers of the screen start where the new page starts, not at the link they left.
  document.getElementById("main")?.focus({ preventScroll: true });
}

/** Sets or, with null, removes values of the query; filters replace, so that Back leaves the page. */
export function setQuery(changes: Readonly<Record<string, string | null>>): void {
  const next = new URLSearchParams(address.value.query);
  for (const [key, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  navigate(`${location.pathname}${text === "" ? "" : `?${text}`}`, "replace");
}

function read(): void {
  address.value = { path: location.pathname, query: location.search };
}

/** Starts to follow the address bar; plain clicks on links of this page become navigation. */
export function followAddress(): void {
  read();
  addEventListener("popstate", read);
  document.addEventListener("click", (event) => {
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey;
    const target = event.target instanceof Element ? event.target.closest("a") : null;
    if (!isPlain || event.defaultPrevented || target === null) return;
    if (
      target.origin !== location.origin ||
      target.target !== "" ||
      target.hasAttribute("download")
    )
      return;
    if (target.pathname.startsWith("/api/") || target.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    navigate(target.href);
  });
}
