/** Which server, and with which token. First found wins: flag, environment, file. */
import { usageError } from "./cli-error.ts";
import type { Terminal } from "./terminal.ts";

export const SERVER_DEFAULT = "http://127.0.0.1:7340";
export const SYSTEM_TOKEN_FILE = "/etc/herdbeat/herdctl.token";

export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  readonly tokenFile?: string;
}

export function serverOf(options: ConnectionOptions, terminal: Terminal): URL {
  const text = options.server ?? terminal.environment["HERDBEAT_SERVER"] ?? SERVER_DEFAULT;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw usageError(`the server's address is not a URL: ${text}`, [
      `write it like ${SERVER_DEFAULT} (--server or HERDBEAT_SERVER)`,
    ]);
  }
  return url;
}

/** Null when there is none: some commands work without. */
export async function tokenOf(
  options: ConnectionOptions,
  terminal: Terminal,
): Promise<string | null> {
  const { environment } = terminal;
  const given = options.token ?? environment["HERDBEAT_TOKEN"];
  if (given !== undefined && given !== "") return given.trim();
  const named = options.tokenFile ?? environment["HERDBEAT_TOKEN_FILE"];
  if (named !== undefined && named !== "") {
    const text = await terminal.readFile(named);
    if (text === null) throw usageError(`there is no token file ${named}`);
    return text.trim();
  }
  const home = environment["XDG_CONFIG_HOME"] ?? `${environment["HOME"] ?? ""}/.config`;
  for (const path of [`${home}/herdbeat/token`, SYSTEM_TOKEN_FILE]) {
    const text = await terminal.readFile(path);
    if (text !== null) return text.trim();
  }
  return null;
}
