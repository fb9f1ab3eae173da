/** `herdctl disarm on|off|show`: stops all requests for recovery, and lets them go on. */
import type { Command } from "commander";
import { contextOf } from "./context.ts";
import { type Document, harmless, textOf } from "./document.ts";
import { writeItem } from "./output.ts";
import type { Terminal } from "./terminal.ts";

const PATH = "/api/v1/disarm";

export function addDisarmCommands(program: Command, terminal: Terminal): void {
  const disarm = program
    .command("disarm")
    .description("stop all requests for recovery, everywhere; failures are told as before");
  disarm
    .command("on")
    .description("nothing is asked for from now on")
    .requiredOption("--reason <text>", "why; everybody sees it")
    .action(async ({ reason }: { readonly reason: string }, command: Command) => {
      const { client } = await contextOf(command, terminal);
      await print(await client.send("PUT", PATH, { reason }), command, terminal);
    });
  disarm
    .command("off")
    .description("requests that are still true go on")
    .action(async (_flags: unknown, command: Command) => {
      const { client } = await contextOf(command, terminal);
      await print(await client.send("DELETE", PATH), command, terminal);
    });
  disarm
    .command("show")
    .description("whether recovery is disarmed, by whom and why")
    .action(async (_flags: unknown, command: Command) => {
      const { client } = await contextOf(command, terminal);
      await print(await client.get(PATH), command, terminal);
    });
}

async function print(value: Document, command: Command, terminal: Terminal): Promise<void> {
  const { output } = await contextOf(command, terminal);
  const lines = (): readonly string[] => {
    if (value["disarmed"] !== true) return ["armed: recovery is asked for where policy says so"];
    const [by, reason] = [harmless(textOf(value, "by")), harmless(textOf(value, "reason"))];
    return [`disarmed since ${textOf(value, "since")} by ${by}: ${reason}`];
  };
  writeItem(terminal, output, { value, name: "disarmed", lines });
}
