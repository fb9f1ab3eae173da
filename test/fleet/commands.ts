/**
 * Control over standard input: one JSON object per line, answered by one on standard output.
 *
 *     {"cmd":"stats"}
 *     {"cmd":"silence","node":3}            heartbeats stop, the process and its kernel live
 *     {"cmd":"resume","node":3}
 *     {"cmd":"stall","node":3,"ms":5000}    neither reads nor writes for a while
 *     {"cmd":"close","node":3}              FIN, then comes back; "forGood":true = stays away
 *     {"cmd":"die","node":3}                silent death: packets dropped first (namespace, root)
 *     {"cmd":"revive","node":3}             a dead node starts; "reboot":true = new boot id
 *     {"cmd":"event","node":3,"condition":{...}}
 *     {"cmd":"drop-hits"}                   packets that the drop rule took
 *     {"cmd":"stop"}
 *
 * `node` is an index, an id, a list of them, {"from":0,"to":99} or "all". Times are
 * CLOCK_MONOTONIC in ms, comparable with any other process of this machine.
 */
import type { Fleet } from "./fleet.ts";
import type { PacketDrop } from "./silent-death.ts";
import type { SimulatedAgent } from "./simulated-agent.ts";

type Command = Readonly<Record<string, unknown>>;
type Reply = Readonly<Record<string, unknown>>;

export const clockMs = (): number => Number(process.hrtime.bigint()) / 1e6;

export async function perform(fleet: Fleet, drop: PacketDrop, command: Command): Promise<Reply> {
  const agents = selectAgents(fleet, command["node"]);
  const startedMs = clockMs();
  const details = await act(fleet, drop, command, agents);
  return {
    event: "done",
    cmd: command["cmd"],
    id: command["id"],
    nodes: agents.length,
    startedMs,
    endedMs: clockMs(),
    ...details,
  };
}

async function act(
  fleet: Fleet,
  drop: PacketDrop,
  command: Command,
  agents: readonly SimulatedAgent[],
): Promise<Reply> {
  switch (command["cmd"]) {
    case "silence":
    case "resume":
      for (const agent of agents) agent.sending = command["cmd"] === "resume";
      return {};
    case "stall":
      for (const agent of agents) agent.stall(Number(command["ms"] ?? 1_000));
      return {};
    case "close":
      for (const agent of agents) agent.close(command["forGood"] === true);
      return {};
    case "die":
      await drop.add(agents.map(({ address }) => address));
      for (const agent of agents) agent.die();
      return {};
    case "revive":
      await drop.remove(
        agents.filter(({ phase }) => phase === "dead").map(({ address }) => address),
      );
      for (const agent of agents) agent.revive(command["reboot"] === true);
      return {};
    case "event":
      return { transitions: agents.map((agent) => agent.event(command["condition"] ?? {})) };
    case "drop-hits":
      return { hits: await drop.hits() };
    case "stats":
      return stats(fleet);
    default:
      throw new Error(`unknown command ${String(command["cmd"])}`);
  }
}

export function stats(fleet: Fleet): Reply {
  const { user, system } = process.cpuUsage();
  const { latestMs } = fleet;
  fleet.latestMs = 0;
  return {
    established: fleet.established,
    connects: fleet.connects,
    heartbeats: fleet.heartbeatsSent,
    skipped: fleet.skipped,
    latestMs: Math.round(latestMs * 10) / 10,
    unacknowledged: fleet.agents.reduce((sum, agent) => sum + agent.unacknowledged, 0),
    downs: fleet.downs,
    cpuMs: Math.round((user + system) / 1_000),
    rssMiB: Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
}

function selectAgents(fleet: Fleet, node: unknown): readonly SimulatedAgent[] {
  if (node === undefined) return [];
  if (node === "all") return fleet.agents;
  if (Array.isArray(node)) return node.flatMap((one: unknown) => selectAgents(fleet, one));
  if (typeof node === "object" && node !== null && "from" in node && "to" in node)
    return fleet.agents.slice(Number(node.from), Number(node.to) + 1);
  const found =
    typeof node === "number" ? fleet.agents[node] : fleet.agents.find(({ id }) => id === node);
  if (found === undefined) throw new Error(`no node ${JSON.stringify(node)}`);
  return [found];
}
