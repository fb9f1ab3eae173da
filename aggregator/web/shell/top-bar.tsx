/** Where am I, is this fresh, and how is it shown. */
import type { JSX } from "preact";
import { login, logOut } from "../api/session.ts";
import { openIncidents } from "../fleet/view.ts";
import { freshness } from "../live/connection.ts";
import { now } from "../state/clock.ts";
import { cycleTheme, theme, toggleZone, zone } from "../state/preferences.ts";
import { isWall, page } from "../state/route.ts";
import { formatCoarse } from "../words/duration.ts";
import { formatDateTime, zoneName } from "../words/instant.ts";
import { helpIsOpen } from "./help.tsx";

export function TopBar(): JSX.Element {
  const kind = page.value.kind;
  return (
    <header class="top-bar">
      <a class="brand" href="/">
        <Pulse />
        herdbeat
      </a>
      {!isWall.value && (
        <nav aria-label="Pages">
          <NavLink href="/" text="Fleet" here={kind === "fleet" || kind === "node"} />
          <NavLink
            href="/incidents"
            text="Incidents"
            here={kind === "incidents" || kind === "incident"}
          >
            {openIncidents.value.length}
          </NavLink>
          <NavLink href="/system" text="System" here={kind === "system"} />
        </nav>
      )}
      <div class="top-right">
        <Stamp />
        <button
          type="button"
          class="quiet clock num"
          onClick={toggleZone}
          title="Switch between UTC and local time"
        >
          {formatDateTime(now.value, zone.value).slice(11)} {zoneName(zone.value)}
        </button>
        {!isWall.value && <Controls />}
      </div>
    </header>
  );
}

interface NavLinkProps {
  readonly href: string;
  readonly text: string;
  readonly here: boolean;
  readonly children?: number;
}

function NavLink({ href, text, here, children }: NavLinkProps): JSX.Element {
  return (
    <a href={href} aria-current={here ? "page" : undefined}>
      {text}
      {children !== undefined && children > 0 && (
        <span class="nav-count num">
          {children}
          <span class="visually-hidden"> open</span>
        </span>
      )}
    </a>
  );
}

function Controls(): JSX.Element {
  return (
    <>
      <button type="button" class="quiet" onClick={cycleTheme} title="Theme: system, light or dark">
        <ThemeSign />
        <span class="visually-hidden">Theme: </span>
        {theme.value === "system" ? "Auto" : theme.value === "light" ? "Light" : "Dark"}
      </button>
      {login.value.kind === "in" && (
        <button
          type="button"
          class="quiet hide-narrow"
          title={`Signed in as ${login.value.session.name} (${login.value.session.scope})`}
          onClick={() => void logOut()}
        >
          Sign out
        </button>
      )}
      <button
        type="button"
        class="quiet"
        aria-label="Help and keys"
        onClick={() => {
          helpIsOpen.value = true;
        }}
      >
        ?
      </button>
    </>
  );
}

function ThemeSign(): JSX.Element {
  return (
    <svg class="theme-sign" viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <circle cx="6" cy="6" r="5.2" fill="none" stroke="currentColor" />
      <path d="M6 .8a5.2 5.2 0 0 1 0 10.4Z" fill="currentColor" />
    </svg>
  );
}

function Stamp(): JSX.Element {
  const fresh = freshness.value;
  const text =
    fresh.kind === "connecting"
      ? "connecting"
      : fresh.kind === "live"
        ? "live"
        : fresh.kind === "stale"
          ? `stale ${formatCoarse(fresh.ageMs)}`
          : `lost ${formatCoarse(fresh.ageMs)}`;
  return (
    <span class={`stamp stamp-${fresh.kind} num`} title="How fresh this page is">
      <i aria-hidden="true" />
      {text}
    </span>
  );
}

function Pulse(): JSX.Element {
  return (
    <svg viewBox="0 0 24 14" width="24" height="14" aria-hidden="true">
      <path
        d="M0 8 H7 L9.5 1.5 L13 13 L15.5 8 H24"
        fill="none"
        stroke="currentColor"
        stroke-width="1.8"
      />
    </svg>
  );
}
