/**
 * Hardware that is failing: memory (EDAC), temperatures, sensors with alarms, and disks whose
 * requests fail. Counts of before the agent's start are where counting begins, not news.
 *
 * Corrected errors are no damage; many of them in an hour foretell some, and are told as a
 * prediction.
 */
import { type Clock, durationMs, elapsed, type MonotonicMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import { countedBetween } from "../core/counter.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { TextFiles } from "../ports/text-files.ts";

const WINDOW = durationMs(3_600_000);
/** In an hour. Vendors' limits for a memory module lie between ten and a few hundred a day. */
const CORRECTED_MAX = 24;
const DISK_ERRORS_MAX = 10;
/** Below the critical temperature, in thousandths of a degree. */
const HEAT_MARGIN = 3_000;
const SENSORS_MAX = 256;
const DEVICES_MAX = 256;

interface Counted {
  value: number;
  /** What was counted within the window. */
  events: { readonly at: MonotonicMs; readonly count: number }[];
}

export function createHardwareMonitor(files: TextFiles, clock: Clock): Pick<Monitor, "probe"> {
  const counters = new Map<string, Counted>();
  /** How much was counted in the window under this name. */
  const recent = (name: string, value: number): number => {
    const now = clock.now();
    const known = counters.get(name);
    if (known === undefined) {
      counters.set(name, { value, events: [] });
      return 0;
    }
    const count = countedBetween(known.value, value) ?? 0;
    known.value = value;
    if (count > 0) known.events.push({ at: now, count });
    known.events = known.events.filter(({ at }) => elapsed(at, now) <= WINDOW);
    return known.events.reduce((sum, event) => sum + event.count, 0);
  };
  return {
    async probe() {
      return [
        ...(await memory(files, recent)),
        ...(await zones(files)),
        ...(await sensors(files)),
        ...(await disks(files, recent)),
      ];
    },
  };
}

type Recent = (name: string, value: number) => number;

async function memory(files: TextFiles, recent: Recent): Promise<readonly Finding[]> {
  const root = "/sys/devices/system/edac/mc";
  const findings: Finding[] = [];
  for (const name of (await files.list(root)).filter((one) => /^mc\d+$/.test(one))) {
    const corrected = count(await files.read(`${root}/${name}/ce_count`));
    const uncorrected = count(await files.read(`${root}/${name}/ue_count`));
    const subject = `memory:${name}`;
    if (corrected === null || uncorrected === null) continue;
    const lost = recent(`${subject}:ue`, uncorrected);
    const mended = recent(`${subject}:ce`, corrected);
    if (lost > 0) {
      findings.push(problem(subject, "UncorrectedMemoryErrors", `${lost} in the last hour`));
    } else if (mended >= CORRECTED_MAX) {
      findings.push(foretold(subject, "CorrectedErrorRate", `${mended} in the last hour`));
    } else {
      findings.push(fine(subject, "MemorySound", `${mended} corrected errors in the last hour`));
    }
  }
  return findings;
}

async function zones(files: TextFiles): Promise<readonly Finding[]> {
  const root = "/sys/class/thermal";
  const findings: Finding[] = [];
  const names = (await files.list(root)).filter((name) => name.startsWith("thermal_zone"));
  for (const name of names.slice(0, SENSORS_MAX)) {
    const folder = `${root}/${name}`;
    const critical = await criticalTrip(files, folder);
    const heat = number(await files.read(`${folder}/temp`));
    if (critical === null || heat === null) continue;
    findings.push(judgeHeat(`thermal:${name}`, heat, critical));
  }
  return findings;
}

async function criticalTrip(files: TextFiles, folder: string): Promise<number | null> {
  for (let trip = 0; trip < 12; trip++) {
    const type = await files.read(`${folder}/trip_point_${trip}_type`);
    if (type === null) return null;
    if (type.trim() === "critical")
      return number(await files.read(`${folder}/trip_point_${trip}_temp`));
  }
  return null;
}

async function sensors(files: TextFiles): Promise<readonly Finding[]> {
  const root = "/sys/class/hwmon";
  const findings: Finding[] = [];
  let looked = 0;
  for (const chip of await files.list(root)) {
    const folder = `${root}/${chip}`;
    const name = (await files.read(`${folder}/name`))?.trim() ?? chip;
    const alarms: string[] = [];
    for (const entry of await files.list(folder)) {
      const [, sensor, kind] =
        /^((?:temp|fan|in|power|curr)\d{1,3})_(alarm|crit_alarm|fault)$/.exec(entry) ?? [];
      if (sensor === undefined || looked >= SENSORS_MAX) continue;
      looked += 1;
      if (number(await files.read(`${folder}/${entry}`)) === 1)
        alarms.push(`${sensor} ${kind ?? ""}`);
    }
    const subject = `sensor:${chip}`;
    if (alarms.length > 0)
      findings.push(problem(subject, "SensorAlarm", `${name}: ${alarms.join(", ")}`));
    else findings.push(fine(subject, "SensorsQuiet", `${name} has no alarm`));
  }
  return findings;
}

async function disks(files: TextFiles, recent: Recent): Promise<readonly Finding[]> {
  const root = "/sys/class/block";
  const findings: Finding[] = [];
  const names = (await files.list(root)).filter((name) => /^sd[a-z]+$/.test(name));
  for (const name of names.slice(0, DEVICES_MAX)) {
    const errors = count(await files.read(`${root}/${name}/device/ioerr_cnt`));
    if (errors === null) continue;
    const failed = recent(`disk:${name}`, errors);
    const subject = `disk:${name}`;
    if (failed >= DISK_ERRORS_MAX)
      findings.push(
        foretold(subject, "DiskErrorRate", `${failed} failed requests in the last hour`),
      );
    else findings.push(fine(subject, "DiskSound", `${failed} failed requests in the last hour`));
  }
  return findings;
}

function judgeHeat(subject: string, heat: number, critical: number): Finding {
  const message = `${(heat / 1_000).toFixed(0)} of at most ${(critical / 1_000).toFixed(0)} degrees`;
  // A zone without a sensor tells 0 or a value that no machine survives.
  return critical > 0 && heat >= critical - HEAT_MARGIN && heat < 200_000
    ? problem(subject, "TooHot", message)
    : fine(subject, "Cool", message);
}

function number(text: string | null): number | null {
  const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Decimal, or hexadecimal with 0x, as SCSI writes it. */
function count(text: string | null): number | null {
  const value = number(text);
  return value !== null && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function say(subject: string, status: Finding["status"], reason: string, message: string): Finding {
  return {
    subject,
    status,
    failureClass: "hardware-fault",
    reason,
    message: `${subject}: ${message}`,
  };
}

const fine = (subject: string, reason: string, message: string): Finding =>
  say(subject, "ok", reason, message);

const problem = (subject: string, reason: string, message: string): Finding =>
  say(subject, "problem", reason, message);

/** Nothing is lost yet. */
const foretold = (subject: string, reason: string, message: string): Finding => ({
  ...say(subject, "problem", reason, message),
  attributes: { prediction: "true" },
});
