/** What the agent wants to know from a domain's XML; everything in it may have been chosen by a tenant. */
import { scanXml, type XmlVisitor } from "@herdbeat/shared/xml-scanner";

export interface DomainFacts {
  readonly attributes: Readonly<Record<string, string>>;
  readonly heartbeatChannel: string | null;
  readonly hasGuestAgent: boolean;
}

export const HEARTBEAT_PORT = "org.herdbeat.guest.0";
export const AGENT_PORT = "org.qemu.guest_agent.0";
export const NO_FACTS: DomainFacts = {
  attributes: {},
  heartbeatChannel: null,
  hasGuestAgent: false,
};

/** Bound of one attribute's value, as everywhere on the wire. */
const VALUE_CHARACTERS_MAX = 256;
/** sun_path holds 108 bytes including the terminating zero. */
const SOCKET_PATH_CHARACTERS_MAX = 107;
/** Eucalyptus names its domains after the instance. */
const EUCALYPTUS_NAME = /^i-[0-9a-f]{8}(?:[0-9a-f]{9})?$/;

/** Reads a domain's XML; what is malformed or beyond a limit is left out, never an error. */
export function readDomainXml(xml: string, domainName: string): DomainFacts {
  const found = new Map<string, string>();
  const channels = new Map<string, string>();
  let channelPath = "";
  const visitor: XmlVisitor = {
    onOpen(path, attributes) {
      if (isAt(path, "domain", "devices", "channel")) channelPath = "";
      if (isAt(path, "domain", "devices", "channel", "source")) {
        channelPath = attributes.get("path") ?? "";
      }
      if (isAt(path, "domain", "devices", "channel", "target")) {
        channels.set(attributes.get("name") ?? "", channelPath);
      }
      if (path[1] === "metadata") readNovaElement(path, attributes, found);
    },
    onText(path, text) {
      if (isNova(path, "name")) keep(found, "novaName", text);
    },
  };
  scanXml(xml, visitor);
  if (EUCALYPTUS_NAME.test(domainName)) keep(found, "eucalyptusInstance", domainName);
  return {
    attributes: Object.fromEntries(found),
    heartbeatChannel: socketPath(channels.get(HEARTBEAT_PORT)),
    hasGuestAgent: channels.has(AGENT_PORT),
  };
}

function readNovaElement(
  path: readonly string[],
  attributes: ReadonlyMap<string, string>,
  found: Map<string, string>,
): void {
  if (isNova(path, "flavor")) keep(found, "flavor", attributes.get("name"));
  if (isNova(path, "owner", "project")) keep(found, "project", attributes.get("uuid"));
  if (isNova(path, "root") && attributes.get("type") === "image") {
    keep(found, "image", attributes.get("uuid"));
  }
}

/** The first one counts: a second element of the same name is somebody's forgery or a mistake. */
function keep(found: Map<string, string>, key: string, value: string | undefined): void {
  if (value === undefined || found.has(key)) return;
  const clean = printable(value).slice(0, VALUE_CHARACTERS_MAX);
  if (clean !== "") found.set(key, clean);
}

/** Without control characters and line separators, which would forge log lines and terminal output. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, "");
}

function isAt(path: readonly string[], ...names: readonly string[]): boolean {
  return path.length === names.length && names.every((name, index) => path[index] === name);
}

/** nova writes `nova:instance` below the metadata; the prefix is nova's own constant. */
function isNova(path: readonly string[], ...names: readonly string[]): boolean {
  const prefixed = names.map((name) => `nova:${name}`);
  return isAt(path, "domain", "metadata", "nova:instance", ...prefixed);
}

function socketPath(path: string | undefined): string | null {
  if (path === undefined || !path.startsWith("/")) return null;
  if (path.length > SOCKET_PATH_CHARACTERS_MAX || path !== printable(path)) return null;
  return path;
}
