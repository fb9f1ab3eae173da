/** What herdbeat-agent is asked for on its command line. */
import { withPackage } from "./package-for-once.ts";

/** sysexits.h: the unit is not restarted after it. */
const EXIT_USAGE = 64;

export interface CommandLineOptions {
  readonly config?: string;
  readonly check?: boolean;
  readonly insecure?: boolean;
  readonly nodeId?: string;
  readonly aggregator?: readonly string[];
  readonly stateDir?: string;
}

export interface CommandLine {
  readonly command: "run" | "check" | "show" | "host";
  readonly options: CommandLineOptions;
}

/** `end` is called after help was printed, and with 64 after misuse. */
export function parseCommandLine(
  argv: readonly string[],
  version: string,
  end: (code: number) => never,
): CommandLine {
  return withPackage("commander", ({ Command }: typeof import("commander")) => {
    let command: CommandLine["command"] = "run";
    const program = new Command("herdbeat-agent")
      .description("Watches this host and streams its health to the aggregators.")
      .version(version)
      .option("--config <file>", "configuration file (default: /etc/herdbeat/agent.yaml)")
      .option("--check", "check the configuration and end")
      .option("--insecure", "no TLS, no identity: for trials only")
      .option("--node-id <id>", "name of this node (with --insecure)")
      .option("--aggregator <endpoint...>", "wss://host:port of an aggregator; may be repeated")
      .option("--state-dir <folder>", "where numbers and black box are kept")
      .exitOverride((error) => end(error.exitCode === 0 ? 0 : EXIT_USAGE))
      .action(() => {});
    const config = program.command("config").description("look at the configuration");
    const verb = (name: "check" | "show", description: string): void => {
      config
        .command(name)
        .description(description)
        .action(() => {
          command = name;
        });
    };
    verb("check", "check it and end");
    verb("show", "print what is in effect");
    program
      .command("check")
      .description("tell what can and cannot be watched on this host, changing nothing")
      .action(() => {
        command = "host";
      });
    program.parse(argv);
    const options: CommandLineOptions = program.opts();
    const isCheck = command === "run" && options.check === true;
    return { command: isCheck ? "check" : command, options: { ...options } };
  });
}
