/**
 * A silent death as ours and three well-known programs see it: serf, corosync, and Prometheus with
 * Alertmanager, each with the defaults of its Debian package apart from a scrape once a second.
 *
 * All run on the same hosts, network namespaces on one bridge (silent-death/host-network.ts), so one
 * command that drops a host's frames is the same moment for everybody; then the host's processes are
 * killed. Time runs from that command: for ours and for Alertmanager to the 2xx of the receiver, for
 * serf and corosync to the first line of any survivor, which is before anybody could be told. A ratio
 * is the peer's median by ours: above 1, ours is sooner.
 */
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { seededRandom } from "@herdbeat/shared/random";
import { eventually } from "../../support/eventually.ts";
import { enterNamespace, insideNamespace, noNamespaceBecause } from "../../support/in-namespace.ts";
import { Stack } from "../../support/stack.ts";
import { makeTempDir } from "../../support/temp-dir.ts";
import { BootstrapError, ensurePurposes } from "../../tools/bootstrap.mjs";
import { type Bench, type BenchContext, PreconditionError } from "../lib/bench.ts";
import { buildDaemons } from "../lib/build-daemons.ts";
import { quantile, rounded } from "../lib/statistics.ts";
import { BRIDGE_ADDRESS, HostNetwork } from "../silent-death/host-network.ts";
import { type Message, StampingReceiver } from "../silent-death/receiver.ts";
import { Cluster } from "./cluster.ts";
import { COROSYNC_NODES, CorosyncCluster } from "./corosync.ts";
import { configurationSha256, installPeers, isInstalled, PEERS, versionsOf } from "./packages.ts";
import { PrometheusWatch } from "./prometheus.ts";
import { SerfCluster } from "./serf.ts";
import { DETECTORS, type Detector, Sightings } from "./sightings.ts";

// Before the raw file is opened: packages come from outside, everything else happens inside.
if (!insideNamespace() && noNamespaceBecause() === null) {
  try {
    ensurePurposes(["network", "store"]);
  } catch (error) {
    if (!(error instanceof BootstrapError)) throw error;
    console.error(error.message);
    process.exit(2);
  }
  installPeers((text) => console.error(text));
}
await enterNamespace();

const SERF_MEMBERS = 20;
/** A declaration that takes longer counts as none. */
const SEEN_WITHIN_MS = 120_000;
/** A host lives this long before it may die: some heartbeats, probes, scrapes and rounds of gossip. */
const LIVES_AT_LEAST_MS = 8_000;
/** Spreads deaths over all phases of everybody's rounds. */
const PHASE_MS = 15_000;

interface Options {
  readonly trials: number;
  readonly agents: number;
  readonly seed: number;
}

function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      trials: { type: "string", default: "10" },
      agents: { type: "string", default: "6" },
      seed: { type: "string", default: String(process.pid) },
    },
  });
  const options = {
    trials: Number(values.trials),
    agents: Number(values.agents),
    seed: Number(values.seed),
  };
  if (!(options.trials >= 1)) throw new PreconditionError("--trials must be 1 or more");
  if (!(options.agents >= COROSYNC_NODES && options.agents < SERF_MEMBERS))
    throw new PreconditionError(`--agents must be ${COROSYNC_NODES} to ${SERF_MEMBERS - 1}`);
  return options;
}

export const bench: Bench = {
  title: "a silent death side by side with serf, corosync and Prometheus",
  async run(context) {
    if (!insideNamespace())
      throw new PreconditionError(`peers ${noNamespaceBecause()}: sudo npm run bench -- peers`);
    const options = readOptions(context.args);
    buildDaemons((text) => context.say(text));
    const dir = makeTempDir("peers");
    const network = new HostNetwork();
    const receiver = new StampingReceiver();
    const sightings = new Sightings(context.raw);
    const stack = new Stack({
      dir: dir.path,
      aggregators: 1,
      runFrom: "build",
      secure: true,
      host: BRIDGE_ADDRESS,
      controller: null,
      prefix: ["setpriv", "--pdeathsig", "KILL"],
    });
    const serf = isInstalled("serf")
      ? new SerfCluster(dir.path, SERF_MEMBERS, network, sightings)
      : null;
    const corosync = isInstalled("corosync")
      ? new CorosyncCluster(dir.path, network, sightings)
      : null;
    const prometheus = isInstalled("prometheus")
      ? new PrometheusWatch(dir.path, network, sightings)
      : null;
    const parts = { stack, network, serf, corosync, prometheus };
    stack.controllerUrl = await receiver.start();
    try {
      await network.start();
      await stack.start();
      await prometheus?.start();
      const secret = readFileSync(join(dir.path, "secret"), "utf8").trim();
      receiver.follow(secret, (message) => noteOurs(sightings, message));
      const cluster = new Cluster(parts, options.agents);
      const fields = await measure(context, { options, cluster, sightings, ...parts });
      return {
        parameters: { ...options, serfMembers: SERF_MEMBERS, corosyncNodes: COROSYNC_NODES },
        fields: {
          ...fields,
          dropRuleHits: await network.dropHits(),
          peers: Object.fromEntries(PEERS.map((peer) => [peer, describe(peer, parts[peer])])),
        },
      };
    } catch (error) {
      context.say(stack.logs());
      throw error;
    } finally {
      receiver.stop();
      await Promise.all([serf?.stop(), corosync?.stop(), prometheus?.stop()]);
      await stack.stop();
      await network.stop();
      dir.remove();
    }
  },
};

