/** Composition: monitors -> condition table -> session -> transport. No logic of its own. */
import { readFile } from "node:fs/promises";
import { renderErrorChain } from "@herdbeat/shared/error-chain";
import { OperatingError } from "@herdbeat/shared/errors";
import { type NodeId, parseNodeId } from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import type { Metrics } from "@herdbeat/shared/metrics";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { systemRandom } from "@herdbeat/shared/system-random";
import { type DurationMs, durationMs } from "@herdbeat/shared/time";
import { BlackBoxFile } from "./adapters/black-box/black-box-file.ts";
import { Inventory } from "./adapters/inventory/inventory.ts";
import { IpMonitor } from "./adapters/iproute/link-events.ts";
import { KmsgKernelLog } from "./adapters/kmsg/kernel-log.ts";
import { ProcfsHost } from "./adapters/procfs/host.ts";
import { ProcfsPressure } from "./adapters/procfs/pressure.ts";
import { ProcfsProcessTable } from "./adapters/procfs/process-table.ts";
import { LocalServiceChecks } from "./adapters/service-check/checks.ts";
import { StateFile } from "./adapters/state-file/state-file.ts";
import { SysfsLinks } from "./adapters/sysfs/links.ts";
import { SysfsWatchdogs } from "./adapters/sysfs/watchdogs.ts";
import { SystemdUnits } from "./adapters/systemd/unit-states.ts";
import { type TlsFiles, WebSocketTransport } from "./adapters/ws/transport.ts";
import type { AgentConfig } from "./config.ts";
import { type ConditionChange, ConditionTable } from "./core/condition-table.ts";
import type { HelloMessage } from "./core/messages.ts";
import { OwnLag } from "./core/own-lag.ts";
import { Session } from "./core/session.ts";
import { createHostMonitors } from "./host-monitors.ts";
import { createHypervisorParts } from "./hypervisor-parts.ts";
import { createMonitors } from "./monitors/index.ts";
import { parseKernelRecord } from "./monitors/kernel-log.ts";
import { CONNECT_TIMEOUT, profileConfig, serviceConfig, sessionConfig } from "./part-configs.ts";
import type { Monitor } from "./ports/monitor.ts";
import type { Supervisor } from "./ports/supervisor.ts";
import { AgentMemory } from "./runtime/agent-memory.ts";
import { MonitorRunner } from "./runtime/monitor-runner.ts";
import { OwnPastKeeper } from "./runtime/own-past.ts";
import { SessionRunner } from "./runtime/session-runner.ts";
import { TickTimers } from "./runtime/tick-timers.ts";
import { loadProfiles } from "./service-profiles.ts";
import { createWitnessParts, type WitnessParts } from "./witness-parts.ts";

/** Hardware changes rarely, and a collection costs half a second of CPU time. */
const INVENTORY_INTERVAL = durationMs(3_600_000);
/** The first save of the numbers may take this long before the agent goes on without it. */
const FIRST_SAVE_TIMEOUT = durationMs(2_000);
const HOST_STOPPING_TIMEOUT = durationMs(300);
const PARTS_STOP_TIMEOUT = durationMs(500);

export interface AgentDeps {
  readonly config: AgentConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly supervisor: Supervisor;
}

export interface Agent {
  start(): Promise<void>;
  /** Says goodbye, writes the last record, ends. Takes less than two seconds. */
  stop(): Promise<void>;
}

export function createAgent(deps: AgentDeps): Agent {
  const { config, logger, metrics, supervisor } = deps;
  const host = new ProcfsHost();
  const nodeId = nodeIdOf(config, host.hostname());
  const manager = new SystemdUnits();
  const memory = new AgentMemory(
    new StateFile(config.stateDir),
    host.bootId,
    systemClock.wallNow(),
    logger,
  );
  const blackBox = new BlackBoxFile(config.stateDir, logger);
  const past = new OwnPastKeeper({ blackBox, host, clock: systemClock, logger });
  const inventory = new Inventory(systemTimers, logger, INVENTORY_INTERVAL);
  const relaxed = new TickTimers(systemClock, systemTimers);
  const hypervisor = createHypervisorParts(config, logger, relaxed);
  const monitors = monitorsOf(config, logger, manager, past, hypervisor.monitors);
  const ownLag = new OwnLag();
  const table = new ConditionTable({
    nextTransition: () => memory.nextTransition(),
    expected: monitors.map((monitor) => monitor.name),
  });
  const session = new Session(
    sessionConfig(config, () => table.isComplete),
    systemRandom,
    systemClock.now(),
  );
  session.startFrom(memory.lastTransition);
  const witness = createWitnessParts(config, { nodeId, bootId: host.bootId }, logger, metrics);
  const hello = helloMaker(deps, { host, nodeId, memory, inventory, witness });
  const onChanges = (changes: readonly ConditionChange[]): void => {
    for (const { transition, condition } of changes) logChange(logger, transition, condition);
    past.changed(changes);
    sessionRunner.changed(changes);
  };
  const common = { table, ownLag, clock: systemClock, timers: systemTimers, logger, metrics };
  const monitorRunner = new MonitorRunner({
    ...common,
    monitors,
    onChanges,
    onTick: (now, late) => {
      past.ticked(now, late, table);
      // Monitors were looked after just now; the session's timer runs in the same loop.
      supervisor.alive();
    },
    onSecond: (now) => relaxed.tick(now),
  });
  const sessionRunner = new SessionRunner({
    ...common,
    session,
    transport: new WebSocketTransport({
      logger,
      connectTimeout: CONNECT_TIMEOUT,
      readTls: tlsReader(config, (key) => witness.useKey(key)),
    }),
    hello,
    persist: (numbers) => memory.adopt(numbers),
    lastTransition: () => memory.lastTransition,
    raiseTransitions: (to) => memory.raiseTo(to),
    onEstablished: (at, welcome) => {
      monitorRunner.alignTo(at);
      witness.named(welcome.nodeId);
    },
    evaluatedAt: () => monitorRunner.evaluatedAt,
    witness: witness.witness,
  });

  return {
    async start() {
      await firstSave(memory, logger);
      logger.info("starting", { node: nodeId, monitors: monitors.map(({ name }) => name) });
      // Before the first Hello, which names its port.
      for (const part of [witness, sessionRunner, monitorRunner, hypervisor, inventory])
        await part.start();
      supervisor.ready();
    },
    async stop() {
      supervisor.stopping();
      await sayGoodbye(sessionRunner, await manager.isHostStopping(HOST_STOPPING_TIMEOUT));
      await inventory.stop();
      await stopWithin(PARTS_STOP_TIMEOUT, [monitorRunner, hypervisor, witness]);
      await past.stop();
    },
  };
}

