/** People give the beginning of an incident's id, or a host's name. */
import type { ApiClient } from "./api-client.ts";
import { CliError, EXIT } from "./cli-error.ts";
import { type Document, harmless, textOf } from "./document.ts";

const INCIDENT_ID_LENGTH = 32;
const CANDIDATES_SHOWN = 5;

export async function incidentId(client: ApiClient, given: string): Promise<string> {
  if (given.length >= INCIDENT_ID_LENGTH) return given;
  const { rows } = await client.list("/api/v1/incidents", { q: given, fields: "id,class,node" });
  const found = rows.filter((row) => textOf(row, "id").startsWith(given));
  return theOnly(found, "incident", given);
}

/** Also by host name, or its part before the first dot. */
export async function nodeId(client: ApiClient, given: string): Promise<string> {
  const { rows } = await client.list("/api/v1/nodes", { q: given, fields: "id,hostname" });
  const exact = rows.filter((row) => textOf(row, "id") === given);
  if (exact.length > 0) return given;
  const found = rows.filter((row) => {
    const hostname = textOf(row, "hostname");
    return hostname === given || hostname.startsWith(`${given}.`);
  });
  return theOnly(found, "node", given);
}

function theOnly(found: readonly Document[], noun: string, given: string): string {
  const [first, second] = found;
  if (first === undefined) {
    const message = `there is no ${noun} ${harmless(given)}`;
    const hints = [`herdctl ${noun} list shows all`];
    throw new CliError(EXIT.notFound, "HB_API_NOT_FOUND", message, { hints });
  }
  if (second === undefined) return textOf(first, "id");
  const hints = found.slice(0, CANDIDATES_SHOWN).map((row) => harmless(textOf(row, "id")));
  const message = `${harmless(given)} could be one of ${found.length} ${noun}s`;
  throw new CliError(EXIT.usage, "HB_API_BAD_REQUEST", message, { hints });
}
