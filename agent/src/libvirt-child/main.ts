/**
 * The only process that calls libvirt's C library: one thread, one call at a time, killed by its
 * parent when it does not speak in time.
 *
 * Guarantee: every event that libvirt reports is passed on in order, and the whole list of guests
 * follows every start, every change and every poll. Mechanism: libvirt's own event loop runs in the
 * foreground and sleeps; a timer of it polls, and the parent's commands are read from it. Failure
 * case: a call hangs with the daemon; nothing is said any more and the parent sends SIGKILL. When
 * the connection ends this process ends too: a new life is the only kind of reconnect.
 *
 * Arguments: watch|agent <uri> <run folder> <poll interval, ms>
 *   watch  read-only connection, events and polls
 *   agent  writable connection, nothing but guest-ping; a process of its own, because a ping of a
 *          stuck guest blocks and must not delay events
 */
import { readSync, writeSync } from "node:fs";
import {
  BEAT_INTERVAL_MS,
  type ChildMessage,
  LineSplitter,
  type PingCommand,
  parseCommand,
} from "../adapters/libvirt/child-protocol.ts";
import type { AgentPing, GuestEvent } from "../core/guest-facts.ts";
import { ioErrorAction, lifecycleEvent, watchdogAction } from "../core/libvirt-words.ts";
import { printable } from "./domain-xml.ts";
import { GuestTable } from "./guest-table.ts";
import { type DomainCallbacks, type EventTimer, LibvirtLibrary, type Pointer } from "./library.ts";

const COMMAND_BYTES_MAX = 4_096;
const DETAIL_CHARACTERS_MAX = 256;
/** After events, the list is read again this soon, and not more often however many events arrive. */
const REFRESH_INTERVAL_MS = 1_000;
/** A timer may end a little early; what is due then should not wait for the next one. */
const TIMER_SLACK_MS = 50;

const [, , role = "watch", uri = "qemu:///system", runDir = "/run/libvirt", poll = "5000"] =
  process.argv;
const input = Buffer.alloc(COMMAND_BYTES_MAX);
const commands = new LineSplitter(COMMAND_BYTES_MAX);
const libvirt = new LibvirtLibrary();

libvirt.addReader(0, readCommands);
const connection = libvirt.open(uri, { readOnly: role === "watch" });
if (connection === null) fail(libvirt.lastError());
libvirt.onClose(connection, (reason) => fail(`connection closed, reason ${reason}`));
if (role === "watch") watch(connection, Number(poll));
else libvirt.addTimer(BEAT_INTERVAL_MS, () => say({ kind: "beat" }));
say({ kind: "opened" });
turn();

/** Back to Node after each round: finalizers of native values run there. */
function turn(): void {
  if (!libvirt.runEventLoop()) fail(libvirt.lastError());
  setImmediate(turn);
}

function watch(watched: Pointer, pollIntervalMs: number): void {
  const table = new GuestTable(libvirt, runDir);
  const quietInterval = Math.min(pollIntervalMs, BEAT_INTERVAL_MS);
  let timer: EventTimer | null = null;
  let isChanged = true;
  let polledAt = Number.NEGATIVE_INFINITY;
  const report = (event: GuestEvent | null): void => {
    if (event === null) return;
    if (!isChanged) timer?.setInterval(REFRESH_INTERVAL_MS);
    isChanged = true;
    say({ kind: "event", event: { ...event, detail: bounded(event.detail) } as GuestEvent });
  };
  const isRegistered = libvirt.registerDomainEvents(watched, eventReports(table, report));
  if (!isRegistered) fail(libvirt.lastError());
  let beatAt = Number.NEGATIVE_INFINITY;
  const look = (): void => {
    const now = performance.now();
    const isDue = now - polledAt >= pollIntervalMs - TIMER_SLACK_MS;
    if (isChanged || isDue) {
      if (isChanged) timer?.setInterval(quietInterval);
      isChanged = false;
      polledAt = now;
      const guests = table.read(watched);
      if (guests === null) fail(libvirt.lastError());
      say({ kind: "guests", guests, ageMs: Math.ceil(performance.now() - now) });
      beatAt = now;
    } else if (now - beatAt >= BEAT_INTERVAL_MS - TIMER_SLACK_MS) {
      say({ kind: "beat" });
      beatAt = now;
    }
  };
  timer = libvirt.addTimer(quietInterval, look);
  look();
}

function eventReports(
  table: GuestTable,
  report: (event: GuestEvent | null) => void,
): DomainCallbacks {
  return {
    onLifecycle(domain, event, detail) {
      const uuid = libvirt.domainUuid(domain);
      table.forget(uuid);
      report(lifecycleEvent(uuid, event, detail));
    },
    onReboot(domain) {
      report({ kind: "rebooted", uuid: libvirt.domainUuid(domain), detail: "guest" });
    },
    onWatchdog(domain, action) {
      report({
        kind: "watchdog",
        uuid: libvirt.domainUuid(domain),
        detail: watchdogAction(action),
      });
    },
    onIoError(domain, device, action, reason) {
      const detail = `${ioErrorAction(action)}: ${reason || "error"} on ${device}`;
      report({ kind: "io-error", uuid: libvirt.domainUuid(domain), detail });
    },
  };
}

/** Runs when standard input can be read. Its end means that the parent is gone. */
function readCommands(): void {
  const length = readSync(0, input);
  if (length === 0) process.exit(0);
  for (const line of commands.push(input.toString("utf8", 0, length))) {
    const command = parseCommand(line);
    if (command !== null) {
      say({ kind: "ping-result", id: command.id, outcome: pingAgent(command) });
    }
  }
}

function pingAgent(command: PingCommand): AgentPing {
  if (connection === null) return "error";
  const request = '{"execute":"guest-ping"}';
  const error = libvirt.agentCommand(connection, command.uuid, request, command.timeoutS);
  if (error === null) return "answered";
  if (error.includes("not connected") || error.includes("not configured")) return "not-connected";
  // libvirt's words differ by version: "Guest agent not available for now", "agent is not responding".
  return /not respond|not available|timed? ?out|agent sync/i.test(error) ? "timeout" : "error";
}

function bounded(text: string): string {
  return printable(text).slice(0, DETAIL_CHARACTERS_MAX);
}

/** Blocks while the parent does not read, which is right: it must learn everything in order. */
function say(message: ChildMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(1, bytes, written);
  }
}

function fail(detail: string): never {
  say({ kind: "failed", detail: bounded(detail) });
  process.exit(1);
}
