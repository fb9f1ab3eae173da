/** Binding the server's socket, and what its address is called afterwards. */
import type { AddressInfo } from "node:net";
import { OperatingError } from "@herdbeat/shared/errors";
import type { FastifyInstance } from "fastify";

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** What others reach us by, when it is not `host`. */
  readonly advertisedHost?: string;
  /** PEM texts; without them the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** The endpoint, `http://host:port`. */
export async function bind(app: FastifyInstance, listen: ListenOptions): Promise<string> {
  const { host, port } = listen;
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const code = (cause as { readonly code?: unknown }).code;
    if (code !== "EADDRINUSE" && code !== "EACCES" && code !== "EADDRNOTAVAIL") throw cause;
    throw new OperatingError("HB_PORT_IN_USE", `cannot listen on ${host} port ${port}`, { cause });
  }
  const address = app.server.address() as AddressInfo;
  const name = listen.advertisedHost ?? reachableName(host, address);
  const scheme = listen.tls === undefined ? "http" : "https";
  return `${scheme}://${name.includes(":") ? `[${name}]` : name}:${address.port}`;
}

/** A wildcard is no address to connect to. */
function reachableName(host: string, address: AddressInfo): string {
  if (host === "0.0.0.0") return "127.0.0.1";
  if (host === "::") return "::1";
  return host === "" ? address.address : host;
}
