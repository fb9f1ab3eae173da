/**
 * Deaths that nothing announces: the packets of dead nodes are dropped in this network namespace,
 * so that not even the kernel's FIN, RST or answer to a probe gets out.
 *
 * Never in the machine's own namespace: the rule would be the machine's. Needs root and nftables.
 */
import { networkInterfaces } from "node:os";
import { run } from "../support/run-command.ts";

const TABLE = "herdbeat_fleet";

export class PacketDrop {
  #ready = false;

  /** Drops everything to and from the addresses, from the moment the promise resolves at the latest. */
  async add(addresses: readonly string[]): Promise<void> {
    if (!this.#ready) await this.#prepare();
    await nft(`add element inet ${TABLE} dead { ${addresses.join(", ")} }\n`);
  }

  async remove(addresses: readonly string[]): Promise<void> {
    if (this.#ready) await nft(`delete element inet ${TABLE} dead { ${addresses.join(", ")} }\n`);
  }

  /** Packets dropped so far. */
  async hits(): Promise<number> {
    if (!this.#ready) return 0;
    const text = await nft(`list table inet ${TABLE}\n`);
    return [...text.matchAll(/counter packets (\d+)/g)].reduce(
      (sum, [, packets]) => sum + Number(packets),
      0,
    );
  }

  async #prepare(): Promise<void> {
    // A namespace made for this has no other link than its own loopback; a machine's has.
    if (Object.keys(networkInterfaces()).some((name) => name !== "lo"))
      throw new Error("silent death needs a network namespace of its own");
    await nft(
      `add table inet ${TABLE}
       add set inet ${TABLE} dead { type ipv4_addr; }
       add chain inet ${TABLE} output { type filter hook output priority 0; }
       add chain inet ${TABLE} input { type filter hook input priority 0; }
       add rule inet ${TABLE} output ip saddr @dead counter drop
       add rule inet ${TABLE} output ip daddr @dead counter drop
       add rule inet ${TABLE} input ip saddr @dead counter drop
       add rule inet ${TABLE} input ip daddr @dead counter drop\n`,
    );
    this.#ready = true;
  }
}

function nft(script: string): Promise<string> {
  return run("nft", ["-f", "-"], script);
}