interface HelloParts {
  readonly host: ProcfsHost;
  readonly nodeId: NodeId;
  readonly memory: AgentMemory;
  readonly inventory: Inventory;
  readonly witness: WitnessParts;
}

function helloMaker({ config, version }: AgentDeps, parts: HelloParts): () => HelloMessage {
  const { host, nodeId, memory, inventory, witness } = parts;
  const processId = systemRandom.hex(16);
  return () => ({
    kind: "hello",
    nodeId,
    hostname: host.hostname(),
    bootId: host.bootId,
    hardwareId: host.hardwareId(),
    processId,
    incarnation: memory.incarnation,
    sessionEpoch: memory.sessionEpoch,
    lastTransition: memory.lastTransition,
    agentVersion: version,
    heartbeatInterval: config.heartbeat.interval,
    labels: config.node.labels,
    networks: host.networks(config.networks),
    uptime: host.uptime(),
    capabilities: witness.capabilities(),
    inventoryJson: inventory.json(),
  });
}

function firstSave(memory: AgentMemory, logger: Logger): Promise<void> {
  return withDeadline(memory.save(), FIRST_SAVE_TIMEOUT).catch((error: unknown) => {
    logger.error("the agent's numbers are not on disk", { error: renderErrorChain(error) });
  });
}

function sayGoodbye(sessionRunner: SessionRunner, isHostStopping: boolean): Promise<void> {
  return isHostStopping
    ? sessionRunner.drain("host-shutdown", "the host shuts down")
    : sessionRunner.drain("shutdown", "the agent stops");
}

function monitorsOf(
  config: AgentConfig,
  logger: Logger,
  manager: SystemdUnits,
  past: OwnPastKeeper,
  hypervisorMonitors: readonly Monitor[],
): readonly Monitor[] {
  const { profiles } = loadProfiles(config.profiles, config.profilesFolder);
  return createMonitors(
    {
      links: { networks: config.networks, discover: true },
      services: [...config.services.map(serviceConfig), ...profiles.map(profileConfig)],
      kernelLog: config.kernelLog.enabled ? { hold: config.kernelLog.hold } : null,
      watchdog: config.watchdog.mode === "observe" ? { required: config.watchdog.required } : null,
    },
    {
      clock: systemClock,
      links: new SysfsLinks(),
      linkEvents: new IpMonitor({ timers: systemTimers, random: systemRandom, logger }),
      openKernelLog: () => new KmsgKernelLog(parseKernelRecord),
      manager,
      processes: new ProcfsProcessTable(),
      checks: new LocalServiceChecks(systemClock),
      watchdogs: new SysfsWatchdogs(),
      pressure: new ProcfsPressure(),
      past,
      hypervisorMonitors,
      hostMonitors: createHostMonitors(config),
    },
  );
}

function nodeIdOf(config: AgentConfig, hostname: string): NodeId {
  const id = parseNodeId(config.node.id ?? hostname);
  if (id !== undefined) return id;
  throw new OperatingError(
    "HB_CONFIG_INVALID",
    `the host name "${hostname}" is no node id; set node.id`,
  );
}

function tlsReader(
  config: AgentConfig,
  onKey: (key: Buffer) => void,
): (() => Promise<TlsFiles>) | null {
  const { ca, cert, key } = config.tls;
  if (config.insecure || ca === undefined || cert === undefined || key === undefined) return null;
  return async () => {
    const [caText, certText, keyText] = await Promise.all([
      readFile(ca),
      readFile(cert),
      readFile(key),
    ]);
    onKey(keyText);
    return { ca: caText, cert: certText, key: keyText };
  };
}

function logChange(
  logger: Logger,
  transition: number,
  condition: ConditionChange["condition"],
): void {
  const { monitor, subject, status, failureClass, reason, message } = condition;
  const fields = {
    transition,
    monitor,
    subject,
    status,
    class: failureClass,
    reason,
    detail: message,
  };
  if (status === "ok") logger.info("condition", fields);
  else logger.warn("condition", fields);
}

function stopWithin(
  deadline: DurationMs,
  parts: readonly { stop(): Promise<void> }[],
): Promise<void> {
  const stopped = Promise.all(parts.map((part) => part.stop())).then(() => {});
  return withDeadline(stopped, deadline).catch(() => {
    // What does not end is ended with the process.
  });
}

async function withDeadline(work: Promise<void>, deadline: DurationMs): Promise<void> {
  let cancel = (): void => {};
  const expired = new Promise<never>((_resolve, reject) => {
    const timer = systemTimers.after(deadline, () => {
      reject(new OperatingError("HB_INTERNAL", `not done within ${deadline} ms`));
    });
    cancel = () => timer.cancel();
  });
  try {
    await Promise.race([work, expired]);
  } finally {
    cancel();
  }
}
