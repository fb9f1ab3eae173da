/** The kinds of probes, each over sockets of its own that end with it. */
import { createSocket } from "node:dgram";
import { connect, isIPv6, type Socket } from "node:net";
import { encodeEchoRequest, isEchoReplyTo } from "@herdbeat/proto/witness-echo";
import { type OpenQuestioner, type Questioner, type Word, wordFor } from "./attempts.ts";

export interface Target {
  readonly address: string;
  readonly port: number;
  /** Null: the kernel chooses. */
  readonly source: string | null;
}

/** Datagrams that are not the answer; whoever sends more is not to be believed either way. */
const GARBAGE_MAX = 64;

/**
 * A connection per attempt, each with a SYN and a port of its own. A closed port is answered by the
 * kernel with RST (RFC 9293 3.10.7.1); one that accepts is as alive.
 */
export function tcpQuestioner({ address, port, source }: Target): OpenQuestioner {
  return (heard) => {
    const sockets: Socket[] = [];
    return {
      ask() {
        const socket = connect({
          host: address,
          port,
          ...(source === null ? {} : { localAddress: source }),
        });
        sockets.push(socket);
        socket.once("connect", () => heard("answered"));
        socket.on("error", (error) => {
          const word = wordFor(error);
          if (word !== null) heard(word);
        });
      },
      close() {
        for (const socket of sockets) socket.destroy();
      },
    };
  };
}

/** Only an echo of the nonce is the answer. */
export function udpQuestioner(target: Target, nonce: Uint8Array): OpenQuestioner {
  return (heard) => {
    let garbage = 0;
    return connectedDatagrams(target, encodeEchoRequest(nonce), {
      failed: (_error, word) => heard(word),
      replied(reply, ignoreOthers) {
        if (isEchoReplyTo(reply, nonce)) {
          heard("answered", Uint8Array.from(reply));
          return;
        }
        garbage += 1;
        if (garbage < GARBAGE_MAX) return;
        heard("error");
        ignoreOthers();
      },
    });
  };
}

/** A datagram to a port where nothing listens: the kernel's word that nobody does is an answer. */
export function datagramQuestioner(target: Target, payload: Uint8Array): OpenQuestioner {
  return (heard) =>
    connectedDatagrams(target, payload, {
      // EMSGSIZE: the kernel has learned of a smaller MTU, so the path tells, and is no black hole.
      failed: (error, word) => heard(error.code === "EMSGSIZE" ? "answered" : word),
      replied: () => heard("answered"),
    });
}

interface DatagramListener {
  failed(error: NodeJS.ErrnoException, word: Word): void;
  replied(reply: Buffer, ignoreOthers: () => void): void;
}

/** One connected socket: the kernel passes on datagrams and errors of that address and port only. */
function connectedDatagrams(
  target: Target,
  payload: Uint8Array,
  listener: DatagramListener,
): Questioner {
  const socket = createSocket(isIPv6(target.address) ? "udp6" : "udp4");
  let isOpen = true;
  let isConnected = false;
  let owed = 0;
  const failed = (error: Error): void => {
    const word = wordFor(error);
    if (word !== null && isOpen) listener.failed(error, word);
  };
  const send = (): void => {
    socket.send(payload, (error) => {
      if (error !== null && error !== undefined) failed(error);
    });
  };
  socket.on("error", failed);
  socket.on("connect", () => {
    isConnected = true;
    for (; owed > 0; owed--) send();
  });
  socket.on("message", (reply) => {
    listener.replied(reply, () => socket.removeAllListeners("message"));
  });
  const go = (): void => {
    if (isOpen) socket.connect(target.port, target.address);
  };
  if (target.source === null) go();
  else socket.bind({ address: target.source, port: 0, exclusive: true }, go);
  return {
    ask() {
      if (isConnected) send();
      else owed += 1;
    },
    close() {
      isOpen = false;
      socket.close();
    },
  };
}
