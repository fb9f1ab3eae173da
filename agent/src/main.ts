#!/usr/bin/env node
/** Entry of herdbeat-agent: arguments, environment, signals. The only place that ends the process. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { assertNever } from "@herdbeat/shared/assert";
import { redactConfig } from "@herdbeat/shared/config-schema";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { ConfigError } from "@herdbeat/shared/errors";
import { systemClock } from "@herdbeat/shared/system-clock";
import { CountedMetrics } from "./adapters/log/counted-metrics.ts";
import { JsonLines } from "./adapters/log/json-lines.ts";
import { createSupervisor } from "./adapters/systemd-notify/notifier.ts";
import { createAgent } from "./agent.ts";
import { type CommandLineOptions, parseCommandLine } from "./command-line.ts";
import { type AgentConfig, DEFAULT_CONFIG_FILE, loadConfig } from "./config.ts";
import { AGENT_CONFIG } from "./config-table.ts";

/** sysexits.h: the unit is not restarted after it. */
const EXIT_CONFIG = 78;
/** Ends whatever an orderly end did not. */
const STOP_TIMEOUT_MS = 1_800;
const LOG_FLUSH_MS = 200;

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

function configOf(options: CommandLineOptions): AgentConfig {
  const { nodeId, aggregator, stateDir, insecure } = options;
  try {
    return loadConfig({
      file: options.config ?? null,
      environment: process.env,
      flags: {
        ...(nodeId === undefined ? {} : { node: { id: nodeId } }),
        ...(aggregator === undefined ? {} : { aggregators: aggregator }),
        ...(stateDir === undefined ? {} : { stateDir }),
        ...(insecure === undefined ? {} : { insecure }),
      },
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) console.error(problem);
    return process.exit(EXIT_CONFIG);
  }
}

function check(options: CommandLineOptions): void {
  configOf(options);
  console.log("the configuration is valid");
}

/** By `import`: only this command needs it. On a host without a configuration, with the defaults. */
async function checkHere(options: CommandLineOptions): Promise<void> {
  const isBare = options.config === undefined && !existsSync(DEFAULT_CONFIG_FILE);
  const bare = { insecure: true, aggregator: ["ws://127.0.0.1:7341"] };
  const config = configOf(isBare ? { ...bare, ...options } : options);
  const { checkHost, renderCheck } = await import("./host-check.ts");
  if (isBare) console.log(`${DEFAULT_CONFIG_FILE} is not there: by the defaults`);
  console.log(renderCheck(checkHost(config)));
}

function show(options: CommandLineOptions): void {
  const value = configOf(options) as unknown as Readonly<Record<string, unknown>>;
  console.log(JSON.stringify(redactConfig(AGENT_CONFIG, value), null, 2));
}

async function run(options: CommandLineOptions): Promise<void> {
  const config = configOf(options);
  const log = new JsonLines({
    level: config.log.level,
    isJournal: process.env["JOURNAL_STREAM"] !== undefined,
    clock: systemClock,
    descriptor: 1,
  });
  const logger = log.logger();
  const metrics = new CountedMetrics();
  const end = async (code: number): Promise<never> => {
    logger.info("ended", { counters: metrics.snapshot() });
    // An exit joins the thread pool, and would wait for ever for a write that hangs.
    if (!(await log.flush(LOG_FLUSH_MS))) process.kill(process.pid, "SIGKILL");
    return process.exit(code);
  };
  const fail = (what: string) => (error: unknown) => {
    logger.error(what, {
      error: renderErrorChain(error),
      stack: error instanceof Error ? error.stack : "",
    });
    void end(1);
  };
  process.on("uncaughtException", fail("a defect ended the agent"));
  process.on("unhandledRejection", fail("a defect ended the agent"));

  const supervisor = createSupervisor(process.env, process.pid, systemClock, logger);
  const agent = createAgent({ config, version, logger, metrics, supervisor });
  let isStopping = false;
  const stop = (): void => {
    if (isStopping) return;
    isStopping = true;
    setTimeout(() => process.kill(process.pid, "SIGKILL"), STOP_TIMEOUT_MS).unref();
    agent.stop().then(() => end(0), fail("the agent did not stop in good order"));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  // Nothing is reloaded while running; without this line the signal would end the agent.
  process.on("SIGHUP", () => logger.info("restart the agent to apply a changed configuration"));
  process.on("SIGUSR2", () => logger.info("counters", { counters: metrics.snapshot() }));
  try {
    await agent.start();
  } catch (error) {
    fail("the agent could not start")(error);
  }
}

const { command, options } = parseCommandLine(process.argv, version, (code) => process.exit(code));
switch (command) {
  case "run":
    await run(options);
    break;
  case "check":
    check(options);
    break;
  case "host":
    await checkHere(options);
    break;
  case "show":
    show(options);
    break;
  default:
    assertNever(command, "command");
}
