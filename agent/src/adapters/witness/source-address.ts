/** From which address a probe leaves: the network that it asks about, or none at all. */
import { BlockList, isIP } from "node:net";
import type { NetworkInterfaceInfo } from "node:os";

export type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

export type Source =
  /** `address` null: the role is empty, the kernel chooses. */
  { readonly kind: "from"; readonly address: string | null } | { readonly kind: "none" };

/**
 * `networks` maps roles to interfaces. Of several addresses, the one whose network contains `target`
 * comes first: the others may be service addresses that will move away.
 */
export function sourceFor(
  role: string,
  target: string,
  networks: Readonly<Record<string, string>>,
  interfaces: Interfaces,
): Source {
  if (role === "") return { kind: "from", address: null };
  if (!Object.hasOwn(networks, role)) return { kind: "none" };
  const family = isIP(target) === 6 ? "IPv6" : "IPv4";
  const own = (interfaces[networks[role] ?? ""] ?? []).filter(
    (entry) => entry.family === family && !entry.address.startsWith("fe80:"),
  );
  const best = own.find((entry) => contains(entry, target)) ?? own[0];
  return best === undefined ? { kind: "none" } : { kind: "from", address: best.address };
}

function contains({ cidr, family }: NetworkInterfaceInfo, target: string): boolean {
  const [network, prefix] = (cidr ?? "").split("/");
  if (network === undefined || prefix === undefined) return false;
  const type = family === "IPv6" ? "ipv6" : "ipv4";
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), type);
  return list.check(target, type);
}

/** Whether one machine can be meant: a literal address, with no zone, of no group and not "any". */
export function isHostAddress(address: string): boolean {
  const version = isIP(address);
  if (version === 0 || address.includes("%")) return false;
  return version === 6 ? !NO_HOSTS_6.check(address, "ipv6") : !NO_HOSTS_4.check(address, "ipv4");
}

const NO_HOSTS_4 = new BlockList();
NO_HOSTS_4.addSubnet("0.0.0.0", 8, "ipv4");
NO_HOSTS_4.addSubnet("224.0.0.0", 3, "ipv4");

const NO_HOSTS_6 = new BlockList();
NO_HOSTS_6.addAddress("::", "ipv6");
NO_HOSTS_6.addSubnet("ff00::", 8, "ipv6");
// Another spelling of IPv4 would go around the choice of a source address.
NO_HOSTS_6.addSubnet("::ffff:0:0", 96, "ipv6");
