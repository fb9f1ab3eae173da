/**
 * A certificate authority in a folder, for one machine, tests and first steps.
 *
 * Its key lies unprotected beside its certificate (`ca.key`, mode 0600): fine where everything
 * trusts that folder anyway, wrong for a cloud, which brings its own authority.
 */
import "reflect-metadata";
import { createPrivateKey, createPublicKey, KeyObject, webcrypto } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import { OperatingError } from "@herdbeat/shared/errors";
import type { AggregatorId, NodeId } from "@herdbeat/shared/ids";
import type { Clock } from "@herdbeat/shared/time";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts of one party. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;
const CA_DAYS = 3_650;
const IDENTITY_DAYS = 30;
/** Clocks of two machines may differ by this much. */
const BACKDATED_MS = 3_600_000;

cryptoProvider.set(webcrypto as unknown as Parameters<typeof cryptoProvider.set>[1]);

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

export class ThrowAwayCa {
  readonly certificatePem: string;
  readonly #certificate: X509Certificate;
  readonly #key: CryptoKey;
  readonly #clock: Clock;
  #sharedKeys: CryptoKeyPair | null = null;

  constructor(certificatePem: string, key: CryptoKey, clock: Clock) {
    this.certificatePem = certificatePem;
    this.#certificate = new X509Certificate(certificatePem);
    this.#key = key;
    this.#clock = clock;
  }

  /** For an aggregator: what it is called by (names and addresses) and its own id, for the mesh. */
  issueAggregator(id: AggregatorId, names: readonly string[]): Promise<Identity> {
    return this.#issue(`aggregator ${id}`, [
      { type: "url", value: `urn:herdbeat:aggregator:${id}` },
      ...names.map((name) => ({ type: isIP(name) === 0 ? "dns" : "ip", value: name }) as const),
    ]);
  }

  /** For a node. With `sharedKey`, every identity so issued has one key: simulated fleets only. */
  issueNode(id: NodeId, options: { readonly sharedKey?: boolean } = {}): Promise<Identity> {
    return this.#issue(
      `node ${id}`,
      [{ type: "url", value: `urn:herdbeat:node:${id}` }],
      options.sharedKey,
    );
  }

  async #fleetKeys(): Promise<CryptoKeyPair> {
    this.#sharedKeys ??= await newKeys();
    return this.#sharedKeys;
  }

  async #issue(
    commonName: string,
    names: readonly { readonly type: "url" | "dns" | "ip"; readonly value: string }[],
    sharedKey = false,
  ): Promise<Identity> {
    const keys = sharedKey ? await this.#fleetKeys() : await newKeys();
    const isServer = names.length > 1;
    const uses = [ExtendedKeyUsage.clientAuth, ...(isServer ? [ExtendedKeyUsage.serverAuth] : [])];
    const certificate = await X509CertificateGenerator.create({
      ...validity(this.#clock, IDENTITY_DAYS),
      subject: `CN=${commonName.replaceAll(/[^A-Za-z0-9 ._-]/g, "-").slice(0, 64)}`,
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension(uses),
        new SubjectAlternativeNameExtension([...names]),
      ],
    });
    return { cert: certificate.toString("pem"), key: pemOf(keys.privateKey) };
  }
}

/** Opens the authority in `dir`, or makes it there. */
export async function createThrowAwayCa(dir: string, clock: Clock): Promise<ThrowAwayCa> {
  const certFile = join(dir, "ca.crt");
  const keyFile = join(dir, "ca.key");
  if (existsSync(certFile) && existsSync(keyFile)) return openCa(certFile, keyFile, clock);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const keys = await newKeys();
  const extensions: Extension[] = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(keys.publicKey),
  ];
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(clock, CA_DAYS),
    name: "CN=Herdbeat throw-away CA",
    keys,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  const pem = certificate.toString("pem");
  writePrivately(keyFile, pemOf(keys.privateKey));
  writePrivately(certFile, pem);
  return new ThrowAwayCa(pem, keys.privateKey, clock);
}

/** Writes `<name>.crt` and `<name>.key` into `dir`. */
export function writeIdentity(
  dir: string,
  name: string,
  identity: Identity,
): { readonly cert: string; readonly key: string } {
  const files = { cert: join(dir, `${name}.crt`), key: join(dir, `${name}.key`) };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writePrivately(files.key, identity.key);
  writePrivately(files.cert, identity.cert);
  return files;
}

async function openCa(certFile: string, keyFile: string, clock: Clock): Promise<ThrowAwayCa> {
  try {
    const key = createPrivateKey(readFileSync(keyFile));
    const der = key.export({ type: "pkcs8", format: "der" });
    const cryptoKey = await webcrypto.subtle.importKey("pkcs8", der, ALGORITHM, true, ["sign"]);
    const pem = readFileSync(certFile, "utf8");
    const spki = { type: "spki", format: "der" } as const;
    const belongs = createPublicKey(key)
      .export(spki)
      .equals(Buffer.from(new X509Certificate(pem).publicKey.rawData));
    if (!belongs) throw new Error("the key is not the certificate's");
    return new ThrowAwayCa(pem, cryptoKey, clock);
  } catch (error) {
    const what = `can not use the throw-away CA ${certFile} with ${keyFile}`;
    throw new OperatingError("HB_TLS_INVALID", what, { cause: error });
  }
}

function validity(
  clock: Clock,
  days: number,
): { readonly serialNumber: string; readonly notBefore: Date; readonly notAfter: Date } {
  const now = clock.wallNow();
  const serial = webcrypto.getRandomValues(new Uint8Array(15));
  return {
    // The leading byte keeps the number positive.
    serialNumber: `01${Buffer.from(serial).toString("hex")}`,
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + days * DAY_MS),
  };
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

function pemOf(key: CryptoKey): string {
  return KeyObject.from(key).export({ type: "pkcs8", format: "pem" }).toString();
}

/** Whole or not at all, never readable by others. */
function writePrivately(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
