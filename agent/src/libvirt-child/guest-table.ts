/**
 * Reads all guests from libvirt. Name, UUID and state are asked for every time, which costs one
 * short call per guest; the XML, the process id and persistence only when an event said that they
 * may have changed. Nothing here talks to a QEMU monitor: that could block for as long as the
 * guest is stuck.
 */
import { readFileSync } from "node:fs";
import { XML_CHARACTERS_MAX } from "@herdbeat/shared/xml-scanner";
import { GUESTS_MAX } from "../adapters/libvirt/child-protocol.ts";
import type { GuestState, GuestStatus } from "../core/guest-facts.ts";
import { guestState } from "../core/libvirt-words.ts";
import { type DomainFacts, NO_FACTS, printable, readDomainXml } from "./domain-xml.ts";
import type { LibvirtLibrary, Pointer } from "./library.ts";

const NAME_CHARACTERS_MAX = 256;
const WITHOUT_PROCESS: ReadonlySet<GuestState> = new Set(["shut-off", "no-state"]);

interface Cached {
  readonly facts: DomainFacts;
  readonly persistent: boolean;
  readonly pid: number | null;
}

export class GuestTable {
  readonly #library: LibvirtLibrary;
  readonly #runDir: string;
  #cache = new Map<string, Cached>();

  constructor(library: LibvirtLibrary, runDir: string) {
    this.#library = library;
    this.#runDir = runDir;
  }

  /** What is remembered of the guest may be out of date. */
  forget(uuid: string): void {
    this.#cache.delete(uuid);
  }

  /** Null when the daemon does not answer. */
  read(connection: Pointer): readonly GuestStatus[] | null {
    const domains = this.#library.listDomains(connection);
    if (domains === null) return null;
    const guests: GuestStatus[] = [];
    const cache = new Map<string, Cached>();
    for (const domain of domains) {
      const guest = guests.length < GUESTS_MAX ? this.#readGuest(domain, cache) : null;
      if (guest !== null) guests.push(guest);
      this.#library.freeDomain(domain);
    }
    this.#cache = cache;
    return guests;
  }

  /** Null when the domain is gone again. */
  #readGuest(domain: Pointer, cache: Map<string, Cached>): GuestStatus | null {
    const numbers = this.#library.domainState(domain);
    if (numbers === null) return null;
    const { state, reason } = guestState(numbers.state, numbers.reason);
    const uuid = this.#library.domainUuid(domain);
    const rawName = this.#library.domainName(domain);
    const known = this.#cache.get(uuid) ?? this.#look(domain, rawName);
    const hasProcess = !WITHOUT_PROCESS.has(state);
    // The pid file is written a moment after the guest's state says that it runs.
    const pid = hasProcess ? (known.pid ?? readPid(this.#runDir, rawName)) : null;
    cache.set(uuid, { ...known, pid });
    return {
      uuid,
      name: printable(rawName).slice(0, NAME_CHARACTERS_MAX),
      state,
      stateReason: reason,
      pid,
      persistent: known.persistent,
      ...known.facts,
    };
  }

  #look(domain: Pointer, name: string): Cached {
    const xml = this.#library.domainXml(domain, XML_CHARACTERS_MAX);
    return {
      facts: xml === null ? NO_FACTS : readDomainXml(xml, name),
      persistent: this.#library.isPersistent(domain),
      pid: null,
    };
  }
}

/** From `<runDir>/qemu/<name>.pid` (the system daemon's place) or `<runDir>/qemu/run/` (the session's). */
function readPid(runDir: string, name: string): number | null {
  if (name.includes("/") || name.startsWith(".")) return null;
  for (const folder of ["qemu", "qemu/run"]) {
    try {
      const pid = Number(readFileSync(`${runDir}/${folder}/${name}.pid`, "latin1").trim());
      return Number.isSafeInteger(pid) && pid > 1 ? pid : null;
    } catch {
      // Absent is normal: the other place, another driver than QEMU, or not started yet.
    }
  }
  return null;
}
