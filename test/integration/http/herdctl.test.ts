import { runHerdctl } from "@herdbeat/aggregator/cli/program";
import type { Terminal } from "@herdbeat/aggregator/cli/terminal";
import { StoreUnavailableError } from "@herdbeat/shared/errors";
import * as assert from "uvu/assert";
import { parse } from "yaml";
import { eventually } from "../../support/eventually.ts";
import { FIXTURE_PEER } from "../../support/fixture-nodes.ts";
import { type HttpFixture, startHttpFixture } from "../../support/http-fixture.ts";
import { suite } from "../../support/suite.ts";

const test = suite("herdctl");

let api: HttpFixture;
let peer: HttpFixture;
test.before(async () => {
  peer = await startHttpFixture({ self: FIXTURE_PEER });
  api = await startHttpFixture({ peerEndpoint: () => peer.endpoint });
});
test.after(async () => {
  await api.stop();
  await peer.stop();
});

interface Run {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

interface RunOptions {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly answer?: string | null;
  readonly isTerminal?: boolean;
  readonly files?: Readonly<Record<string, string>>;
}

async function herdctl(line: string, options: RunOptions = {}): Promise<Run> {
  let out = "";
  let error = "";
  const terminal: Terminal = {
    write: (text) => {
      out += text;
    },
    writeError: (text) => {
      error += text;
    },
    environment: {
      HERDBEAT_SERVER: api.endpoint,
      HERDBEAT_TOKEN: api.tokens.admin,
      ...options.environment,
    },
    isTerminal: options.isTerminal ?? false,
    ask: async () => options.answer ?? null,
    readFile: async (path) => options.files?.[path] ?? null,
  };
  const words = line.split(" ").filter((word) => word !== "");
  const code = await runHerdctl(words, terminal, "9.9.9");
  return { code, out, error };
}

test("lists nodes as a table", async () => {
  const { out } = await herdctl("node list --az az1 --state suspect,declared,committed");
  const lines = out.trimEnd().split("\n");
  assert.match(lines[0] ?? "", /^ID {5}HOST {21}STATE {6}SINCE/);
  assert.equal(
    lines.slice(1).map((line) => line.split(/\s+/).slice(0, 3)),
    [
      ["hv-03", "compute-03.example.test", "suspect"],
      ["hv-07", "compute-07.example.test", "declared"],
      ["hv-08", "compute-08.example.test", "committed"],
    ],
  );
});

test("lists names for scripts, JSON and YAML for programs", async () => {
  assert.is(
    (await herdctl("node list --rack r1 -o name")).out,
    "hv-00\nhv-01\nhv-02\nhv-03\nhv-04\n",
  );
  const json = JSON.parse((await herdctl("node list -o json")).out) as unknown[];
  assert.is(json.length, 20);
  const yaml = parse((await herdctl("shard list --status held -o yaml")).out) as {
    shard: number;
  }[];
  assert.equal(
    yaml.map((each) => each.shard),
    [63],
  );
});

test("leaves out headers and adds columns when asked", async () => {
  assert.not.match((await herdctl("aggregator list --no-headers")).out, /VERSION/);
  assert.match((await herdctl("node list -o wide --limit 1")).out, /ADDRESS/);
});

test("colours states for a person only", async () => {
  const state = "node list --state suspect";
  assert.match((await herdctl(state, { isTerminal: true })).out, "\u001b[33msuspect\u001b[0m");
  const calm = { isTerminal: true, environment: { NO_COLOR: "1" } };
  assert.not.match((await herdctl(state, calm)).out, "\u001b");
  assert.not.match((await herdctl(state)).out, "\u001b");
});

test("filters by label", async () => {
  assert.is((await herdctl("node list --label role=controller -o name")).out, "hv-00\nhv-10\n");
  assert.is((await herdctl("node list --label role")).code, 2);
});

test("shows a node by its id, its host name, or the name's first part", async () => {
  for (const name of ["hv-02", "compute-02.example.test", "compute-02"]) {
    const { out, code } = await herdctl(`node show ${name}`);
    assert.is(code, 0);
    assert.match(out, /^Node: +hv-02$/m);
    assert.match(out, /libvirt-daemon +- +problem +libvirt-hung +NoAnswer/);
    assert.match(out, /Open incidents:\n {2}ID/);
  }
});

test("explains and shows an incident by the beginning of its id", async () => {
  const { out } = await herdctl("incident list --class host-down -o name --node hv-07");
  const prefix = out.trim().slice(0, 8);
  const story = await herdctl(`incident explain ${prefix}`);
  assert.match(story.out, /^host-down on compute-07/);
  assert.match(story.out, /on hold since .* grade-too-low/);
  const shown = await herdctl(`incident show ${prefix}`);
  assert.match(shown.out, /Proof: +grade 1, unreachable/);
  assert.match(shown.out, /controller +delivered +1 +202/);
});

test("lists open incidents, and all when asked", async () => {
  assert.is((await herdctl("incident list -o name")).out.trim().split("\n").length, 6);
  assert.is((await herdctl("incident list --all -o name")).out.trim().split("\n").length, 9);
  const none = await herdctl("incident list --class store-down");
  assert.equal([none.out, none.error, none.code], ["", "no open incidents\n", 0]);
});

test("lists deliveries", async () => {
  const { out } = await herdctl("delivery list --destination pager --limit 2 --state waiting");
  assert.is(out.trimEnd().split("\n").length, 3);
  assert.match(out, /HTTP 503/);
});

test("asks before it adopts a store, and says what would be lost", async () => {
  const refused = await herdctl("store adopt --from as-is", { answer: "y" });
  assert.is(refused.code, 1);
  assert.match(refused.error, /1 shards are held\.\n {2}the stored version is lower than known/);
  assert.is((await herdctl("store adopt --from mirror")).code, 2);
  const done = await herdctl("store adopt --from mirror", { answer: "yes" });
  assert.equal([done.code, done.out], [0, "adopted: 1 shards, 40 nodes, 18 incidents\n"]);
  // Both were asked, not only the one that was named.
  for (const { view } of [api, peer])
    assert.ok((await view.shards()).every(({ status }) => status !== "held"));
  const again = await herdctl("store adopt --from mirror --yes");
  assert.equal([again.code, again.out], [0, "adopted: 0 shards, 0 nodes, 0 incidents\n"]);
  assert.is((await herdctl("store adopt --yes")).code, 2);
});

for (const [line, code, message] of [
  ["node show nobody", 3, "there is no node nobody"],
  ["incident explain ffff", 3, "there is no incident ffff"],
  ["incident show ffffffffffffffffffffffffffffffff", 3, "there is no incident"],
  ["node list --state dead", 2, "the query is not valid"],
  ["node list --limit 0", 2, "It must be 1 or more"],
  ["nodes list", 2, "(Did you mean node?)"],
  ["node lst", 2, "(Did you mean list?)"],
  ["incident undo x", 2, "unknown command"],
  ["node list --colour", 2, "unknown option"],
  ["node list -o xml", 2, "Allowed choices are table, wide, json, yaml, name"],
  [
    "node list --server http://127.0.0.1:1",
    5,
    "cannot reach http://127.0.0.1:1: connection refused; is the aggregator running?",
  ],
  ["node list --server nonsense", 2, "not a URL"],
  ["node list --token hb_wrong", 77, "unknown, mistyped or expired"],
  ["node list --token-file /absent", 77, "unknown, mistyped or expired"],
] as const) {
  test(`ends with ${code} on: herdctl ${line}`, async () => {
    const environment = line.includes("token-file") ? { HERDBEAT_TOKEN: "hb_bad" } : {};
    const run = await herdctl(line, { environment });
    assert.is(run.code, code, run.error);
    assert.ok(run.error.includes(message), run.error);
    assert.is(run.out, "");
  });
}

test("takes the token from a flag, the environment, a named file or the user's file, in this order", async () => {
  const environment = { HERDBEAT_TOKEN: undefined, HOME: "/home/me" };
  const good = { "/home/me/.config/herdbeat/token": `${api.tokens.viewer}\n` };
  assert.is((await herdctl("aggregator list", { environment, files: good })).code, 0);
  const named = { ...environment, HERDBEAT_TOKEN_FILE: "/run/token" };
  const files = { ...good, "/run/token": "hb_bad" };
  assert.is((await herdctl("aggregator list", { environment: named, files })).code, 77);
  assert.is((await herdctl("aggregator list --token-file /none", { environment, files })).code, 2);
  const without = await herdctl("aggregator list", { environment });
  assert.is(without.code, 77);
  assert.match(without.error, /--token, HERDBEAT_TOKEN or --token-file/);
});

test("ends with 69 when the store does not answer, 77 when the scope is too small", async () => {
  api.view.failure = new StoreUnavailableError("load", new Error("x"));
  const store = await herdctl(`incident show ${"f".repeat(32)}`);
  api.view.failure = null;
  assert.is(store.code, 69);
  assert.match(store.error, /request id: /);
  const environment = { HERDBEAT_TOKEN: api.tokens.viewer };
  const denied = await herdctl("store adopt --from mirror --yes", { environment });
  assert.equal(
    [denied.code, denied.error],
    [77, "herdctl: this needs scope admin, the token has viewer\n"],
  );
});

test("tells its own version also without a server", async () => {
  assert.is((await herdctl("version")).out, "herdctl: 9.9.9\nserver:  0.1.0\n");
  const alone = await herdctl("version --server http://127.0.0.1:1");
  assert.is(alone.code, 0);
  assert.match(alone.out, /^herdctl: 9\.9\.9\nserver: {2}cannot reach/);
});

test("prints no control characters that others chose", async () => {
  const node = await api.view.node("hv-16" as never);
  if (node === null) throw new Error("no such node");
  api.view.setNode({
    ...node.record,
    stateReason: "\u001b[2Jgone\u202e\nnew line",
    hostname: "evil\u0007",
  });
  await eventually(async () => (await herdctl("node list -q evil -o name")).out !== "");
  for (const form of ["table", "wide", "json", "yaml", "name"]) {
    const { out } = await herdctl(`node list -q hv-16 -o ${form}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these must not come out.
    assert.not.match(out, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
  const json = JSON.parse((await herdctl("node list -q hv-16 -o json")).out) as {
    hostname: string;
  }[];
  assert.is(json[0]?.hostname, "evil\u0007");
  const yaml = parse((await herdctl("node list -q hv-16 -o yaml")).out) as {
    hostname: string;
    stateReason: string;
  }[];
  assert.is(yaml[0]?.hostname, "evil\u0007");
  assert.is(yaml[0]?.stateReason, "\u001b[2Jgone\u202e\nnew line");
  assert.is((await herdctl("node show hv-16")).out.includes("\u001b"), false);
  api.view.setNode(node.record);
});

test("completes its own words in three shells", async () => {
  const bash = await herdctl("completion bash");
  assert.match(bash.out, /"store adopt"\) words="--from --yes"/);
  assert.match((await herdctl("completion zsh")).out, /^#compdef herdctl/);
  assert.match(
    (await herdctl("completion fish")).out,
    /__fish_seen_subcommand_from incident.* -a explain/,
  );
  assert.is((await herdctl("completion tcsh")).code, 2);
});

test("quality show tells the figures with their bounds, of a node on the other aggregator too", async () => {
  const { code, out } = await herdctl("quality show --node hv-01 --shards");
  assert.is(code, 0);
  assert.match(out, /with witnesses: +1s to 2\.1s/);
  assert.match(out, /Node hv-01:/);
  assert.match(out, /wrongly suspected: +11; per node and hour 0\.0025 \(0\.0013 to 0\.0046\)/);
  assert.match(out, /accuracy: +0\.99999\d \(/);
  assert.match(out, /17 +4320\.0 +5 +11 +1/);
});

test("drill start, list and show, also of a node on the other aggregator", async () => {
  const refused = await herdctl("drill start compute-07");
  assert.is(refused.code, 4, refused.error);
  assert.match(refused.error, /it is declared, not alive/);
  for (const node of ["hv-00", "hv-01", "hv-02", "hv-04"]) {
    const begun = await herdctl(`drill start ${node} -o json`);
    assert.is(begun.code, 0, begun.error);
    assert.is((JSON.parse(begun.out) as { node: string }).node, node);
  }
  const { out } = await herdctl("drill list");
  assert.match(out, /4f1c2a90d3b85e67 .* measured +1\.6s +1\.7s +alice /, out);
  const shown = await herdctl("drill show 90aa41c7de2f6b13");
  assert.match(shown.out, /Result: +ended: the drill is over: the agent reported a problem/);
  assert.is((await herdctl("drill show nothing")).code, 3);
});

test("incident ack, assign and comment are recorded under the caller's name", async () => {
  const { out } = await herdctl("incident list -o name");
  const id = out.trim().split("\n").at(-1) ?? "";
  const acked = await herdctl(`incident ack ${id} --reason seen`);
  assert.is(acked.code, 0, acked.error);
  assert.match(acked.out, /^acknowledge of [0-9a-f]+ recorded for the-admin: seen$/m);
  assert.is((await herdctl(`incident assign ${id} bob`)).code, 0);
  assert.is((await herdctl(`incident comment ${id} disks-ordered`)).code, 0);
  const shown = await herdctl(`incident show ${id}`);
  for (const what of ["seen", "bob", "disks-ordered"]) assert.match(shown.out, new RegExp(what));
  assert.is((await herdctl("incident ack ffffffff")).code, 3);
  assert.is((await herdctl(`incident assign ${id}`)).code, 2);
});

test.run();
