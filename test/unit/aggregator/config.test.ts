import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  type AggregatorConfig,
  detectionLimits,
  guardLimits,
  loadConfig,
} from "@herdbeat/aggregator/config";
import { AGGREGATOR_CONFIG } from "@herdbeat/aggregator/config-table";
import { GUARD_DEFAULTS } from "@herdbeat/aggregator/core/guard";
import { redactConfig } from "@herdbeat/shared/config-schema";
import { ConfigError } from "@herdbeat/shared/errors";
import { Ajv } from "ajv";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";
import { generatedFiles } from "../../tools/config-docs.ts";

const test = suite("aggregator-config");
const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The least that a trial needs. */
const LEAST = `aggregator: {id: a1}
insecure: true
api: {tokens: /etc/herdbeat/tokens}
listen: {advertise: a1.example.org}
`;

interface Given {
  readonly file?: string;
  readonly dropIns?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly flags?: Readonly<Record<string, unknown>>;
}

function load(
  given: Given,
): Promise<{ config: AggregatorConfig | null; problems: readonly string[] }> {
  return withTempDir("config", (folder) => {
    const file = join(folder, "aggregator.yaml");
    writeFileSync(file, given.file ?? LEAST);
    mkdirSync(join(folder, "aggregator.d"));
    for (const [name, text] of Object.entries(given.dropIns ?? {}))
      writeFileSync(join(folder, "aggregator.d", name), text);
    const { environment = {}, flags = {} } = given;
    try {
      return { config: loadConfig({ file, environment, flags }), problems: [] };
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return {
        config: null,
        problems: error.problems.map((problem) => problem.replaceAll(`${folder}/`, "")),
      };
    }
  });
}

test("fills in every default", async () => {
  const { config } = await load({});
  assert.ok(config);
  const { policy, ...rest } = config;
  assert.equal(rest, {
    aggregator: { id: "a1", weight: 100, dataDir: "/var/lib/herdbeat" },
    cluster: { name: "herdbeat" },
    listen: {
      stream: { host: "::", port: 7341 },
      http: { host: "::", port: 7340 },
      advertise: "a1.example.org",
    },
    tls: {},
    insecure: true,
    store: {
      mode: "managed",
      sentinel: {},
      cluster: {},
      tls: false,
      replicasRequired: 0,
      commandDeadline: 900,
    },
    detection: {
      heartbeatInterval: 1_000,
      suspectAfter: 1_500,
      declareAfter: { twoWitnesses: 2_000, oneWitness: 3_000, alone: 3_000 },
      agentPageAfter: 30_000,
      reconnectBound: 30_000,
      awaitedProbeDelay: 500,
      orderlyRebootWindow: 600_000,
      fenceAfter: { twoWitnesses: 5_000, oneWitness: 10_000 },
      probe: {
        port: 9,
        timeout: 400,
        interval: 500,
        peacetimeInterval: 60_000,
        provenWithin: 600_000,
      },
      stall: { discountAfter: 50, handOverPercent: 20 },
      gateway: "auto",
    },
    guard: {
      partialPercent: 55,
      fullPercent: 80,
      minHealthyPercent: 51,
      stormCooldown: 60_000,
      commits: 10,
      commitsWithin: 10_000,
      pausedZones: [],
    },
    destinations: {},
    fencing: {
      testInterval: 600_000,
      testedWithin: 1_800_000,
      testConcurrency: 2,
      devices: {},
    },
    api: { auth: "tokens", tokens: "/etc/herdbeat/tokens" },
    deadMan: { interval: 60_000 },
    log: { level: "info" },
    shadow: false,
  });
  assert.equal(policy["host-down"], { action: "notify", minGrade: 5 });
  assert.equal(policy["guest-crashed"], { action: "notify", minGrade: 0 });
  assert.is(detectionLimits(config).declareAfter, 3_000);
  assert.is(detectionLimits(config).declareWithWitnesses, 2_000);
  assert.equal(guardLimits(config), GUARD_DEFAULTS);
});

test("lets flags win over the environment, over drop-ins in order, over the file", async () => {
  const given = {
    file: `${LEAST}log: {level: error}\nshadow: true\ncluster: {name: file}\n`,
    dropIns: {
      "20-b.yaml": "cluster: {name: second}\nlog: {level: warn}\n",
      "10-a.yaml": "cluster: {name: first}\n",
      "30-c.yml": "cluster: {name: ignored}\n",
    },
    environment: {
      HERDBEAT_AGGREGATOR__LOG__LEVEL: "debug",
      HERDBEAT_AGGREGATOR__LISTEN__HTTP__PORT: "0",
    },
    flags: { log: { level: "info" } },
  };
  const { config } = await load(given);
  assert.equal(
    [config?.cluster.name, config?.log.level, config?.listen.http.port, config?.shadow],
    ["second", "info", 0, true],
  );
});

