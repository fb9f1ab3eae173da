/**
 * Answers the echo of other nodes' witnesses: this agent runs, and holds this node's key.
 *
 * Each address has a socket of its own, because a reply must leave from the address that was asked:
 * a socket for all of them lets the kernel choose, and whoever asked would not know the answer.
 *
 * Bounds: answers in all and per source, since each costs a signature (made beside the main loop); a
 * table of at most SOURCES_MAX sources; a reply is never longer than its request. What is beyond is
 * dropped and counted. No timer: nothing is done unless a datagram comes.
 */
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIPv6 } from "node:net";
import { networkInterfaces } from "node:os";
import {
  ECHO_SIGNATURE_BYTES_MAX,
  echoDigest,
  echoSignedBytes,
  encodeEchoReply,
  parseEchoRequest,
} from "@herdbeat/proto/witness-echo";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import type { Logger } from "@herdbeat/shared/logger";
import type { Counter, Metrics } from "@herdbeat/shared/metrics";
import type { Clock, MonotonicMs } from "@herdbeat/shared/time";
import { TokenBucket } from "../../core/token-bucket.ts";

export const ANSWERS_PER_SECOND = 50;
export const ANSWERS_PER_SOURCE_PER_SECOND = 10;
/** The oldest is forgotten beyond it; the bound on all answers holds against made-up sources. */
export const SOURCES_MAX = 1_024;
/** Sockets; hosts with more addresses than this should name those that count. */
export const ADDRESSES_MAX = 64;
/** The address went meanwhile, or is still being checked for duplicates. */
const NOT_HERE = new Set(["EADDRNOTAVAIL"]);

export interface EchoResponderDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Empty: every address of this host, as of each `listen`, without the link-local ones. */
  readonly listen: readonly string[];
  /** 0: any that is free. */
  readonly port: number;
  readonly identity: () => { readonly nodeId: string; readonly bootId: string };
}

export class EchoResponder {
  readonly #deps: EchoResponderDeps;
  readonly #all: TokenBucket;
  readonly #sources = new Map<string, TokenBucket>();
  readonly #answered: Counter;
  readonly #dropped: Counter;
  readonly #malformed: Counter;
  /** By address. Kept when the address goes: it may come back, as after a lost carrier. */
  readonly #sockets = new Map<string, Socket>();
  #port: number | null = null;
  #listening: Promise<void> | null = null;
  #isStopped = false;
  /** The failure that was logged last; not repeated with every Hello. */
  #told = "";
  #keyText: Buffer | null = null;
  #key: KeyObject | null = null;

  constructor(deps: EchoResponderDeps) {
    this.#deps = deps;
    this.#all = new TokenBucket(ANSWERS_PER_SECOND, ANSWERS_PER_SECOND, deps.clock.now());
    const counter = (what: string, help: string): Counter =>
      deps.metrics.counter(`herdbeat_agent_echo_${what}_total`, help);
    this.#answered = counter("answers", "Echo requests of witnesses that were answered");
    this.#dropped = counter("dropped", "Echo requests above the rates");
    this.#malformed = counter("malformed", "Datagrams that are no echo request");
  }

  /** Where it listens, or null when it does not. */
  get port(): number | null {
    return this.#port;
  }

