/** Client certificates for simulated nodes, issued at start; all with one key, to be quick. */
import { createSecureContext, type SecureContext } from "node:tls";
import { createThrowAwayCa } from "@herdbeat/aggregator/adapters/tls/throw-away-ca";
import { parseNodeId } from "@herdbeat/shared/ids";
import { systemClock } from "@herdbeat/shared/system-clock";

export async function nodeSecureContexts(
  dir: string,
  ids: readonly string[],
): Promise<(nodeId: string) => SecureContext> {
  const authority = await createThrowAwayCa(dir, systemClock);
  const identities = new Map<string, { readonly cert: string; readonly key: string }>();
  for (const id of ids) {
    const nodeId = parseNodeId(id);
    if (nodeId === undefined) throw new Error(`${id} is not a node id`);
    identities.set(id, await authority.issueNode(nodeId, { sharedKey: true }));
  }
  return (nodeId) =>
    createSecureContext({
      ca: authority.certificatePem,
      minVersion: "TLSv1.3",
      ...identities.get(nodeId),
    });
}