test("reads where Sentinel and Cluster are", async () => {
  const sentinel = await load({
    file: `${LEAST}store: {mode: external, sentinel: {master: herd, servers: ["a:26379", "[2001:db8::1]:1"]}, tls: true}\n`,
  });
  assert.equal(sentinel.problems, []);
  assert.equal(sentinel.config?.store.sentinel.servers, ["a:26379", "[2001:db8::1]:1"]);
  assert.is(sentinel.config?.store.tls, true);
  const cluster = await load({
    file: `${LEAST}store: {mode: external, cluster: {seeds: ["192.0.2.1:6379"]}}\n`,
  });
  assert.equal(cluster.config?.store.cluster.seeds, ["192.0.2.1:6379"]);
});

for (const store of [
  "{mode: external}",
  "{mode: managed, cluster: {seeds: ['a:1']}}",
  "{mode: external, cluster: {seeds: []}}",
  "{mode: external, cluster: {seeds: ['a']}}",
  "{mode: external, cluster: {seeds: ['a:65536']}}",
  "{mode: external, cluster: {seeds: ['a:1']}, url: 'redis://b'}",
  "{mode: external, sentinel: {servers: ['a:1']}}",
  "{mode: external, sentinel: {master: herd}}",
  "{mode: external, sentinel: {master: 'he rd', servers: ['a:1']}}",
  "{mode: external, sentinel: {master: herd, servers: []}}",
]) {
  test(`refuses the store ${store}`, async () => {
    const { config, problems } = await load({ file: `${LEAST}store: ${store}\n` });
    assert.is(config, null);
    assert.ok(problems.length > 0 && problems.every((problem) => problem.includes("store.")));
  });
}

const DESTINATION = `destinations:
  recovery:
    url: https://recovery.example.org/hook
    secrets: [${SECRET}]
`;

test("reads destinations in the order of the file", async () => {
  const file = `${LEAST}${DESTINATION}  pager: {url: "http://192.0.2.9/", secrets: [${SECRET}], requests: false}\n`;
  const { config } = await load({ file });
  assert.equal(Object.keys(config?.destinations ?? {}), ["recovery", "pager"]);
  assert.equal(config?.destinations["recovery" as never], {
    url: "https://recovery.example.org/hook",
    secrets: [SECRET],
    profile: "native",
    requests: true,
    timeout: 10_000,
    concurrency: 16,
    allowLoopback: false,
    tls: {},
  });
});

test("reads a secret from the file it names, and says which is missing", () =>
  withTempDir("secret", async (folder) => {
    const path = join(folder, "s");
    writeFileSync(path, `${SECRET}\n`);
    const reference = (name: string): string => `"\${file:${folder}/${name}}"`;
    const file = `${LEAST}${DESTINATION}`.replace(SECRET, reference("s"));
    const { config } = await load({ file });
    assert.equal(config?.destinations["recovery" as never]?.["secrets"], [SECRET]);
    const { problems } = await load({ file: file.replace(reference("s"), reference("t")) });
    assert.is(problems.length, 1);
    assert.match(problems[0] ?? "", /destinations\.recovery\.secrets: .*\/t: ENOENT/);
  }));

test("shows no secret", () => {
  const shown = redactConfig(AGGREGATOR_CONFIG, {
    store: { url: "redis://:p@h", password: "p" },
    destinations: { recovery: { secrets: [SECRET], url: "https://h/" } },
  });
  assert.equal(shown, {
    store: { url: "***", password: "***" },
    destinations: { recovery: { secrets: "***", url: "https://h/" } },
  });
});

