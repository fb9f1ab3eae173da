/** Where a server listens, and how it is talked to. */
export interface ServerPlace {
  readonly host: string;
  readonly port: number;
}

export interface ServerAccess {
  /** "" for the default user. */
  readonly user: string;
  /** "" for none. */
  readonly password: string;
  readonly tls: boolean;
}

/** Of `host:port` and `[v6]:port`; undefined for anything else. */
export function parsePlace(text: string): ServerPlace | undefined {
  const groups = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<name>[A-Za-z0-9._-]+)):(?<port>\d{1,5})$/.exec(
    text,
  )?.groups;
  const port = Number(groups?.["port"]);
  const host = groups?.["v6"] ?? groups?.["name"];
  if (host === undefined || !(port >= 1 && port <= 65_535)) return undefined;
  return { host, port };
}

export function placeText({ host, port }: ServerPlace): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Says who may be written to, when that is not always the same server. */
export interface ServerLocator {
  /** Null while nobody knows. */
  place(): ServerPlace | null;
  /** For people: why nobody knows, and what else there is to know. */
  readonly description: string;
}
