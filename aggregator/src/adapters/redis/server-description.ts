/** What `INFO` tells about the server, in one line for people: `redis 7.0.15 standalone master, aof`. */
export function describeServer(info: string): string {
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1];
  const valkey = value("valkey_version");
  const product =
    valkey === undefined ? `redis ${value("redis_version") ?? "?"}` : `valkey ${valkey}`;
  const mode = value("server_mode") ?? value("redis_mode") ?? "";
  const role = value("role") ?? "";
  const disk = value("aof_enabled") === "1" ? "aof" : "no aof";
  const replicas = value("connected_slaves") ?? "0";
  return `${[product, mode, role].filter((word) => word !== "").join(" ")}, ${disk}, ${replicas} replicas`;
}
