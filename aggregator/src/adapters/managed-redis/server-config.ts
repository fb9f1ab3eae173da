export interface ServerConfigOptions {
  readonly dataDir: string;
  readonly socketPath: string;
  readonly password: string;
  readonly memoryBytesMax: number;
}

/** Two aggregators, the tools of an operator, and room; never the thousands that need more files. */
const CLIENTS_MAX = 256;

/**
 * The server's whole configuration. Nothing of the machine's own Redis is read or touched.
 *
 * `appendfsync always`: what was acknowledged is on disk, also after a power cut. `noeviction`: a
 * full store refuses writes (and says so); it never forgets an incident to make room.
 */
export function serverConfig(options: ServerConfigOptions): string {
  const settings: readonly (readonly [string, string])[] = [
    ["port", "0"],
    ["unixsocket", quoted(options.socketPath)],
    ["unixsocketperm", "600"],
    ["requirepass", quoted(options.password)],
    ["protected-mode", "yes"],
    ["dir", quoted(options.dataDir)],
    ["pidfile", quoted(`${options.dataDir}/redis.pid`)],
    ["daemonize", "no"],
    ["logfile", '""'],
    ["loglevel", "notice"],
    ["appendonly", "yes"],
    ["appendfsync", "always"],
    ["no-appendfsync-on-rewrite", "no"],
    ["aof-load-truncated", "yes"],
    ["auto-aof-rewrite-percentage", "100"],
    ["auto-aof-rewrite-min-size", "64mb"],
    ["save", '""'],
    ["maxmemory", options.memoryBytesMax.toString()],
    ["maxmemory-policy", "noeviction"],
    ["maxclients", CLIENTS_MAX.toString()],
  ];
  return settings.map(([name, value]) => `${name} ${value}\n`).join("");
}

/** As the server's configuration reads strings: a path may contain spaces. */
function quoted(value: string): string {
  return `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
