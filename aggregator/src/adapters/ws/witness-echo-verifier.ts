/** Checks the signature of an echo with the key of the certificate that its node's stream came with. */
import { createPublicKey, type KeyObject } from "node:crypto";
import { verifyEchoReply } from "@herdbeat/proto/witness-echo";
import type { EchoQuestion, EchoVerifier, EchoWorth } from "../../ports/echo-verifier.ts";

export class WitnessEchoVerifier implements EchoVerifier {
  /** Reading a key costs as much as a check; it goes when the node's entry does. */
  readonly #keys = new WeakMap<Uint8Array, KeyObject>();

  worthOf({ reply, nonce, nodeId, publicKey }: EchoQuestion): EchoWorth {
    const key = publicKey === null ? null : this.#key(publicKey);
    // A key that can not be read authenticates nothing, and convicts nobody.
    const { kind } = verifyEchoReply({ reply, nonce, nodeId, publicKey: key });
    return kind === "invalid" ? "forged" : kind;
  }

  #key(der: Uint8Array): KeyObject | null {
    const known = this.#keys.get(der);
    if (known !== undefined) return known;
    try {
      const key = createPublicKey({ key: Buffer.from(der), format: "der", type: "spki" });
      this.#keys.set(der, key);
      return key;
    } catch {
      return null;
    }
  }
}
