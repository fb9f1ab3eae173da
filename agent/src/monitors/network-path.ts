/**
 * Whether a network carries anything, asked of configured peers over the interface of its role.
 * Carrier is blind to a VLAN that a switch forgot, to an MTU that shrank, and to loss in one
 * direction.
 *
 * Only a peer that has answered before counts by its silence. One silent peer may be dead itself, so
 * a network is down only when two such peers are silent at once; with one, it is degraded.
 */
import { durationMs } from "@herdbeat/shared/time";
import type { Finding } from "../core/condition.ts";
import { countedBetween } from "../core/counter.ts";
import type { Monitor } from "../ports/monitor.ts";
import type { PathAnswer, PathProber } from "../ports/path-prober.ts";
import type { TextFiles } from "../ports/text-files.ts";

const PROBE_TIMEOUT = durationMs(900);
/** In a row, while small ones are answered. */
const LARGE_LOST_MAX = 2;
const SILENT_ROUNDS_MIN = 2;
/** IP and UDP headers. */
const HEADER_BYTES = { ipv4: 28, ipv6: 48 };
const MTU_MIN = 1_280;

export interface PathConfig {
  readonly role: string;
  readonly interface: string;
  /** Literal addresses of peers or gateways. */
  readonly targets: readonly string[];
  readonly port: number;
}

interface Peer {
  readonly address: string;
  isProven: boolean;
  silentRounds: number;
  /** Its kernel answers datagrams to a closed port. */
  isMtuProven: boolean;
  largeLost: number;
}

interface Traffic {
  readonly received: number;
  readonly sent: number;
}

export interface PathState {
  readonly config: PathConfig;
  readonly peers: readonly Peer[];
  /** Packets since the last round; null when that cannot be told. */
  traffic: Traffic | null;
  counters: Traffic | null;
  isSendable: boolean;
  mtu: number | null;
}

export function createNetworkPathMonitor(
  configs: readonly PathConfig[],
  prober: PathProber,
  files: TextFiles,
): Pick<Monitor, "probe"> {
  const states = configs.map(newPathState);
  return {
    async probe() {
      await Promise.all(states.map((path) => look(path, prober, files)));
      return states.map(judgePath);
    },
  };
}

export function newPathState(config: PathConfig): PathState {
  const peers = config.targets.map((address) => ({
    address,
    isProven: false,
    silentRounds: 0,
    isMtuProven: false,
    largeLost: 0,
  }));
  return { config, peers, traffic: null, counters: null, isSendable: true, mtu: null };
}

async function look(path: PathState, prober: PathProber, files: TextFiles): Promise<void> {
  const { role, port } = path.config;
  const answers = await Promise.all(
    path.peers.map(({ address }) => prober.connect(role, address, port, PROBE_TIMEOUT)),
  );
  path.isSendable = answers.some((answer) => answer !== "not-sent");
  path.peers.forEach((peer, index) => {
    heard(peer, answers[index] ?? "not-sent");
  });
  await count(path, files);
  await lookLarge(path, prober, files);
}

function heard(peer: Peer, answer: PathAnswer): void {
  // What never left this host says nothing about the peer.
  if (answer === "not-sent") return;
  if (answer === "answered") peer.isProven = true;
  peer.silentRounds = answer === "answered" ? 0 : peer.silentRounds + 1;
}

async function count(path: PathState, files: TextFiles): Promise<void> {
  const folder = `/sys/class/net/${path.config.interface}/statistics`;
  const received = number(await files.read(`${folder}/rx_packets`));
  const sent = number(await files.read(`${folder}/tx_packets`));
  const now = received === null || sent === null ? null : { received, sent };
  const before = path.counters;
  path.counters = now;
  path.traffic = null;
  if (now === null || before === null) return;
  const receivedSince = countedBetween(before.received, now.received);
  const sentSince = countedBetween(before.sent, now.sent);
  if (receivedSince !== null && sentSince !== null)
    path.traffic = { received: receivedSince, sent: sentSince };
}

async function lookLarge(path: PathState, prober: PathProber, files: TextFiles): Promise<void> {
  const { role, port } = path.config;
  path.mtu = number(await files.read(`/sys/class/net/${path.config.interface}/mtu`));
  const { mtu } = path;
  if (mtu === null || mtu < MTU_MIN) return;
  const peer = path.peers.find(({ isProven, silentRounds }) => isProven && silentRounds === 0);
  if (peer === undefined) return;
  const ask = (bytes: number): Promise<PathAnswer> =>
    prober.datagram(role, peer.address, port, bytes, PROBE_TIMEOUT);
  const small = await ask(1);
  if (small === "answered") peer.isMtuProven = true;
  if (small !== "answered") return;
  const header = peer.address.includes(":") ? HEADER_BYTES.ipv6 : HEADER_BYTES.ipv4;
  const large = await ask(mtu - header);
  if (large === "answered") peer.largeLost = 0;
  else if (large === "silent") peer.largeLost += 1;
}

function number(text: string | null): number | null {
  const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}

export function judgePath(path: PathState): Finding {
  const { config, peers, mtu } = path;
  const say = (
    status: Finding["status"],
    failureClass: Finding["failureClass"],
    reason: string,
    what: string,
  ): Finding => ({
    subject: config.role,
    status,
    failureClass,
    reason,
    message: `${config.role} (${config.interface}): ${what}`,
    attributes: { roles: config.role, interface: config.interface },
  });
  if (!path.isSendable)
    return say("unknown", "nic-down", "NotSent", "nothing can be sent from its address");
  const proven = peers.filter(({ isProven }) => isProven);
  if (proven.length === 0)
    return say("unknown", "nic-down", "NeverAnswered", "no peer has ever answered");
  const silent = proven.filter(({ silentRounds }) => silentRounds >= SILENT_ROUNDS_MIN);
  if (silent.length === proven.length) {
    const who = silent.map(({ address }) => address).join(", ");
    return silent.length > 1
      ? say("problem", "nic-down", direction(path.traffic), `none of ${who} answers`)
      : say("problem", "nic-degraded", "OnlyPeerSilent", `${who} does not answer`);
  }
  const lost = proven.find(
    ({ isMtuProven, largeLost }) => isMtuProven && largeLost >= LARGE_LOST_MAX,
  );
  if (lost !== undefined) {
    const what = `${lost.address} answers small packets, none of ${mtu ?? 0} bytes`;
    return say("problem", "nic-degraded", "LargePacketsLost", what);
  }
  return say("ok", "nic-down", "PeersAnswer", `${proven.length - silent.length} peers answer`);
}

/** Nothing comes in although we send: our receiving side. Others are heard: what we send is lost. */
function direction(traffic: Traffic | null): string {
  if (traffic === null || traffic.sent === 0) return "PeersSilent";
  return traffic.received === 0 ? "PeersSilentNothingReceived" : "PeersSilentOthersHeard";
}
