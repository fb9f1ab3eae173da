/** herdctl: the command tree, and how an error becomes a line and an exit code. */
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { Argument, Command, CommanderError, Option } from "commander";
import { CliError, EXIT, type ExitCode } from "./cli-error.ts";
import { addClusterCommands } from "./cluster-commands.ts";
import { completionScript, SHELLS, type Shell } from "./completion.ts";
import { contextOf } from "./context.ts";
import { SERVER_DEFAULT } from "./credentials.ts";
import { addDisarmCommands } from "./disarm-commands.ts";
import { harmless, textOf } from "./document.ts";
import { addDrillCommands } from "./drill-commands.ts";
import { addHoldCommands } from "./hold-commands.ts";
import { addIncidentCommands } from "./incident-commands.ts";
import { addNodeCommands, fields } from "./node-commands.ts";
import { OUTPUT_FORMS, writeItem } from "./output.ts";
import { addQualityCommands } from "./quality-commands.ts";
import type { Terminal } from "./terminal.ts";

/** Runs one command line; never throws. */
export async function runHerdctl(
  words: readonly string[],
  terminal: Terminal,
  version: string,
): Promise<ExitCode> {
  const program = createProgram(terminal, version);
  try {
    await program.parseAsync([...words], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    return report(error, terminal);
  }
}

export function createProgram(terminal: Terminal, version: string): Command {
  const program = new Command("herdctl")
    .description(
      "Health of compute nodes: what failed, why we think so, and what was done about it.",
    )
    .option("--server <url>", `aggregator to ask (HERDBEAT_SERVER, default ${SERVER_DEFAULT})`)
    .option("--token <token>", "API token (better: HERDBEAT_TOKEN or a file; others see flags)")
    .option("--token-file <file>", "file that holds the token (HERDBEAT_TOKEN_FILE)")
    .addOption(
      new Option("-o, --output <form>", "form of the answer")
        .choices(OUTPUT_FORMS)
        .default("table"),
    )
    .option("--no-headers", "tables without titles")
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError })
    .showSuggestionAfterError(true)
    .exitOverride();
  addNodeCommands(program, terminal);
  addIncidentCommands(program, terminal);
  addClusterCommands(program, terminal);
  addDisarmCommands(program, terminal);
  addHoldCommands(program, terminal);
  addQualityCommands(program, terminal);
  addDrillCommands(program, terminal);
  addVersionCommand(program, terminal, version);
  program
    .command("completion")
    .description("print a completion script, e.g. source <(herdctl completion bash)")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .action((shell: Shell) => terminal.write(completionScript(shell, program)));
  return program;
}

function addVersionCommand(program: Command, terminal: Terminal, version: string): void {
  program
    .command("version")
    .description("versions of herdctl and of the server")
    .action(async (_flags: unknown, command: Command) => {
      const { client, output } = await contextOf(command, terminal);
      // The own version is worth an answer also when no server is there.
      const server = await client.get("/version").then(
        (answer) => textOf(answer, "version"),
        (error: unknown) => (error instanceof CliError ? error.message : "unknown"),
      );
      const value = { herdctl: version, server };
      const lines = () =>
        fields([
          ["herdctl", version],
          ["server", server],
        ]);
      writeItem(terminal, output, { value, name: "herdctl", lines });
    });
}

function report(error: unknown, terminal: Terminal): ExitCode {
  if (error instanceof CommanderError) {
    const asked = error.code === "commander.helpDisplayed" || error.code === "commander.version";
    return asked ? EXIT.ok : EXIT.usage;
  }
  if (error instanceof CliError) {
    terminal.writeError(`herdctl: ${harmless(error.message)}\n`);
    for (const hint of error.hints) terminal.writeError(`  ${harmless(hint)}\n`);
    return error.exitCode;
  }
  terminal.writeError(`herdctl: ${harmless(renderErrorChain(error))}\n`);
  return EXIT.failure;
}
