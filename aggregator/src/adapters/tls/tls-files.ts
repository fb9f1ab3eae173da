/** Certificates from disk, checked before anything depends on them. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { OperatingError } from "@herdbeat/shared/errors";
import type { Clock, UnixMs } from "@herdbeat/shared/time";

export interface TlsFiles {
  /** PEM files: authorities that are trusted, own chain (leaf first), own key. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TlsMaterial {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** End of the own leaf's validity, for the warning before it ends. */
  readonly expiresAt: UnixMs;
}

/** Throws OperatingError HB_TLS_INVALID that names the file and what is wrong with it. */
export function loadTlsFiles(files: TlsFiles, clock: Clock): TlsMaterial {
  const ca = read(files.ca);
  const cert = read(files.cert);
  const key = read(files.key);
  const authorities = certificates(files.ca, ca);
  const [leaf, ...intermediates] = certificates(files.cert, cert);
  if (leaf === undefined) throw invalid(files.cert, "holds no certificate");
  if (!leaf.checkPrivateKey(privateKey(files.key, key)))
    throw invalid(files.key, `is not the key of ${files.cert}`);
  for (const [index, certificate] of [leaf, ...intermediates].entries())
    checkDates(files.cert, certificate, clock, index === 0 ? "certificate" : "intermediate");
  for (const authority of authorities) checkDates(files.ca, authority, clock, "authority");
  checkChain(files, leaf, intermediates, authorities);
  return { ca, cert, key, expiresAt: Date.parse(leaf.validTo) as UnixMs };
}

function checkChain(
  files: TlsFiles,
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  authorities: readonly X509Certificate[],
): void {
  let current = leaf;
  // Each intermediate can be used once, so this ends.
  for (let depth = 0; depth <= intermediates.length; depth++) {
    if (authorities.some((authority) => isIssuedBy(current, authority))) return;
    const next = intermediates.find((candidate) => isIssuedBy(current, candidate));
    if (next === undefined) break;
    current = next;
  }
  throw invalid(files.cert, `is not signed by an authority in ${files.ca}`);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function checkDates(file: string, certificate: X509Certificate, clock: Clock, what: string): void {
  const now = clock.wallNow();
  if (now < Date.parse(certificate.validFrom))
    throw invalid(file, `${what} is not valid before ${certificate.validFrom}`);
  if (now > Date.parse(certificate.validTo))
    throw invalid(file, `${what} expired on ${certificate.validTo}`);
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function certificates(file: string, pem: string): readonly X509Certificate[] {
  const blocks = pem.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0) throw invalid(file, "holds no certificate in PEM");
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw invalid(file, "holds a certificate that can not be read", error);
    }
  });
}

function privateKey(file: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw invalid(file, "holds no private key that can be read", error);
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw invalid(file, "can not be read", error);
  }
}

function invalid(file: string, what: string, cause?: unknown): OperatingError {
  return new OperatingError("HB_TLS_INVALID", `${file} ${what}`, { cause });
}
