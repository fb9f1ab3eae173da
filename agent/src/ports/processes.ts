export interface ProcessSample {
  /** State letter of /proc/<pid>/stat (R S D T t Z X ...). */
  readonly state: string;
  /** Clock ticks since boot at which the process started: tells a reused pid. */
  readonly startTicks: number;
  /** utime + stime, clock ticks; may be ten looks old. */
  readonly cpuTicks: number;
  /** Of a dead process that nobody reaped yet: the signal that killed it, 0 when it ended by itself. */
  readonly killedBy: number;
}

/** Reads that cannot block: /proc/<pid>/stat never waits for the process's locks. */
export interface Processes {
  /** Null when there is no such process. */
  sample(pid: number): ProcessSample | null;
}
