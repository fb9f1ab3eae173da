/**
 * Checks of service profiles: an exchange of bytes, a connection that a process must hold, a file
 * that must be written again and again.
 *
 * An answer is read until a rule knows it, until it is long enough to be judged, or until the other
 * side has said all; what ends without a byte tells nothing, because silence is no health.
 */
import { createSocket } from "node:dgram";
import { readdir, readFile, readlink, stat } from "node:fs/promises";
import { connect, isIPv6 } from "node:net";
import type { Clock } from "@herdbeat/shared/time";
import type { AnswerRule } from "../../core/service-profile.ts";
import type { ServiceCheck } from "../../ports/services.ts";
import { failure, type Outcome } from "./outcome.ts";

type Exchange = Extract<ServiceCheck, { kind: "exchange" }>;
type ProfileCheck = Exclude<ServiceCheck, { kind: "http" | "tcp" | "unix" }>;

/** Of an answer; every profile decides by its beginning. */
const ANSWER_BYTES_MAX = 16_384;
const SHOWN_LENGTH_MAX = 80;
const CHILDREN_MAX = 64;
const DESCRIPTORS_MAX = 4_096;
const ESTABLISHED = "01";

export function profileCheck(
  check: ProfileCheck,
  pid: number | null,
  clock: Clock,
): Promise<Outcome> {
  switch (check.kind) {
    case "exchange":
      return check.over === "udp" ? datagramExchange(check) : streamExchange(check);
    case "connected":
      return connected(check.ports, pid);
    default:
      return freshFile(check.path, check.maxAge, clock);
  }
}

function streamExchange(check: Exchange): Promise<Outcome> {
  const { target, timeout } = check;
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(check.over === "unix" ? { path: target } : addressOf(target));
    const timer = setTimeout(() => {
      // Who said something that no rule knows will not say better now.
      if (answer !== "") return end(judge(check, answer, true));
      end({ outcome: "timeout", detail: `${target} did not answer in ${timeout} ms` });
    }, timeout);
    const end = (outcome: Outcome | null): void => {
      if (outcome === null) return;
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    socket.once("connect", () => {
      if (check.send !== "") socket.write(check.send, "latin1");
    });
    socket.on("data", (chunk: Buffer) => {
      answer = (answer + chunk.toString("latin1")).slice(0, ANSWER_BYTES_MAX);
      end(judge(check, answer, answer.length >= ANSWER_BYTES_MAX));
    });
    socket.once("close", () => {
      if (answer !== "") end(judge(check, answer, true));
      else end({ outcome: "untold", reason: "EmptyAnswer", detail: `${target} closed silently` });
    });
    socket.once("error", (error) => end(failure(target, error, timeout)));
  });
}

function datagramExchange(check: Exchange): Promise<Outcome> {
  const { target, timeout } = check;
  const { host, port } = addressOf(target);
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? "udp6" : "udp4");
    let isOver = false;
    const end = (outcome: Outcome | null): void => {
      if (isOver || outcome === null) return;
      isOver = true;
      clearTimeout(timer);
      socket.close();
      resolve(outcome);
    };
    const timer = setTimeout(() => {
      end({ outcome: "timeout", detail: `${target} did not answer in ${timeout} ms` });
    }, timeout);
    socket.on("error", (error) => end(failure(target, error, timeout)));
    socket.on("message", (message) => end(judge(check, message.toString("latin1"), true)));
    socket.connect(port, host, () => socket.send(Buffer.from(check.send, "latin1")));
  });
}

/** Null: no rule knows it yet, and more may come. */
function judge({ rules, target }: Exchange, answer: string, isAll: boolean): Outcome | null {
  const rule = rules.find(({ match }) => new RegExp(match, "s").test(answer));
  const shown = JSON.stringify(answer.slice(0, SHOWN_LENGTH_MAX));
  if (rule !== undefined) {
    const { reason } = rule;
    return {
      outcome: OUTCOMES[rule.state],
      detail: `${target} answered ${shown}`,
      ...(reason === undefined ? {} : { reason }),
    };
  }
  return isAll ? { outcome: "impostor", detail: `${target} answered ${shown}` } : null;
}

const OUTCOMES: { readonly [S in AnswerRule["state"]]: Outcome["outcome"] } = {
  ok: "answered",
  down: "not-serving",
  hung: "wrong-answer",
  unknown: "untold",
};

function addressOf(target: string): { readonly host: string; readonly port: number } {
  const separator = target.lastIndexOf(":");
  const host = target.slice(0, separator).replace(/^\[(.*)\]$/, "$1");
  return { host, port: Number(target.slice(separator + 1)) };
}

async function connected(ports: readonly number[], pid: number | null): Promise<Outcome> {
  if (pid === null)
    return { outcome: "untold", reason: "ProcessUnknown", detail: "its process is not known" };
  const wanted = new Set(ports);
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => textOf(`/proc/net/${name}`)));
  const inodes = new Set(tables.flatMap((table) => establishedTo(table, wanted)));
  for (const one of [pid, ...(await childrenOf(pid))]) {
    for (const inode of await socketsOf(one))
      if (inodes.has(inode))
        return { outcome: "answered", detail: `connected to port ${ports.join(" or ")}` };
  }
  const detail = `no connection to port ${ports.join(" or ")}`;
  return { outcome: "wrong-answer", reason: "NotConnected", detail };
}

/** Inodes of the sockets in /proc/net/tcp that are connected to one of these ports. */
export function establishedTo(table: string, ports: ReadonlySet<number>): readonly string[] {
  const inodes: string[] = [];
  for (const line of table.split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = Number.parseInt(fields[2]?.split(":")[1] ?? "", 16);
    const inode = fields[9];
    if (fields[3] === ESTABLISHED && ports.has(port) && inode !== undefined) inodes.push(inode);
  }
  return inodes;
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await textOf(`/proc/${pid}/task/${pid}/children`);
  const pids = text.trim().split(/\s+/).map(Number);
  return pids.filter((one) => Number.isInteger(one) && one > 0).slice(0, CHILDREN_MAX);
}

async function socketsOf(pid: number): Promise<readonly string[]> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch(() => []);
  const links = names.slice(0, DESCRIPTORS_MAX).map((name) => readlink(`${folder}/${name}`));
  const targets = await Promise.allSettled(links);
  return targets.flatMap((one) => {
    const inode =
      one.status === "fulfilled" ? /^socket:\[(\d+)\]$/.exec(one.value)?.[1] : undefined;
    return inode === undefined ? [] : [inode];
  });
}

async function textOf(path: string): Promise<string> {
  // Absent or gone: nobody is connected, nobody is a child.
  return readFile(path, "latin1").catch(() => "");
}

async function freshFile(path: string, maxAge: number, clock: Clock): Promise<Outcome> {
  try {
    const { mtimeMs } = await stat(path);
    const age = clock.wallNow() - mtimeMs;
    const detail = `${path} was written ${Math.round(age / 1_000)} s ago`;
    return age <= maxAge
      ? { outcome: "answered", detail }
      : { outcome: "wrong-answer", reason: "NoProgress", detail };
  } catch {
    return { outcome: "untold", reason: "FileMissing", detail: `${path} is not there` };
  }
}
