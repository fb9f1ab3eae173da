import { checkConfig } from "@herdbeat/shared/config-check";
import { environmentLayer } from "@herdbeat/shared/config-environment";
import { configJsonSchema, redactConfig } from "@herdbeat/shared/config-schema";
import type { ConfigKey, ConfigLayer } from "@herdbeat/shared/config-table";
import { type YamlDocument, yamlLayer } from "@herdbeat/shared/config-yaml";
import * as assert from "uvu/assert";
import { parseDocument } from "yaml";
import { suite } from "../../support/suite.ts";

const test = suite("config-check");

const TABLE: readonly ConfigKey[] = [
  {
    key: "heartbeat.interval",
    type: { kind: "duration", min: "100ms", max: "60s" },
    default: "1s",
    doc: "Time between two heartbeats.",
  },
  {
    key: "heartbeat.timeout",
    type: { kind: "duration", min: "1s", max: "60s" },
    default: "5s",
    doc: "Silence that counts.",
    inequality: {
      text: "heartbeat.timeout > heartbeat.interval",
      holds: (get) => Number(get("heartbeat.timeout")) > Number(get("heartbeat.interval")),
    },
  },
  { key: "services", type: { kind: "items", max: 2 }, default: [], doc: "Services." },
  { key: "services[].name", type: { kind: "text" }, required: true, doc: "Name." },
  {
    key: "services[].every",
    type: { kind: "duration", min: "1s", max: "1h" },
    default: "5s",
    doc: "Interval.",
  },
  {
    key: "networks",
    type: { kind: "map", of: { kind: "text" }, max: 3 },
    default: {},
    doc: "Roles.",
  },
  { key: "stores", type: { kind: "entries", max: 3 }, doc: "Stores." },
  { key: "stores.*.url", type: { kind: "text" }, doc: "Address.", secret: true },
  {
    key: "level",
    type: { kind: "choice", values: ["info", "warn"] },
    default: "info",
    doc: "Level.",
  },
  { key: "port", type: { kind: "integer", min: 1, max: 65_535 }, doc: "Port." },
  { key: "hosts", type: { kind: "list", of: { kind: "text" }, max: 3 }, doc: "Hosts." },
  { key: "insecure", type: { kind: "boolean" }, default: false, doc: "No TLS." },
  { key: "later", type: { kind: "any" }, doc: "Later.", reserved: "not in this version" },
];

function yaml(text: string): {
  readonly layer: ConfigLayer | null;
  readonly problems: readonly string[];
} {
  return yamlLayer("a.yaml", text, parseDocument(text) as YamlDocument);
}

function problemsOf(text: string): readonly string[] {
  const { layer, problems } = yaml(text);
  return layer === null ? problems : checkConfig(TABLE, [layer]).problems;
}

test("fills defaults, in lists of objects too, and turns durations into milliseconds", () => {
  const { layer } = yaml("services:\n  - name: a\nport: 7341\n");
  assert.equal(checkConfig(TABLE, layer === null ? [] : [layer]), {
    value: {
      heartbeat: { interval: 1_000, timeout: 5_000 },
      services: [{ name: "a", every: 5_000 }],
      networks: {},
      level: "info",
      port: 7341,
      insecure: false,
    },
    problems: [],
  });
});

const refused: readonly (readonly [text: string, problem: string])[] = [
  [
    "heartbeat:\n  intervall: 3s\n",
    "a.yaml:2:3: unknown key heartbeat.intervall, did you mean interval?",
  ],
  [
    "heartbeat:\n  interval: 3\n",
    "a.yaml:2:3: heartbeat.interval must be a duration from 100ms to 60s (like 1500ms, 30s, 5m), not 3",
  ],
  [
    "heartbeat:\n  interval: 30s\n",
    "a.yaml: heartbeat.timeout must satisfy: heartbeat.timeout > heartbeat.interval",
  ],
  ["heartbeat: 3s\n", 'a.yaml:1:1: heartbeat must be a section with keys, not "3s"'],
  ["services:\n  - nam: x\n", "a.yaml:2:5: unknown key services[0].nam, did you mean name?"],
  ["services: {}\n", "a.yaml:1:1: services must be a list, not a section"],
  [
    "services: [{name: a}, {name: b}, {name: c}]\n",
    "a.yaml:1:1: services may have at most 2 entries, not 3",
  ],
  ["networks: {admin: 3}\n", "a.yaml:1:12: networks.admin must be text (put it in quotes), not 3"],
  ["level: wran\n", 'a.yaml:1:1: level must be one of info, warn (did you mean warn?), not "wran"'],
  ["port: 0\n", "a.yaml:1:1: port must be a whole number from 1 to 65535, not 0"],
  ["port: 1.5\n", "a.yaml:1:1: port must be a whole number from 1 to 65535, not 1.5"],
  ["insecure: yes\n", 'a.yaml:1:1: insecure must be true or false, not "yes"'],
  ["later: {}\n", "a.yaml:1:1: later: not in this version"],
  ["- a\n- b\n", "a.yaml:1:1: the document must be a section with keys, not a list"],
  ["constructor: 1\n", "a.yaml:1:1: unknown key constructor"],
  ["__proto__: {insecure: true}\n", "a.yaml:1:1: unknown key __proto__"],
];

