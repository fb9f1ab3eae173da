import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AgentConfig, loadConfig } from "@herdbeat/agent/config";
import { AGENT_CONFIG, SCHEMA_ID, SCHEMA_TITLE } from "@herdbeat/agent/config-table";
import { configJsonSchema } from "@herdbeat/shared/config-schema";
import { ConfigError } from "@herdbeat/shared/errors";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("agent-config");

const SECURE = `
aggregators: ["wss://agg-1:7341"]
tls: { ca: /etc/herdbeat/ca.pem, cert: /etc/herdbeat/n.pem, key: /etc/herdbeat/n.key }
`;
const INSECURE = 'insecure: true\naggregators: ["ws://agg-1:7341"]\n';

function load(
  text: string,
  more: {
    readonly dropIns?: Readonly<Record<string, string>>;
    readonly environment?: Readonly<Record<string, string>>;
    readonly flags?: Readonly<Record<string, unknown>>;
  } = {},
): Promise<AgentConfig> {
  return withTempDir("config", (folder) => {
    const file = join(folder, "agent.yaml");
    writeFileSync(file, text);
    mkdirSync(join(folder, "agent.d"));
    for (const [name, content] of Object.entries(more.dropIns ?? {})) {
      writeFileSync(join(folder, "agent.d", name), content);
    }
    return loadConfig({ file, environment: more.environment ?? {}, flags: more.flags ?? {} });
  });
}

async function problemsOf(...args: Parameters<typeof load>): Promise<readonly string[]> {
  try {
    await load(...args);
  } catch (error) {
    assert.instance(error, ConfigError);
    return (error as ConfigError).problems.map((problem) => problem.replace(/^\S*\/(?=agent)/, ""));
  }
  return [];
}

test("ships the schema of its own table", () => {
  const shipped = readFileSync(
    new URL("../../../agent/schema/agent.schema.json", import.meta.url),
    "utf8",
  );
  assert.equal(
    JSON.parse(shipped),
    JSON.parse(JSON.stringify(configJsonSchema(AGENT_CONFIG, SCHEMA_ID, SCHEMA_TITLE))),
  );
});

test("has a default that its own type accepts for every key", async () => {
  const config = await load(SECURE);
  assert.is(config.heartbeat.interval, 1_000);
  assert.is(config.kernelLog.hold, 600_000);
  assert.is(config.stateDir, "/var/lib/herdbeat");
  assert.equal(config.services, []);
  assert.is(config.libvirt.guestAgent, false);
  assert.equal(config.witness, { enabled: true, listen: [], port: 7_342 });
});

test("lets flags win over the environment, that over drop-ins, those over the file", async () => {
  const dropIns = {
    "20-b.yaml": "log: {level: warn}\nstateDir: /b\n",
    "10-a.yaml": "stateDir: /a\nheartbeat: {interval: 2s}\n",
  };
  const environment = { HERDBEAT_AGENT__STATE_DIR: "/env", HERDBEAT_AGENT__NODE__ID: "from-env" };
  const config = await load(SECURE, { dropIns, environment, flags: { node: { id: "from-flag" } } });
  assert.equal(
    [config.stateDir, config.log.level, config.heartbeat.interval, config.node.id],
    ["/env", "warn", 2_000, "from-flag"],
  );
});

const refused: readonly (readonly [what: string, text: string, problem: RegExp])[] = [
  ["no aggregator", "insecure: true\n", /aggregators: at least one endpoint/],
  ["ws:// without insecure", SECURE.replace("wss:", "ws:"), /must begin with wss:\/\//],
  ["wss:// with insecure", INSECURE.replace("ws:", "wss:"), /must begin with ws:\/\//],
  ["no certificate", 'aggregators: ["wss://a:1"]\n', /tls\.cert is required/],
  [
    "a relative path",
    `${INSECURE}stateDir: var\n`,
    /agent\.yaml:3:1: stateDir must be an absolute path/,
  ],
  ["a profile that is not there", `${INSECURE}profiles: [zokeeper]\n`, /no profile zokeeper/],
  ["a witness by name", `${INSECURE}witness: {listen: [localhost]}\n`, /an IP address/],
  ["a witness port out of range", `${INSECURE}witness: {port: 65536}\n`, /witness\.port/],
  [
    "two folders of one name",
    `${INSECURE}storage:\n  - {name: a, path: /x}\n  - {name: a, path: /y}\n`,
    /storage: a is there twice/,
  ],
  [
    "peers of a network that is not there",
    `${INSECURE}reachability:\n  - {role: tenant, targets: [10.0.0.1]}\n`,
    /reachability: tenant is no role/,
  ],
  ["a misspelt key", `${INSECURE}heartbaet: {}\n`, /did you mean heartbeat\?/],
  [
    "a bare number as duration",
    `${INSECURE}heartbeat: {interval: 1}\n`,
    /heartbeat\.interval must be a duration/,
  ],
  ["an interval out of bounds", `${INSECURE}heartbeat: {interval: 10ms}\n`, /from 100ms to 60s/],
  [
    "armed watchdog",
    `${INSECURE}watchdog: {mode: arm}\n`,
    /watchdog\.mode must be one of observe, off/,
  ],
  [
    "a service without anything to watch",
    `${INSECURE}services: [{name: a}]\n`,
    /a needs a unit, an executable or a pidFile/,
  ],
  [
    "two services of one name",
    `${INSECURE}services: [{name: a, unit: a.service}, {name: a, unit: b.service}]\n`,
    /a is there twice/,
  ],
  [
    "two checks",
    `${INSECURE}services: [{name: a, unit: a.service, check: {tcp: "127.0.0.1:1", unix: /x}}]\n`,
    /one check only/,
  ],
  [
    "a check by name",
    `${INSECURE}services: [{name: a, unit: a.service, check: {http: "http://localhost/"}}]\n`,
    /literal IP address/,
  ],
  [
    "an option as unit",
    `${INSECURE}services: [{name: a, unit: "--help"}]\n`,
    /a systemd unit with its suffix/,
  ],
  ["a path as interface", `${INSECURE}networks: {admin: ../../etc}\n`, /an interface name/],
  [
    "a node id with a space",
    `${INSECURE}node: {id: "a b"}\n`,
    /node\.id must be 1 to 128 characters/,
  ],
];

for (const [what, text, problem] of refused) {
  test(`refuses ${what}`, async () => {
    const problems = await problemsOf(text);
    assert.ok(
      problems.some((line) => problem.test(line)),
      problems.join("\n"),
    );
  });
}

test("reports the problems of all sources at once, each with its place", async () => {
  const problems = await problemsOf(`${INSECURE}stateDir: 1\n`, {
    dropIns: { "a.yaml": "log:\n  level: loud\n", "b.yaml": "x: [" },
    environment: { HERDBEAT_AGENT__HEARTBEAT__INTERVL: "1s" },
    flags: { node: { id: "" } },
  });
  assert.is(problems.length, 5);
  for (const place of [
    /^agent\.yaml:3:1: /,
    /^agent\.d\/a\.yaml:2:3: /,
    /^agent\.d\/b\.yaml:1:/,
    /^HERDBEAT_AGENT__/,
    /^--node-id: /,
  ]) {
    assert.ok(
      problems.some((problem) => place.test(problem)),
      `${place} in\n${problems.join("\n")}`,
    );
  }
});

test("says which file cannot be read", () => {
  assert.throws(
    () => loadConfig({ file: "/nonexistent/agent.yaml", environment: {}, flags: {} }),
    (error: ConfigError) => error.problems.includes("/nonexistent/agent.yaml: ENOENT"),
  );
});

test.run();
