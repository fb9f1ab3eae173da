import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AggregatorConfig, loadConfig } from "@herdbeat/aggregator/config";
import { AGGREGATOR_CONFIG } from "@herdbeat/aggregator/config-table";
import { fenceDevices } from "@herdbeat/aggregator/wiring";
import { redactConfig } from "@herdbeat/shared/config-schema";
import { ConfigError } from "@herdbeat/shared/errors";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("config-fencing");

const LEAST = `aggregator: {id: a1}
insecure: true
api: {tokens: /etc/herdbeat/tokens}
fencing:
  devices:
`;

function load(
  devices: string,
  secret = "hunter2\n",
): Promise<{ readonly config: AggregatorConfig | null; readonly problems: string }> {
  return withTempDir("config", (folder) => {
    const file = join(folder, "aggregator.yaml");
    mkdirSync(join(folder, "aggregator.d"));
    writeFileSync(join(folder, "secret"), secret);
    writeFileSync(file, `${LEAST}${devices.replaceAll("FOLDER", folder)}\n`);
    try {
      return { config: loadConfig({ file, environment: {}, flags: {} }), problems: "" };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return { config: null, problems: error.problems.join("\n") };
    }
  });
}

const fromFile = (path: string): string => `'\${file:${path}}'`;
const SECRET = `secrets: {password: ${fromFile("FOLDER/secret")}}`;

test("reads devices with their secrets, and tries the lowest order first", async () => {
  const { config, problems } = await load(`
    pdu: {agent: fence_apc_snmp, order: 200, nodes: ["*"], hosts: {n1: "7", n2: "8"}, options: {ip: 10.0.0.9}}
    bmc: {agent: fence_ipmilan, nodes: ["*"], hostOption: ip, hosts: {n1: 10.1.0.1}, options: {username: admin}, ${SECRET}}
    same: {agent: /opt/fence_own, order: 200, nodes: [n3]}`);
  assert.is(problems, "");
  assert.is(config?.fencing.devices["bmc"]?.secrets["password"], "hunter2");
  assert.ok(config);
  assert.equal(
    fenceDevices(config).map((one) => one.name),
    ["bmc", "pdu", "same"],
  );
  const shown = JSON.stringify(
    redactConfig(AGGREGATOR_CONFIG, config as unknown as Record<string, unknown>),
  );
  assert.not(shown.includes("hunter2"));
});

for (const [what, device, expected] of [
  ["no agent", "x: {nodes: [n1]}", /fencing\.devices\.x\.agent is required/],
  ["a shell line as agent", "x: {agent: 'fence_x; reboot', nodes: [n1]}", /name of a fence agent/],
  [
    "no nodes",
    "x: {agent: fence_x, nodes: []}",
    /:7:\d+: fencing\.devices\.x\.nodes must have an entry/,
  ],
  [
    "several nodes and one plug",
    "x: {agent: fence_x, nodes: ['cmp-*']}",
    /nothing tells the agent which/,
  ],
  [
    "two nodes and one plug",
    "x: {agent: fence_x, nodes: [n1, n2]}",
    /nothing tells the agent which/,
  ],
  [
    "a label and one plug",
    "x: {agent: fence_x, nodes: ['label:rack=a']}",
    /nothing tells the agent which/,
  ],
  [
    "a password in the open",
    "x: {agent: fence_x, nodes: [n1], options: {password: x}}",
    /put it into secrets/,
  ],
  [
    "a community in a secret that is no file",
    "x: {agent: fence_x, nodes: [n1], secrets: {community: public}}",
    /must be \$\{file:/,
  ],
  [
    "a secret's file that is not there",
    `x: {agent: fence_x, nodes: [n1], secrets: {password: ${fromFile("/nonexistent")}}}`,
    /ENOENT/,
  ],
  ["an action", "x: {agent: fence_x, nodes: [n1], options: {action: 'on'}}", /may not give action/],
  [
    "a value with a line end",
    'x: {agent: fence_x, nodes: [n1], options: {ip: "1\\naction=on"}}',
    /without line ends/,
  ],
  [
    "a host with a line end",
    'x: {agent: fence_x, nodes: ["*"], hosts: {n1: "1\\naction=on"}}',
    /without line ends/,
  ],
  [
    "an option that is none",
    "x: {agent: fence_x, nodes: [n1], options: {'a=b': c}}",
    /no agent has/,
  ],
  ["a number as a value", "x: {agent: fence_x, nodes: [n1], options: {lanplus: 1}}", /in quotes/],
  ["a name that is a number", "7: {agent: fence_x, nodes: [n1]}", /is no name/],
  [
    "a slip in a key",
    "x: {agent: fence_x, nodes: [n1], hostoption: ip}",
    /did you mean hostOption\?/,
  ],
] as const) {
  test(`refuses ${what}`, async () => {
    const { problems } = await load(`\n    ${device}`);
    assert.match(problems, expected);
  });
}

test("refuses a secret of two lines", async () => {
  const { problems } = await load(
    `\n    x: {agent: fence_x, nodes: [n1], ${SECRET}}`,
    "hunter2\naction=on\n",
  );
  assert.match(problems, /one line/);
});

test.run();
