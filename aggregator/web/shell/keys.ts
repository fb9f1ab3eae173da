/** Keys that work everywhere. Nothing is taken while somebody types or holds a modifier. */
import { cycleTheme, toggleZone } from "../state/preferences.ts";
import { isWall, navigate, page, query, setQuery } from "../state/route.ts";
import { helpIsOpen } from "./help.tsx";

/** After `g`, the second key must follow within this time. */
const CHORD_MS = 1_200;
const PLACES: Readonly<Record<string, string>> = { f: "/", i: "/incidents", s: "/system" };

export function followKeys(): void {
  let chordAt = Number.NEGATIVE_INFINITY;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const place = PLACES[event.key];
    if (event.timeStamp - chordAt < CHORD_MS && place !== undefined) {
      chordAt = Number.NEGATIVE_INFINITY;
      event.preventDefault();
      navigate(place);
    } else if (event.key === "g") chordAt = event.timeStamp;
    else if (act(event.key)) event.preventDefault();
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), select, textarea"))
  );
}

function act(key: string): boolean {
  switch (key) {
    case "?":
      helpIsOpen.value = !helpIsOpen.value;
      return true;
    case "/":
      document.querySelector<HTMLInputElement>("input[type=search]")?.focus();
      return true;
    case "n":
      if (page.value.kind !== "fleet") return false;
      setQuery({ notok: query.value.get("notok") === "1" ? null : "1" });
      return true;
    case "t":
      cycleTheme();
      return true;
    case "u":
      toggleZone();
      return true;
    case "w":
      setQuery({ wall: isWall.value ? null : "1" });
      return true;
    default:
      return false;
  }
}
