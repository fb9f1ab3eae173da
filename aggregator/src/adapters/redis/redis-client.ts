/** Makes the library's client for one server, with the settings that let it fail fast. */
import { type BackoffConfig, backoffDelay } from "@herdbeat/shared/backoff";
import type { Random } from "@herdbeat/shared/random";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import { createClient, type RedisClientType } from "redis";
import type { ServerAccess, ServerLocator, ServerPlace } from "./server-place.ts";

export type RedisAddress =
  | { readonly kind: "socket"; readonly path: string; readonly password: string }
  /** `redis[s]://[user[:password]@]host[:port][/database]` */
  | { readonly kind: "url"; readonly url: string }
  | ({ readonly kind: "tcp" } & ServerPlace & ServerAccess)
  /** Asked again before every connection; the server must be a master. */
  | ({ readonly kind: "located"; readonly locator: ServerLocator } & ServerAccess);

export interface ClientSettings {
  readonly name: string;
  readonly connectTimeout: DurationMs;
  readonly random: Random;
}

/** Only for the handshake, which has no deadline of ours; also counts our stalls, hence generous. */
const SOCKET_TIMEOUT_MS = 3_000;
export const RECONNECT: BackoffConfig = {
  initial: durationMs(50),
  factor: 2,
  max: durationMs(1_000),
};

export function makeClient(
  address: Exclude<RedisAddress, { readonly kind: "located" }>,
  { name, connectTimeout, random }: ClientSettings,
): RedisClientType {
  const socket = {
    connectTimeout,
    socketTimeout: SOCKET_TIMEOUT_MS,
    reconnectStrategy: (retries: number) =>
      backoffDelay(Math.min(retries, 10) + 1, RECONNECT, random),
  };
  const options = {
    name,
    disableOfflineQueue: true,
    disableClientInfo: true,
    maintNotifications: "disabled" as const,
  };
  // The brand of the client's type carries modules and scripts, of which we use none.
  let client: unknown;
  switch (address.kind) {
    case "url":
      client = createClient({ ...options, url: address.url, socket });
      break;
    case "socket":
      client = createClient({
        ...options,
        password: address.password,
        socket: { ...socket, tls: false, path: address.path },
      });
      break;
    case "tcp": {
      const { host, port, user, password, tls } = address;
      client = createClient({
        ...options,
        ...(user === "" ? {} : { username: user }),
        ...(password === "" ? {} : { password }),
        socket: tls ? { ...socket, host, port, tls: true } : { ...socket, host, port, tls: false },
      });
      break;
    }
  }
  return client as RedisClientType;
}
