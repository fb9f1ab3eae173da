/** What systemd tells of one unit. */
export interface UnitState {
  readonly loadState: string;
  readonly activeState: string;
  readonly subState: string;
  /** success, exit-code, signal, core-dump, watchdog, timeout, ... */
  readonly result: string;
  /** 0 when there is none. */
  readonly mainPid: number;
  /** Below the control group file system's root; empty when there is none. */
  readonly controlGroup: string;
  readonly restarts: number;
}

export const UNIT_PROPERTIES: readonly string[] = [
  "Id",
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "MainPID",
  "ControlGroup",
  "NRestarts",
  "Names",
];

/** Reads `systemctl show`: blocks of `Key=Value`, by every name a unit has (aliases too). */
export function parseUnitStates(text: string): ReadonlyMap<string, UnitState> {
  const states = new Map<string, UnitState>();
  for (const block of text.split(/\n\s*\n/)) {
    const values = new Map<string, string>();
    for (const line of block.split("\n")) {
      const separator = line.indexOf("=");
      if (separator > 0) values.set(line.slice(0, separator).trim(), line.slice(separator + 1));
    }
    const id = values.get("Id");
    if (id === undefined) continue;
    const state: UnitState = {
      loadState: values.get("LoadState") ?? "",
      activeState: values.get("ActiveState") ?? "",
      subState: values.get("SubState") ?? "",
      result: values.get("Result") ?? "success",
      mainPid: Number(values.get("MainPID") ?? 0) || 0,
      controlGroup: values.get("ControlGroup") ?? "",
      restarts: Number(values.get("NRestarts") ?? 0) || 0,
    };
    for (const name of [id, ...(values.get("Names") ?? "").split(" ")]) {
      if (name !== "") states.set(name, state);
    }
  }
  return states;
}
