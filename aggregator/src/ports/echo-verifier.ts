/** Whose echo it is that a witness hands on. */
export interface EchoQuestion {
  /** The datagram, whole, as the witness says that it came. Hostile. */
  readonly reply: Uint8Array;
  /** Ours, made for this one question. */
  readonly nonce: Uint8Array;
  /** The node that was asked about. */
  readonly nodeId: string;
  /** Its public key (DER, SubjectPublicKeyInfo); null: not known, or not worth a look now. */
  readonly publicKey: Uint8Array | null;
}

export type EchoWorth =
  /** Only who holds the node's private key could have made it, and only after we asked. */
  | "authenticated"
  /** An answer to this question, by whoever is there. */
  | "unauthenticated"
  /** No answer to this question, or signed by somebody else. */
  | "forged";

export interface EchoVerifier {
  /** Synchronous, never throws. Without `publicKey` it costs no signature's check. */
  worthOf(question: EchoQuestion): EchoWorth;
}