function noteOurs(sightings: Sightings, message: Message): void {
  const { incident, transition, answeredMs } = message;
  if (incident.class !== "host-down" || transition.kind !== "declared") return;
  const host = Number(incident.node.id.replace("host-", ""));
  sightings.note("ours", host, message.rule.name, answeredMs);
}

function describe(
  peer: (typeof PEERS)[number],
  cluster: SerfCluster | CorosyncCluster | PrometheusWatch | null,
) {
  if (cluster === null) return { unavailable: "its packages could not be installed" };
  const setup = cluster.setup();
  return {
    versions: versionsOf(peer),
    commandLines: setup.commandLines,
    configurationSha256: configurationSha256(setup),
  };
}

interface Measured {
  readonly options: Options;
  readonly cluster: Cluster;
  readonly sightings: Sightings;
  readonly serf: SerfCluster | null;
  readonly corosync: CorosyncCluster | null;
  readonly prometheus: PrometheusWatch | null;
}

type Times = Readonly<Record<Detector, number | null>>;

async function measure(context: BenchContext, parts: Measured) {
  const { options, cluster } = parts;
  context.say(`booting ${SERF_MEMBERS} hosts`);
  // The last one first: it is how serf's members find each other.
  for (let host = SERF_MEMBERS - 1; host >= 0; host--) await cluster.boot(host);
  for (let host = 0; host < options.agents; host++) await cluster.ready(host);
  const random = seededRandom(options.seed);
  const loadBefore = rounded(loadavg()[0] ?? NaN);
  const done: Times[] = [];
  for (let number = 1; number <= options.trials; number++) {
    await delay(LIVES_AT_LEAST_MS + random.next() * PHASE_MS);
    // Those that carry everything, in turn.
    const host = (number - 1) % COROSYNC_NODES;
    const times = await trial(context, parts, number, host);
    done.push(times);
    context.say(`trial ${number}, host ${host}: ${JSON.stringify(times)}`);
  }
  return { ...summary(done, parts.sightings), loadBefore, loadAfter: rounded(loadavg()[0] ?? NaN) };
}

async function trial(
  context: BenchContext,
  { cluster, sightings, serf, corosync, prometheus }: Measured,
  number: number,
  host: number,
): Promise<Times> {
  const present: Readonly<Record<Detector, boolean>> = {
    ours: true,
    serf: serf !== null,
    corosync: corosync !== null,
    prometheusWebhook: prometheus !== null,
    prometheusTunedWebhook: prometheus !== null,
  };
  sightings.dies(host);
  const death = await cluster.die(host);
  const awaited = DETECTORS.filter((detector) => present[detector]);
  await eventually(() => awaited.every((detector) => sightings.firstMs(detector) !== null), {
    withinMs: SEEN_WITHIN_MS,
    everyMs: 50,
  }).catch(() => context.say(`trial ${number}: not seen by everybody`));
  const times = Object.fromEntries(
    DETECTORS.map((detector) => {
      const firstMs = sightings.firstMs(detector);
      return [detector, firstMs === null ? null : Math.round(firstMs - death.askedMs)];
    }),
  ) as Times;
  const closeSeen = (await cluster.host(host).observed()).connected !== true;
  context.raw.write({
    kind: "trial",
    number,
    host,
    ...death,
    ...times,
    closeSeen,
    load: loadavg()[0],
  });
  await cluster.boot(host);
  await cluster.ready(host);
  sightings.revived();
  return times;
}

function summary(done: readonly Times[], sightings: Sightings) {
  /** A death that somebody did not see is later than all others. */
  const figure = (detector: Detector, q: number): number | null => {
    const value = quantile(
      done.map((times) => times[detector] ?? Number.POSITIVE_INFINITY),
      q,
    );
    return Number.isFinite(value) ? value : null;
  };
  const ratio = (peer: Detector): number | null => {
    const ours = figure("ours", 0.5);
    const theirs = figure(peer, 0.5);
    return ours === null || theirs === null ? null : rounded(theirs / ours);
  };
  const each = (value: (detector: Detector) => number | null) =>
    Object.fromEntries(DETECTORS.map((detector) => [detector, value(detector)]));
  return {
    oursP50Ms: figure("ours", 0.5),
    serfP50Ms: figure("serf", 0.5),
    corosyncP50Ms: figure("corosync", 0.5),
    prometheusWebhookP50Ms: figure("prometheusWebhook", 0.5),
    ratioToSerf: ratio("serf"),
    ratioToCorosync: ratio("corosync"),
    ratioToPrometheusWebhook: ratio("prometheusWebhook"),
    trials: done.length,
    prometheusTunedWebhookP50Ms: figure("prometheusTunedWebhook", 0.5),
    ratioToPrometheusTunedWebhook: ratio("prometheusTunedWebhook"),
    minMs: each((detector) => figure(detector, 0)),
    maxMs: each((detector) => figure(detector, 1)),
    unseen: each((detector) => done.filter((times) => times[detector] === null).length),
    falseSightings: each((detector) => sightings.falseCount(detector)),
  };
}
