#!/usr/bin/env node
/** Entry of herdbeat-aggregator: arguments, environment, signals. The only place that ends the process. */
import { appendFileSync } from "node:fs";
import { createRequire } from "node:module";
import { redactConfig } from "@herdbeat/shared/config-schema";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { ConfigError } from "@herdbeat/shared/errors";
import type { Logger } from "@herdbeat/shared/logger";
import { Command } from "commander";
import { generateToken, SCOPES, type Scope } from "./adapters/http/tokens.ts";
import { createLogger } from "./adapters/log/pino-logger.ts";
import { createAggregator } from "./aggregator.ts";
import { type AggregatorConfig, loadConfig } from "./config.ts";
import { AGGREGATOR_CONFIG } from "./config-table.ts";

/** sysexits.h: the unit is not restarted after these. */
const EXIT_CONFIG = 78;
const EXIT_USAGE = 64;
/** Ends whatever an orderly end did not: shards that could not be handed over are taken over. */
const STOP_TIMEOUT_MS = 8_000;

interface Options {
  readonly config?: string;
  readonly check?: boolean;
  readonly id?: string;
  readonly dataDir?: string;
  readonly insecure?: boolean;
}

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

function commandLine(): Command {
  const program = new Command("herdbeat-aggregator")
    .description("Declares failures of compute nodes and hands them off to recovery.")
    .version(version)
    .option("--config <file>", "configuration file (default: /etc/herdbeat/aggregator.yaml)")
    .option("--check", "check the configuration and end")
    .option("--id <id>", "name of this aggregator")
    .option("--data-dir <folder>", "where mirrors and the managed store are kept")
    .option("--insecure", "no TLS and no identity on the stream: for trials only")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE))
    .action(() => run(program.opts()));
  const config = program.command("config").description("look at the configuration");
  config
    .command("check")
    .description("check it and end")
    .action(() => check(program.opts()));
  config
    .command("show")
    .description("print what is in effect")
    .action(() => show(program.opts()));
  program
    .command("token")
    .description("tokens for the API")
    .command("create")
    .description("make one, add it to the tokens file and print it once")
    .requiredOption("--name <name>", "who or what will use it")
    .option("--scope <scope>", SCOPES.join(", "), "viewer")
    .option("--expires <time>", "RFC 3339, e.g. 2027-01-01T00:00:00Z")
    .action((options: TokenOptions) => createToken(program.opts(), options));
  return program;
}

function load(options: Options): AggregatorConfig {
  const { id, dataDir, insecure } = options;
  try {
    return loadConfig({
      file: options.config ?? null,
      environment: process.env,
      flags: {
        ...(id === undefined && dataDir === undefined
          ? {}
          : {
              aggregator: {
                ...(id === undefined ? {} : { id }),
                ...(dataDir === undefined ? {} : { dataDir }),
              },
            }),
        ...(insecure === undefined ? {} : { insecure }),
      },
    });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) console.error(problem);
    return process.exit(EXIT_CONFIG);
  }
}

function check(options: Options): void {
  load(options);
  console.log("the configuration is valid");
}

function show(options: Options): void {
  const value = load(options) as unknown as Readonly<Record<string, unknown>>;
  console.log(JSON.stringify(redactConfig(AGGREGATOR_CONFIG, value), null, 2));
}

interface TokenOptions {
  readonly name: string;
  readonly scope: string;
  readonly expires?: string;
}

function createToken(options: Options, { name, scope, expires }: TokenOptions): void {
  if (!SCOPES.includes(scope as Scope) || !/^\S{1,128}$/.test(name)) {
    console.error(
      `--scope must be one of ${SCOPES.join(", ")}; --name a word of up to 128 characters`,
    );
    process.exit(EXIT_USAGE);
  }
  const config = load(options);
  const { token, line } = generateToken(name, scope as Scope, expires ?? null);
  appendFileSync(config.api.tokens ?? "", `${line}\n`, { mode: 0o600 });
  console.log(token);
}

async function run(options: Options): Promise<void> {
  if (options.check === true) return check(options);
  const config = load(options);
  const logger = createLogger({
    level: config.log.level,
    underJournal: process.env["JOURNAL_STREAM"] !== undefined,
  });
  const fail = failer(logger);
  process.on("uncaughtException", fail("a defect ended the aggregator"));
  process.on("unhandledRejection", fail("a defect ended the aggregator"));

  const aggregator = createAggregator({
    config,
    version,
    logger,
    environment: process.env,
    onFatal: fail("the aggregator can not go on"),
  });
  let isStopping = false;
  const stop = (signal: string): void => {
    if (isStopping) return;
    isStopping = true;
    logger.info("stopping", { signal });
    setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
    aggregator.stop().then(() => process.exit(0), fail("the orderly end failed"));
  };
  process.on("SIGTERM", () => stop("SIGTERM"));
  process.on("SIGINT", () => stop("SIGINT"));
  try {
    await aggregator.start();
  } catch (error) {
    fail("could not start")(error);
    return;
  }
  if (config.insecure) {
    logger.warn("insecure: whoever reaches the stream port can speak for any node");
  }
  logger.info("ready", {
    id: config.aggregator.id,
    version,
    stream: aggregator.streamEndpoint(),
    http: aggregator.httpEndpoint(),
    pid: process.pid,
  });
}

function failer(logger: Logger): (what: string) => (error: unknown) => void {
  return (what) => (error) => {
    logger.error(what, {
      error: renderErrorChain(error),
      stack: error instanceof Error ? error.stack : "",
    });
    process.exit(1);
  };
}

await commandLine().parseAsync();
