/**
 * Which addresses a webhook may be sent to. Loopback, link-local and unspecified addresses lead to
 * this machine or to a cloud's metadata service, not to a receiver; they are refused unless the
 * destination allows loopback. Checked where a connection is made, so a name that changes its
 * address later gains nothing.
 */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import { BlockList, isIP } from "node:net";

/** Not an operating error of ours: undici hands it back as the reason why nothing was sent. */
export class AddressRefusedError extends Error {
  readonly code = "ERR_ADDRESS_REFUSED";

  constructor(address: string) {
    super(`${address} is a loopback or link-local address, which this destination does not allow`);
    this.name = "AddressRefusedError";
  }
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addSubnet("0.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addAddress("::", "ipv6");

const LINK_LOCAL = new BlockList();
LINK_LOCAL.addSubnet("169.254.0.0", 16, "ipv4");
LINK_LOCAL.addSubnet("fe80::", 10, "ipv6");

export function isRefusedAddress(address: string, allowLoopback: boolean): boolean {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const family = isIP(bare) === 6 ? "ipv6" : "ipv4";
  if (isIP(bare) === 0) return false;
  return LINK_LOCAL.check(bare, family) || (!allowLoopback && LOOPBACK.check(bare, family));
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void;

/** For the `lookup` option of a socket: resolves as usual, then refuses. */
export function guardedLookup(allowLoopback: boolean) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookup(hostname, options, (error, address, family) => {
      if (error !== null) {
        callback(error, address as string | LookupAddress[], family);
        return;
      }
      const found =
        typeof address === "string" ? [{ address, family }] : (address as LookupAddress[]);
      const refused = found.find((entry) => isRefusedAddress(entry.address, allowLoopback));
      if (refused !== undefined) callback(new AddressRefusedError(refused.address), []);
      else callback(null, address, family);
    });
  };
}
