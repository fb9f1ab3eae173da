/** Push channel of the guest service: lines over a host-local virtio-serial socket. Hostile input. */
export interface GuestLine {
  readonly uuid: string;
  /** Without the newline, at most 512 bytes, printable ASCII; anything else was dropped and counted. */
  readonly text: string;
}

export interface GuestChannels {
  /** Follows exactly these sockets (by guest UUID) from now on; connects and reconnects by itself. */
  follow(channels: ReadonlyMap<string, string>): void;
  /** Silence counts against a guest only while this is true. */
  isConnected(uuid: string): boolean;
  onLine(listener: (line: GuestLine) => void): void;
  /** Lines dropped because a guest wrote faster or longer than allowed, by guest. */
  dropped(): ReadonlyMap<string, number>;
  stop(): Promise<void>;
}
