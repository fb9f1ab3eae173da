/** The real server on a made-up fleet, the dashboard as it is built now, and a browser. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createMetricsRegistry } from "@herdbeat/aggregator/adapters/http/metrics";
import { createHttpServer, type HttpServer } from "@herdbeat/aggregator/adapters/http/server";
import {
  createTokenRegistry,
  generateToken,
  parseTokens,
} from "@herdbeat/aggregator/adapters/http/tokens";
import type { NodeView } from "@herdbeat/aggregator/ports/fleet-view";
import type { Logger } from "@herdbeat/shared/logger";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import {
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { FixtureFleetView } from "../support/fixture-fleet-view.ts";
import { readableIncidentId } from "../support/replay-check.ts";
import { makeTempDir } from "../support/temp-dir.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const CHROMIUM = "/usr/bin/chromium";
const CHROMIUM_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => SILENT,
};

/** Source of axe-core; injected before the page's own scripts, where no content policy applies. */
export const AXE_PATH = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Bundles `aggregator/web` into a folder of its own, so that no stale build is tested. */
export function buildDashboard(): string {
  const folder = makeTempDir("dashboard").path;
  const vite = join(ROOT, "node_modules", ".bin", "vite");
  const args = ["build", "--logLevel", "warn", "--outDir", folder, "--emptyOutDir"];
  const cwd = join(ROOT, "aggregator", "web");
  const { status, stderr } = spawnSync(vite, args, { cwd, encoding: "utf8", timeout: 60_000 });
  if (status !== 0) throw new Error(`the dashboard could not be built: ${stderr}`);
  return folder;
}

export interface FleetServer {
  readonly view: FixtureFleetView;
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
  /** On the same port, with no memory of sessions: what a restarted aggregator is. */
  restart(): Promise<void>;
}

export async function serveFleet(
  dashboard: string,
  nodes?: readonly NodeView[],
): Promise<FleetServer> {
  const now = () => systemClock.wallNow();
  const view = new FixtureFleetView(nodes === undefined ? { now } : { now, nodes });
  const { token, line } = generateToken("test", "operator");
  const make = (port: number): HttpServer =>
    createHttpServer({
      incidentIdOf: readableIncidentId,
      view,
      commands: view,
      tokens: createTokenRegistry(parseTokens(line, "test")),
      logger: SILENT,
      clock: systemClock,
      timers: systemTimers,
      metrics: createMetricsRegistry(),
      listen: { host: "127.0.0.1", port },
      dashboardDirectory: dashboard,
    });
  let server = make(0);
  await server.start();
  const url = server.endpoint();
  return {
    view,
    url,
    token,
    stop: () => server.stop(),
    restart: async () => {
      server = make(Number(new URL(url).port));
      await server.start();
    },
  };
}

export interface TestBrowser {
  context(options?: BrowserContextOptions): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Keeps its profile in a temporary folder of its own, which is gone when it is closed. */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
  return {
    context: (options) =>
      browser.newContext({ viewport: { width: 1440, height: 900 }, ...options }),
    close: () => browser.close(),
  };
}

/** Opens `path` signed in; what the page complains about is added to `complaints`. */
export async function openPage(
  context: BrowserContext,
  server: FleetServer,
  path: string,
  complaints: string[] = [],
): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  await page.goto(`${server.url}${path}#token=${server.token}`);
  await page.locator(".top-bar").waitFor();
  return page;
}