  /**
   * Binds what is not bound yet: at the start, and again with each Hello, which names this host's
   * addresses anew. Never rejects: an agent that cannot answer witnesses still has its stream.
   */
  listen(): Promise<void> {
    this.#listening ??= this.#listenNow().finally(() => {
      this.#listening = null;
    });
    return this.#listening;
  }

  stop(): void {
    this.#isStopped = true;
    this.#close();
  }

  async #listenNow(): Promise<void> {
    const isEvery = this.#deps.listen.length === 0;
    const wanted = isEvery ? ownAddresses() : this.#deps.listen;
    let port = this.#port ?? this.#deps.port;
    let failure: unknown = null;
    for (const address of wanted.slice(0, ADDRESSES_MAX)) {
      if (this.#sockets.has(address) || this.#sockets.size >= ADDRESSES_MAX) continue;
      try {
        const socket = await this.#bind(address, port);
        this.#sockets.set(address, socket);
        port = socket.address().port;
      } catch (error) {
        const isGone = NOT_HERE.has((error as NodeJS.ErrnoException).code ?? "");
        if (!isEvery || !isGone) failure = error;
      }
    }
    if (this.#isStopped) return this.#close();
    if (failure === null && this.#sockets.size > 0) this.#port = port;
    else this.#giveUp(port, failure === null ? "no address" : renderErrorChain(failure));
  }

  /** Half an answer is worse than none: who asks the other half could take silence for death. */
  #giveUp(port: number, why: string): void {
    this.#close();
    const isTold = this.#told === why;
    this.#told = why;
    if (isTold) return;
    this.#deps.logger.error("witnesses get no answer from this node: its UDP port is not bound", {
      code: "HB_PORT_IN_USE",
      port,
      todo: "free the port (ss -ulpn shows who has it), or set witness.port or witness.listen",
      error: why,
    });
  }

  #close(): void {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    this.#port = null;
  }

  /** The node's private key (PEM), as the stream uses it; without one, answers are not signed. */
  useKey(pem: Buffer): void {
    if (this.#keyText?.equals(pem) === true) return;
    this.#keyText = pem;
    this.#key = null;
    try {
      const key = createPrivateKey(pem);
      const signatureBytes = (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
      if (signatureBytes > ECHO_SIGNATURE_BYTES_MAX) throw new RangeError("more than 4096 bits");
      this.#key = key;
    } catch (error) {
      this.#deps.logger.warn("answers to witnesses are not signed: the key can not be used", {
        error: renderErrorChain(error),
      });
    }
  }

  #bind(address: string, port: number): Promise<Socket> {
    const type = isIPv6(address) ? "udp6" : "udp4";
    const socket = createSocket({ type, ipv6Only: type === "udp6" });
    return new Promise((resolve, reject) => {
      socket.once("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address, port, exclusive: true }, () => {
        socket.removeAllListeners("error");
        // Errors of earlier replies (the asker is gone) come back here and concern nobody.
        socket.on("error", () => {});
        socket.on("message", (bytes, from) => this.#onRequest(socket, bytes, from));
        resolve(socket);
      });
    });
  }

  #onRequest(socket: Socket, bytes: Uint8Array, from: RemoteInfo): void {
    const nonce = parseEchoRequest(bytes);
    if (nonce === null) {
      this.#malformed.add();
      return;
    }
    const now = this.#deps.clock.now();
    if (!this.#source(from.address, now).take(now) || !this.#all.take(now)) {
      this.#dropped.add();
      return;
    }
    const { nodeId, bootId } = this.#deps.identity();
    const answer = (signature: Uint8Array): void => {
      // Closed while the signature was made.
      if (![...this.#sockets.values()].includes(socket)) return;
      socket.send(encodeEchoReply({ nonce, bootId, signature }), from.port, from.address, () => {});
      this.#answered.add();
    };
    const key = this.#key;
    if (key === null) {
      answer(new Uint8Array(0));
      return;
    }
    sign(echoDigest(key), echoSignedBytes({ nodeId, bootId, nonce }), key, (error, signature) => {
      answer(error === null ? signature : new Uint8Array(0));
    });
  }

  #source(address: string, now: MonotonicMs): TokenBucket {
    const known = this.#sources.get(address);
    if (known !== undefined) return known;
    const [oldest] = this.#sources.size >= SOURCES_MAX ? this.#sources.keys() : [];
    if (oldest !== undefined) this.#sources.delete(oldest);
    const limit = ANSWERS_PER_SOURCE_PER_SECOND;
    const bucket = new TokenBucket(limit, limit, now);
    this.#sources.set(address, bucket);
    return bucket;
  }
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces())
    .flatMap((entries) => (entries ?? []).map(({ address }) => address))
    .filter((address) => !address.startsWith("fe80:"));
}
