/** A recovery controller that only takes what it gets, and stamps when it answered. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { checkSignature } from "../../controller/signature.ts";
import { clockMs } from "../../fleet/commands.ts";

export interface Evidence {
  readonly kind: string;
  readonly outcome: string;
  readonly ageMs: number;
  readonly detail: string;
}

interface Body {
  readonly id: string;
  readonly aggregator: string;
  readonly kind: string;
  readonly incident: {
    readonly id: string;
    readonly class: string;
    readonly grade: number;
    readonly node: { readonly id: string };
  };
  readonly transition: { readonly kind: string; readonly at: string; readonly message: string };
  readonly rule: { readonly name: string };
  readonly evidence: readonly Evidence[];
}

export interface Message extends Body {
  /** CLOCK_MONOTONIC when the 2xx was written. */
  readonly answeredMs: number;
  /** By the wall clock, from the transition to the answer. */
  readonly handOffMs: number;
  readonly attempt: number;
}

export class StampingReceiver {
  readonly #server: Server;
  readonly #seen = new Set<string>();
  #secret = "";
  #onMessage: (message: Message) => void = () => {};
  refused = 0;

  constructor() {
    this.#server = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(0, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Each message once, after it was answered. */
  follow(secret: string, onMessage: (message: Message) => void): void {
    this.#secret = secret;
    this.#onMessage = onMessage;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const wrong = checkSignature([this.#secret], request.headers, text, Date.now() / 1_000);
    if (wrong !== null) {
      this.refused += 1;
      response.writeHead(401).end(wrong);
      return;
    }
    response.writeHead(202).end();
    const answeredMs = clockMs();
    const body = JSON.parse(text) as Body;
    if (this.#seen.has(body.id)) return;
    this.#seen.add(body.id);
    const handOffMs = Date.now() - Date.parse(body.transition.at);
    const attempt = Number(request.headers["herdbeat-attempt"]);
    this.#onMessage({ ...body, answeredMs, handOffMs, attempt });
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
