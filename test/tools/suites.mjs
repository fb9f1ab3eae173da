// What is run where. A tidy test compares this with the folders below test/, so that no test can be
// written that nothing runs.

/** Folders below test/ that `npm test` runs. */
export const CHECKED_SUITES = Object.freeze([
  "unit",
  "contract",
  "scenario",
  "tidy",
  "integration",
]);

/** Scripts of package.json that continuous integration runs, in this order; `npm test` installs what they need. */
export const CI_SCRIPTS = Object.freeze([
  { script: "test", deadlineMs: 2_400_000 },
  { script: "build", deadlineMs: 300_000 },
  { script: "proto:lint", deadlineMs: 120_000 },
  { script: "proto:breaking", deadlineMs: 120_000 },
  { script: "mutants:ci", deadlineMs: 900_000 },
  { script: "test:sim", deadlineMs: 300_000 },
  { script: "test:browser", deadlineMs: 600_000 },
]);
