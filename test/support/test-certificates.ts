// A throw-away authority with one server (127.0.0.1) and one client certificate.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

export interface TestCertificates {
  readonly ca: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

export async function makeTestCertificates(): Promise<TestCertificates> {
  // Node's type of the same object.
  x509.cryptoProvider.set(webcrypto as unknown as Crypto);
  const keys = (): Promise<CryptoKeyPair> =>
    webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;
  const validity = {
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
  };
  const authority = await keys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=test authority",
    keys: authority,
    signingAlgorithm: ALGORITHM,
    ...validity,
    extensions: [new x509.BasicConstraintsExtension(true, 1, true)],
  });
  const issue = async (
    name: string,
    serialNumber: string,
  ): Promise<{ cert: string; key: string }> => {
    const pair = await keys();
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber,
      subject: `CN=${name}`,
      issuer: root.subject,
      publicKey: pair.publicKey,
      signingKey: authority.privateKey,
      signingAlgorithm: ALGORITHM,
      ...validity,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: "ip", value: "127.0.0.1" },
          { type: "dns", value: "localhost" },
        ]),
      ],
    });
    const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", pair.privateKey));
    return { cert: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") };
  };
  return {
    ca: root.toString("pem"),
    server: await issue("server", "02"),
    client: await issue("client", "03"),
  };
}
