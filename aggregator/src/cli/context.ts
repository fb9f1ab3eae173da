/** What every command is given, made from the flags that all of them share. */
import type { Command } from "commander";
import { ApiClient } from "./api-client.ts";
import { type ConnectionOptions, serverOf, tokenOf } from "./credentials.ts";
import type { OutputForm, OutputOptions } from "./output.ts";
import type { Terminal } from "./terminal.ts";

interface SharedFlags extends ConnectionOptions {
  readonly output: OutputForm;
  readonly headers: boolean;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly client: ApiClient;
  readonly output: OutputOptions;
}

export async function contextOf(command: Command, terminal: Terminal): Promise<CommandContext> {
  const flags = command.optsWithGlobals<SharedFlags>();
  const client = new ApiClient(serverOf(flags, terminal), await tokenOf(flags, terminal));
  return { terminal, client, output: outputOf(flags, terminal) };
}

function outputOf(flags: SharedFlags, terminal: Terminal): OutputOptions {
  const noColour = terminal.environment["NO_COLOR"] ?? "";
  return {
    form: flags.output,
    headers: flags.headers,
    colour: terminal.isTerminal && noColour === "" && terminal.environment["TERM"] !== "dumb",
  };
}
