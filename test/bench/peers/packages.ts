/** The compared programs as Debian packages, never started as services of this machine. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { ensurePackages, missingPackages } from "../../tools/bootstrap.mjs";

export const PACKAGES = {
  serf: ["serf"],
  corosync: ["corosync"],
  prometheus: ["prometheus", "prometheus-alertmanager", "prometheus-node-exporter"],
} as const;

export type Peer = keyof typeof PACKAGES;
export const PEERS = Object.keys(PACKAGES) as readonly Peer[];

/** Installs what is missing; what cannot be installed is left out of the bench, which says so. */
export function installPeers(say: (text: string) => void): void {
  for (const peer of PEERS) {
    try {
      ensurePackages(PACKAGES[peer]);
    } catch (error) {
      say(`${peer} is left out: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

export function isInstalled(peer: Peer): boolean {
  return missingPackages(PACKAGES[peer]).length === 0;
}

export function versionsOf(peer: Peer): string {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the format language of dpkg-query.
  const args = ["-W", "-f=${Package} ${Version}\n", ...PACKAGES[peer]];
  const { stdout } = spawnSync("dpkg-query", args, { encoding: "utf8" });
  return stdout.trim().split("\n").join(", ");
}

/** What a peer was told, for the result. */
export interface PeerSetup {
  readonly commandLines: readonly string[];
  /** Name and text of each file. */
  readonly files: Readonly<Record<string, string>>;
}

export function configurationSha256({ files }: PeerSetup): string {
  const hash = createHash("sha256");
  for (const name of Object.keys(files).sort()) hash.update(`${name}\n${files[name]}\n`);
  return hash.digest("hex");
}