const REFUSED: readonly (readonly [string, string, RegExp])[] = [
  [
    "an unknown key",
    "detection: {suspectAftr: 2s}",
    /aggregator\.yaml:5:13: unknown key detection\.suspectAftr, did you mean suspectAfter\?/,
  ],
  ["an unknown class", "policy: {host-donw: {action: ignore}}", /did you mean host-down\?/],
  [
    "a duration without a unit",
    "detection: {suspectAfter: 1500}",
    /:5:13: detection\.suspectAfter must be a duration/,
  ],
  [
    "a suspicion before the second heartbeat",
    "detection: {suspectAfter: 1200ms}",
    /1\.2 x detection\.heartbeatInterval < detection\.suspectAfter/,
  ],
  [
    "a declaration before the suspicion",
    "detection: {declareAfter: {twoWitnesses: 1900ms}}",
    /suspectAfter \+ detection\.probe\.timeout < detection\.declareAfter\.twoWitnesses/,
  ],
  [
    "less silence for fewer witnesses",
    "detection: {declareAfter: {oneWitness: 1900ms}}",
    /twoWitnesses <= detection\.declareAfter\.oneWitness/,
  ],
  [
    "a declaration before the probe can answer",
    "detection: {probe: {timeout: 1500ms, interval: 2s}}",
    /suspectAfter \+ detection\.probe\.timeout < /,
  ],
  [
    "a full disruption before the partial one",
    "guard: {fullPercent: 50}",
    /guard\.partialPercent <= guard\.fullPercent/,
  ],
  [
    "a paused zone without a kind",
    "guard: {pausedZones: [a1]}",
    /guard\.pausedZones.* must be rack:NAME or az:NAME/,
  ],
  [
    "proofs that are older than their interval",
    "detection: {probe: {provenWithin: 90s}}",
    /2 x detection\.probe\.peacetimeInterval/,
  ],
  [
    "a reserved key",
    "gate: {timeout: 1m}",
    /:5:1: gate: this name is reserved; it is not in this version/,
  ],
  [
    "an unknown key in a section",
    "store: {sentinel: {name: x}}",
    /unknown key store\.sentinel\.name/,
  ],
  [
    "an external store without a place",
    "store: {mode: external}",
    /external and exactly one of store/,
  ],
  ["a managed store with a place", "store: {url: 'redis://h'}", /managed and no place/],
  [
    "a destination without a secret",
    "destinations: {r: {url: 'https://h/'}}",
    /destinations\.r\.secrets is required/,
  ],
  [
    "an empty list of secrets",
    "destinations: {r: {url: 'https://h/', secrets: []}}",
    /secrets must have an entry/,
  ],
  [
    "a secret that is none",
    "destinations: {r: {url: 'https://h/', secrets: [hunter2]}}",
    /must be whsec_/,
  ],
  [
    "a URL with a password",
    "destinations: {r: {url: 'https://u:p@h/', secrets: [x]}}",
    /without a password/,
  ],
  [
    "a certificate without a key",
    `destinations: {r: {url: 'https://h/', secrets: [${SECRET}], tls: {cert: /c}}}`,
    /cert and key belong together/,
  ],
  [
    "another profile",
    "destinations: {r: {url: 'https://h/', profile: natve}}",
    /did you mean native\?/,
  ],
  ["a key twice", "shadow: true\nshadow: false", /aggregator\.yaml:6:1: .*unique/],
  ["what is no YAML", "a: [", /aggregator\.yaml:6:1/],
];

for (const [what, text, expected] of REFUSED) {
  test(`refuses ${what}`, async () => {
    const { problems } = await load({ file: `${LEAST}${text}\n` });
    assert.ok(
      problems.some((problem) => expected.test(problem)),
      problems.join("\n"),
    );
  });
}

test("refuses to run without identity unless told so", async () => {
  const { problems } = await load({ file: "aggregator: {id: a1}\n" });
  assert.equal(problems.length, 2);
  assert.match(
    problems.join("\n"),
    /insecure must satisfy: true, or tls\.ca, tls\.cert and tls\.key/,
  );
  assert.match(problems.join("\n"), /api\.tokens must satisfy: given when api\.auth is tokens/);
});

test("names every problem of every layer at once", async () => {
  const { problems } = await load({
    file: `${LEAST}shadwo: true\n`,
    dropIns: { "a.yaml": "log: {level: loud}\n" },
    environment: { HERDBEAT_AGGREGATOR__LOG__LEVLE: "info" },
    flags: { cluster: { name: "" } },
  });
  const where = problems.map((problem) => problem.split(": ")[0]);
  assert.equal(where, [
    "HERDBEAT_AGGREGATOR__LOG__LEVLE",
    "aggregator.yaml:5:1",
    "aggregator.d/a.yaml:1:7",
    "--cluster-name",
  ]);
});

test("refuses a named file that is not there", () => {
  const sources = { file: "/nonexistent/aggregator.yaml", environment: {}, flags: {} };
  assert.throws(() => loadConfig(sources), /ENOENT/);
});

for (const [name, content] of generatedFiles()) {
  test(`${name} is what the tables say`, () => {
    const file = readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
    assert.ok(file === content, "run test/tools/config-docs.ts --write");
  });
}

test("its JSON Schema accepts what the check accepts", () => {
  const schema = JSON.parse(
    readFileSync(
      new URL("../../../aggregator/schema/aggregator.schema.json", import.meta.url),
      "utf8",
    ),
  ) as Record<string, unknown>;
  // Nothing in it differs between that draft and the one that is built in.
  delete schema["$schema"];
  const validate = new Ajv({ strict: true }).compile(schema);
  assert.ok(validate(parse(`${LEAST}${DESTINATION}`)), JSON.stringify(validate.errors));
  assert.not(validate(parse("gate: {}")));
  assert.not(validate(parse("shadwo: true")));
});

const RECOVER = "policy: {host-down: {action: recover}}\n";
const destination = (requests: boolean): string =>
  `destinations: {mail: {url: "https://r.example.org", requests: ${requests}, secrets: [${SECRET}]}}\n`;

for (const [what, file, isRefused] of [
  ["nobody to ask", RECOVER, true],
  ["destinations that only get facts", RECOVER + destination(false), true],
  ["a destination that is asked", RECOVER + destination(true), false],
  ["shadow, which asks nobody", `${RECOVER}shadow: true\n`, false],
] as const) {
  test(`policy recover with ${what} is ${isRefused ? "refused" : "taken"}`, async () => {
    const { problems } = await load({ file: LEAST + file });
    assert.is(problems.length, isRefused ? 1 : 0, problems.join());
    if (isRefused) assert.match(problems.join(), /policy\.host-down: recover needs a destination/);
  });
}

test.run();
