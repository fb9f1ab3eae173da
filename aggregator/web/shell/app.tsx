/** Chooses what is shown: the login, or one page inside the frame. */
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { login } from "../api/session.ts";
import { FleetPage } from "../fleet/fleet-page.tsx";
import { totals } from "../fleet/view.ts";
import { IncidentPage } from "../incident/incident-page.tsx";
import { IncidentsPage } from "../incident/incidents-page.tsx";
import { isTrusted } from "../live/connection.ts";
import { hasPicture } from "../live/picture.ts";
import { followFleet } from "../live/stream.ts";
import { NodePage } from "../node/node-page.tsx";
import { isWall, page } from "../state/route.ts";
import { NoticeList } from "../system/notices.tsx";
import { SystemPage } from "../system/system-page.tsx";
import { Help } from "./help.tsx";
import { LoginPage } from "./login-page.tsx";
import { LostBanner } from "./lost-banner.tsx";
import { TopBar } from "./top-bar.tsx";

export function App(): JSX.Element {
  const state = login.value;
  if (state.kind === "checking") return <p class="waiting">Asking who you are…</p>;
  if (state.kind === "needed") return <LoginPage because={state.because} />;
  return <Inside />;
}

function Inside(): JSX.Element {
  useEffect(followFleet, []);
  useSignalEffect(() => {
    document.documentElement.dataset["wall"] = isWall.value ? "on" : "off";
  });
  useSignalEffect(() => {
    const down = totals.value.committed + totals.value.declared;
    const mark = !hasPicture.value || !isTrusted.value ? "? " : down > 0 ? `(${down}) ` : "";
    document.title = `${mark}Herdbeat`;
  });
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <TopBar />
      <LostBanner />
      {page.value.kind !== "system" && <NoticeList />}
      <main id="main" tabIndex={-1}>
        <CurrentPage />
      </main>
      <Help />
    </>
  );
}

function CurrentPage(): JSX.Element {
  const shown = page.value;
  switch (shown.kind) {
    case "fleet":
      return <FleetPage />;
    case "node":
      return <NodePage key={shown.id} id={shown.id} />;
    case "incidents":
      return <IncidentsPage />;
    case "incident":
      return <IncidentPage key={shown.id} id={shown.id} />;
    case "system":
      return <SystemPage />;
    case "lost":
      return (
        <article class="page">
          <header class="headline">
            <h1>There is no such page.</h1>
            <p>
              <code>{shown.path}</code> leads nowhere. <a href="/">To the fleet</a>
            </p>
          </header>
        </article>
      );
  }
}
