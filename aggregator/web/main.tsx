import { render } from "preact";
import { startSession } from "./api/session.ts";
import { App } from "./shell/app.tsx";
import { followKeys } from "./shell/keys.ts";
import { startClock } from "./state/clock.ts";
import { followPreferences } from "./state/preferences.ts";
import { followAddress } from "./state/route.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/shell.css";
import "./styles/fleet.css";
import "./styles/pages.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");

followPreferences();
followAddress();
followKeys();
startClock();
render(<App />, root);
void startSession();
