/** One watchdog device as the kernel describes it; nothing here ever opens the device. */
export interface WatchdogSample {
  readonly name: string;
  readonly identity: string;
  /** Whether somebody has it running. */
  readonly isActive: boolean;
  readonly timeoutSeconds: number | null;
  readonly timeLeftSeconds: number | null;
  /** WDIOF_* bits of the last boot. */
  readonly bootStatus: number;
  readonly noWayOut: boolean;
}

export interface Watchdogs {
  /** Not on the event loop: some drivers ask a management controller. */
  list(): Promise<readonly WatchdogSample[]>;
}
