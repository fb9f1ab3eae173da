// `npm run sim -- --seed N --hours H [--nodes N] [--aggregators N] [--runs N] [--calm HOURS]
//     [--faults-per-node-hour N] [--trace]`
// Simulates a fleet under faults. With --runs, that many seeds from --seed on. Exit code 1: something
// that must always hold did not.
import { parseArgs } from "node:util";
import { commandOf, describeFailure, type SimOptions, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    hours: { type: "string", default: "1" },
    nodes: { type: "string", default: "20" },
    aggregators: { type: "string", default: "2" },
    runs: { type: "string", default: "1" },
    calm: { type: "string", default: "0" },
    "faults-per-node-hour": { type: "string", default: "0" },
    trace: { type: "boolean", default: false },
  },
});

function numberOf(name: Exclude<keyof typeof values, "trace">): number {
  const value = Number(values[name]);
  const least = name === "calm" || name === "faults-per-node-hour" ? 0 : Number.MIN_VALUE;
  if (!Number.isFinite(value) || value < least)
    throw new Error(`--${name} must be a positive number`);
  return value;
}

async function runOne(options: SimOptions): Promise<boolean> {
  const cpu = process.cpuUsage();
  const outcome = await simulate(options);
  const used = process.cpuUsage(cpu);
  const cpuSeconds = (used.user + used.system) / 1e6;
  const { nodeHours } = outcome.figures;
  if (values.trace) for (const line of outcome.lines) console.log(line);
  console.log(
    JSON.stringify({
      seed: options.seed,
      ...outcome.figures,
      effects: outcome.effects,
      repeats: outcome.repeats,
      cpuSeconds: Number(cpuSeconds.toFixed(2)),
      nodeHoursPerCpuSecond: Number((nodeHours / cpuSeconds).toFixed(1)),
    }),
  );
  if (outcome.violations.length === 0) return true;
  console.log(describeFailure(outcome));
  return false;
}

const first: SimOptions = {
  seed: numberOf("seed"),
  hours: numberOf("hours"),
  nodes: numberOf("nodes"),
  aggregators: numberOf("aggregators"),
  calmHours: numberOf("calm"),
  faultsPerNodeHour: numberOf("faults-per-node-hour"),
};
const failed: string[] = [];
for (let run = 0; run < numberOf("runs"); run++) {
  const options = { ...first, seed: first.seed + run };
  if (!(await runOne(options))) failed.push(commandOf(options));
}
if (failed.length > 0) {
  console.log(`failed:\n${failed.join("\n")}`);
  process.exitCode = 1;
}
