export interface LinkSample {
  readonly name: string;
  /** Administratively up (IFF_UP). */
  readonly adminUp: boolean;
  /** Null when the kernel does not tell (EINVAL while administratively down). */
  readonly carrier: boolean | null;
  /** Value of the change counter that belongs to `carrier`. */
  readonly carrierChanges: number;
  /** up, down, dormant, lowerlayerdown, unknown, notpresent, testing (RFC 2863). */
  readonly operState: string;
  /** Mbit/s, null when unknown. */
  readonly speedMbps: number | null;
  /** True for a device with hardware or a bond, VLAN or bridge port below it; false for tap, veth, lo. */
  readonly physical: boolean;
}

/** What can be read without any lock of the kernel. */
export interface LinkPulse {
  readonly adminUp: boolean;
  /** Grows by one each time carrier is lost or comes: an odd difference means the other state. */
  readonly carrierChanges: number;
  /** Tells a new device under an old name. */
  readonly interfaceIndex: number;
}

/** Network interfaces as sysfs shows them. */
export interface Links {
  /** Names of all interfaces except the loopback. Cannot block. */
  list(): readonly string[];
  /**
   * Everything about one interface; null when it is gone. Not on the event loop: since Linux 6.6 a
   * read of `carrier` or `speed` waits for the kernel's network lock, which a sick driver may hold.
   */
  sample(name: string): Promise<LinkSample | null>;
  /** Null when the interface is gone. Cannot block; takes microseconds. */
  pulse(name: string): LinkPulse | null;
  /** Only the counter of `pulse`, for the poll; undefined when the interface is gone. */
  carrierChanges(name: string): number | undefined;
  stop(): void;
}

/** Tells that something about some interface changed. */
export interface LinkEvents {
  /** While false, nobody tells: poll. */
  readonly isLive: boolean;
  start(onEvent: () => void): void;
  stop(): void;
}