for (const [text, problem] of refused) {
  test(`refuses ${JSON.stringify(text)}`, () => {
    assert.ok(problemsOf(text).includes(problem), problemsOf(text).join("\n"));
  });
}

test("reports every problem at once", () => {
  assert.is(problemsOf("port: 0\nlevel: x\nservices: [{}]\nunknown: 1\n").length, 4);
});

for (const text of ["a: b: c\n", "port: 1\nport: 2\n", "x: [\n", "\tport: 1\n", "&a [*a, *a]\n"]) {
  test(`reports the place of broken YAML ${JSON.stringify(text)}`, () => {
    const problems = problemsOf(text);
    assert.ok(problems.length > 0);
    for (const problem of problems) assert.match(problem, /^a\.yaml(:\d+:\d+)?: /);
  });
}

test("refuses aliases, which can be made to explode", () => {
  const { layer, problems } = yaml("hosts: &a [x]\nnetworks: *a\n");
  assert.is(layer, null);
  assert.is(problems.length, 1);
});

test("lets later layers win, merging sections and replacing lists", () => {
  const layers = [
    yaml("heartbeat: {interval: 2s}\nhosts: [a, b]\nnetworks: {admin: eth0}\n").layer,
    yaml("heartbeat: {timeout: 9s}\nhosts: [c]\nnetworks: {tenant: eth1}\n").layer,
  ].filter((layer) => layer !== null);
  const { value } = checkConfig(TABLE, layers);
  assert.equal(value["heartbeat"], { interval: 2_000, timeout: 9_000 });
  assert.equal(value["hosts"], ["c"]);
  assert.equal(value["networks"], { admin: "eth0", tenant: "eth1" });
});

test("reads the environment, with or without underscores inside a name", () => {
  const { layer, problems } = environmentLayer(TABLE, "HB", {
    HB__HEARTBEAT__INTERVAL: "2s",
    HB__NETWORKS__STORAGE: "eth3",
    HB__PORT: "7341",
    HB__HOSTS: "a, b",
    HB__INSECURE: "true",
    HBX__PORT: "1",
    OTHER: "1",
  });
  assert.equal(problems, []);
  const { value, problems: wrong } = checkConfig(TABLE, [layer]);
  assert.equal(wrong, []);
  assert.equal(
    [value["heartbeat"], value["networks"], value["port"], value["hosts"], value["insecure"]],
    [{ interval: 2_000, timeout: 5_000 }, { storage: "eth3" }, 7341, ["a", "b"], true],
  );
});

test("names the variable of a wrong or unknown environment value", () => {
  const { layer, problems } = environmentLayer(TABLE, "HB", {
    HB__HEARTBET__INTERVAL: "2s",
    HB__PORT: "x",
    HB__SERVICES: "a",
  });
  assert.equal(problems, [
    "HB__HEARTBET__INTERVAL: unknown key, did you mean heartbeat?",
    "HB__SERVICES: services cannot be given as one variable",
  ]);
  assert.equal(checkConfig(TABLE, [layer]).problems, [
    'HB__PORT: port must be a whole number from 1 to 65535, not "x"',
  ]);
});

test("hides secrets, under free names too", () => {
  const { layer } = yaml("stores: {a: {url: hidden}}\nport: 1\n");
  const { value } = checkConfig(TABLE, layer === null ? [] : [layer]);
  const shown = redactConfig(TABLE, value);
  assert.equal(shown["stores"], { a: { url: "***" } });
  assert.not.match(JSON.stringify(shown), "hidden");
});

test("makes a schema that closes every object and keeps reserved names out", () => {
  const schema = configJsonSchema(TABLE, "https://example.org/a.json", "A");
  const properties = schema["properties"] as Record<string, Record<string, unknown>>;
  assert.is(schema["additionalProperties"], false);
  assert.equal(properties["later"], { not: {}, description: "not in this version" });
  const services = properties["services"] as { readonly items: Record<string, unknown> };
  assert.equal(services.items["required"], ["name"]);
});

test.run();
