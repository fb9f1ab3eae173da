/** Puts the adapters around the engine. The only file that knows them all, besides main.ts. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { IncidentId } from "@herdbeat/shared/ids";
import { type Startable, startAll, stopAll } from "@herdbeat/shared/lifecycle";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { DeadMan } from "./adapters/dead-man/dead-man.ts";
import { createMetricsRegistry } from "./adapters/http/metrics.ts";
import { createHttpServer, type HttpServer } from "./adapters/http/server.ts";
import { TokenFile } from "./adapters/http/token-file.ts";
import { FileJournal } from "./adapters/journal/file-journal.ts";
import { DefaultGatewayCheck } from "./adapters/kernel-probe/gateway-check.ts";
import { TcpKernelProbe } from "./adapters/kernel-probe/tcp-kernel-probe.ts";
import { FileMirrorStore } from "./adapters/mirror-file/file-mirror-store.ts";
import { HttpWebhook } from "./adapters/webhook/http-webhook.ts";
import { WsAgentListener } from "./adapters/ws/agent-listener.ts";
import { WsMesh } from "./adapters/ws/mesh/ws-mesh.ts";
import { StreamServer } from "./adapters/ws/stream-server.ts";
import { WitnessEchoVerifier } from "./adapters/ws/witness-echo-verifier.ts";
import { type AggregatorConfig, detectionLimits, guardLimits } from "./config.ts";
import type { AgentListener } from "./ports/agent-listener.ts";
import type { GatewayCheck } from "./ports/kernel-probe.ts";
import type { Mesh } from "./ports/mesh.ts";
import { Engine } from "./runtime/engine.ts";
import { noticeSender } from "./runtime/notice-sender.ts";
import { destinations, fenceDevices, requestDestination, streamTls } from "./wiring.ts";
import { buildStore } from "./wiring-store.ts";

export interface Aggregator extends Startable {
  readonly engine: Engine;
  streamEndpoint(): string;
  httpEndpoint(): string;
}

export interface AggregatorDeps {
  readonly config: AggregatorConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onFatal: (error: unknown) => void;
}

const clock = systemClock;
const timers = systemTimers;
const random = systemRandom;

export function createAggregator(deps: AggregatorDeps): Aggregator {
  const { config, logger, version } = deps;
  const metrics = createMetricsRegistry();
  const store = buildStore(deps);
  const tls = streamTls(config, logger);
  const stream = new StreamServer({
    host: config.listen.stream.host,
    port: config.listen.stream.port,
    tls,
    advertisedHost: config.listen.advertise,
    clock,
    logger,
  });
  const listener = new WsAgentListener({
    server: stream,
    clock,
    metrics,
    aggregatorId: config.aggregator.id,
    aggregatorVersion: version,
    clusterId: () => engine.clusterId,
  });
  let http: HttpServer | null = null;
  const mesh = new WsMesh({
    server: stream,
    tls: () => tls,
    clock,
    random,
    logger,
    clusterId: () => engine.clusterId,
  });
  const engine: Engine = buildEngine(deps, {
    metrics,
    mesh,
    store,
    listener,
    httpEndpoint: () => http?.endpoint() ?? "",
  });
  const tokens = new TokenFile({ path: config.api.tokens ?? "", timers, logger });
  http = createHttpServer({
    view: engine.view,
    commands: engine.commands,
    tokens,
    logger,
    clock,
    timers,
    metrics,
    incidentIdOf,
    listen: { ...config.listen.http, advertisedHost: config.listen.advertise },
  });
  const parts: readonly Startable[] = [
    ...store.parts,
    tokens,
    http,
    stream,
    engine,
    ...deadMan(config, logger, engine),
  ];
  return {
    engine,
    start: () => startAll(parts),
    stop: () => stopAll(parts),
    streamEndpoint: () => listener.endpoint(),
    httpEndpoint: () => http.endpoint(),
  };
}

interface EngineParts {
  readonly metrics: Metrics;
  readonly store: ReturnType<typeof buildStore>;
  readonly listener: AgentListener;
  readonly mesh: Mesh;
  readonly httpEndpoint: () => string;
}

function buildEngine(deps: AggregatorDeps, parts: EngineParts): Engine {
  const { config, logger, version } = deps;
  const { metrics, store, listener, mesh, httpEndpoint } = parts;
  const sender = new HttpWebhook(destinations(config), version);
  const probe = new TcpKernelProbe({ clock, timers, port: config.detection.probe.port });
  const engine: Engine = new Engine({
    clock,
    timers,
    random,
    logger,
    metrics,
    version,
    detection: {
      aggregator: config.aggregator.id,
      limits: detectionLimits(config),
      policy: config.policy,
      shadow: config.shadow,
      incidentIdOf,
    },
    heartbeatInterval: config.detection.heartbeatInterval,
    stallTolerance: config.detection.stall.discountAfter,
    peacetimeInterval: config.detection.probe.peacetimeInterval,
    lostShareMax: config.detection.stall.handOverPercent / 100,
    weight: config.aggregator.weight,
    clusterName: config.cluster.name,
    streamEndpoint: () => listener.endpoint(),
    httpEndpoint,
    shards: store.shards,
    fleet: store.fleet,
    mirrors: new FileMirrorStore(join(config.aggregator.dataDir, "mirrors")),
    listener,
    probe,
    probePort: config.detection.probe.port,
    echoes: new WitnessEchoVerifier(),
    gateway: gatewayCheck(config, probe),
    fenceDevices: fenceDevices(config),
    deviceTests: {
      interval: config.fencing.testInterval,
      testedWithin: config.fencing.testedWithin,
      concurrency: config.fencing.testConcurrency,
    },
    sender,
    requestDestination: requestDestination(config),
    journal: new FileJournal(config.aggregator.dataDir, logger),
    sendNotice: noticeSender({
      clock,
      sender,
      aggregator: config.aggregator.id,
      clusterId: () => engine.clusterId,
      idOf: incidentIdOf,
    }),
    onFatal: deps.onFatal,
    mesh,
    guard: guardLimits(config),
  });
  return engine;
}

function deadMan(config: AggregatorConfig, logger: Logger, engine: Engine): readonly Startable[] {
  const { url, interval } = config.deadMan;
  if (url === undefined) return [];
  return [
    new DeadMan({
      url,
      interval,
      works: () => engine.view.selfStatus().ready,
      timers,
      logger,
    }),
  ];
}

/** 128 bits of SHA-256: no two failures of a cluster's life share an id. */
function incidentIdOf(key: string): IncidentId {
  return createHash("sha256").update(key).digest("hex").slice(0, 32) as IncidentId;
}

/** Who only listens to this machine can not be cut off from it. */
function gatewayCheck(config: AggregatorConfig, probe: TcpKernelProbe): GatewayCheck {
  const loopback = /^(?:127\.|::1$|localhost$)/.test(config.listen.stream.host);
  if (config.detection.gateway === "none" || loopback)
    return { check: () => Promise.resolve("none") };
  return new DefaultGatewayCheck(probe);
}
