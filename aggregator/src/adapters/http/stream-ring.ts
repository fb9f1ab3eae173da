/** The last events of the stream, for clients that come back. Bounded in number and bytes. */
export interface StreamEvent {
  readonly sequence: number;
  /** The complete event as it goes over the wire; shared by all clients. */
  readonly bytes: Buffer;
}

/** One minute at 4 Hz. */
const EVENTS_MAX = 240;
const BYTES_MAX = 8_000_000;

export class StreamRing {
  #events: StreamEvent[] = [];
  #bytes = 0;
  #last: number;

  constructor(last = 0) {
    this.#last = last;
  }

  get last(): number {
    return this.#last;
  }

  push(make: (sequence: number) => Buffer): StreamEvent {
    this.#last += 1;
    const event = { sequence: this.#last, bytes: make(this.#last) };
    this.#events.push(event);
    this.#bytes += event.bytes.length;
    while (this.#events.length > EVENTS_MAX || this.#bytes > BYTES_MAX) {
      const dropped = this.#events.shift();
      if (dropped === undefined) break;
      this.#bytes -= dropped.bytes.length;
    }
    return event;
  }

  /** What came after `sequence`; null when some of it is no longer known. */
  after(sequence: number): readonly StreamEvent[] | null {
    if (sequence > this.#last) return null;
    const first = this.#events[0]?.sequence ?? this.#last + 1;
    if (sequence < first - 1) return null;
    return this.#events.slice(this.#events.length - (this.#last - sequence));
  }

  /** Forgets the events: whoever was away must take a new snapshot. */
  clear(): void {
    this.#last += 1;
    this.#events = [];
    this.#bytes = 0;
  }
}
