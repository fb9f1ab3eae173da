/** The stream to one aggregator at a time. Bytes in, bytes out; the codec is the adapter's. */
import type { AgentMessage, AggregatorMessage } from "../core/messages.ts";

export interface TransportListener {
  onOpen(): void;
  onMessage(message: AggregatorMessage): void;
  /** Called exactly once per `connect`, also when the connection could not be made. */
  onClosed(reason: string): void;
}

export interface Transport {
  /** Opens a stream to `endpoint` (`wss://host:port` or `ws://` when insecure); never throws. */
  connect(endpoint: string, listener: TransportListener): void;
  /**
   * False when nothing is open or more than the adapter's bound is still unsent; the message is
   * then not sent and the caller keeps what must not be lost.
   */
  send(message: AgentMessage): boolean;
  close(): void;
}
