/** What one browser prefers: theme and time zone. Kept in localStorage, shared by its tabs. */
import { effect, type Signal, signal } from "@preact/signals";
import type { ZoneChoice } from "../words/instant.ts";

export type ThemeChoice = "system" | "light" | "dark";

const THEME_KEY = "herdbeat.theme";
const ZONE_KEY = "herdbeat.zone";

const parseTheme = (text: string | null): ThemeChoice =>
  text === "light" || text === "dark" ? text : "system";
const parseZone = (text: string | null): ZoneChoice => (text === "local" ? "local" : "utc");

export const theme: Signal<ThemeChoice> = signal("system");
export const zone: Signal<ZoneChoice> = signal("utc");
/** The theme in effect; canvases redraw when it changes. */
export const isDark: Signal<boolean> = signal(false);

export function followPreferences(): void {
  theme.value = parseTheme(read(THEME_KEY));
  zone.value = parseZone(read(ZONE_KEY));
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const apply = (): void => {
    isDark.value = theme.value === "dark" || (theme.value === "system" && systemDark.matches);
    document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
  };
  systemDark.addEventListener("change", apply);
  effect(apply);
  effect(() => write(THEME_KEY, theme.value));
  effect(() => write(ZONE_KEY, zone.value));
  addEventListener("storage", ({ key, newValue }) => {
    if (key === THEME_KEY) theme.value = parseTheme(newValue);
    if (key === ZONE_KEY) zone.value = parseZone(newValue);
  });
}

const NEXT_THEME: { readonly [T in ThemeChoice]: ThemeChoice } = {
  system: "light",
  light: "dark",
  dark: "system",
};

export function cycleTheme(): void {
  theme.value = NEXT_THEME[theme.value];
}

export function toggleZone(): void {
  zone.value = zone.value === "utc" ? "local" : "utc";
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    // Storage may be forbidden; then every visit starts with the defaults.
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above: the choice holds for this visit.
  }
}
