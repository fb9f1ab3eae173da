/** Which columns each list has. */
import { formatDuration } from "@herdbeat/shared/duration-text";
import { durationMs } from "@herdbeat/shared/time";
import { asDocument, type Document, numberOf, textOf } from "./document.ts";
import { type Column, paintState } from "./table.ts";

const member =
  (name: string) =>
  (row: Document): string =>
    textOf(row, name);

const yes =
  (name: string) =>
  (row: Document): string =>
    row[name] === true ? "yes" : row[name] === false ? "no" : "";

/** Age of an instant, counted from the server's time of answering. */
export function ageOf(row: Document, name: string, asOf: number): string {
  const age = asOf - Date.parse(textOf(row, name));
  return Number.isFinite(age) ? formatDuration(durationMs(Math.max(0, age))) : "";
}

export function durationOf(row: Document, name: string): string {
  const value = numberOf(row, name);
  return value === null ? "" : formatDuration(durationMs(value));
}

const label =
  (name: string) =>
  (row: Document): string =>
    textOf(asDocument(row["labels"]), name);

export function nodeColumns(asOf: number): readonly Column[] {
  return [
    { title: "ID", cell: member("id") },
    { title: "HOST", cell: member("hostname") },
    { title: "STATE", cell: member("state"), paint: paintState },
    { title: "SINCE", cell: (row) => ageOf(row, "stateSince", asOf) },
    { title: "HEARTBEAT", cell: (row) => durationOf(row, "lastHeartbeatAgeMs") },
    { title: "PROBLEMS", cell: member("problems") },
    { title: "INCIDENTS", cell: (row) => listSize(row, "openIncidents") },
    { title: "AZ", cell: label("az") },
    { title: "RACK", cell: label("rack") },
    { title: "REASON", cell: member("stateReason") },
    { title: "ADDRESS", wide: true, cell: member("address") },
    { title: "AGENT", wide: true, cell: member("agentVersion") },
    { title: "SHARD", wide: true, cell: member("shard") },
    { title: "OWNER", wide: true, cell: member("owner") },
    { title: "LIVE", wide: true, cell: yes("live") },
    { title: "SHADOW", wide: true, cell: yes("shadow") },
  ];
}

function listSize(row: Document, name: string): string {
  const value = row[name];
  return String(Array.isArray(value) ? value.length : 0);
}

export function incidentColumns(asOf: number): readonly Column[] {
  return [
    { title: "ID", cell: (row) => textOf(row, "id").slice(0, 12) },
    { title: "CLASS", cell: member("class") },
    { title: "NODE", cell: member("node") },
    { title: "SUBJECT", cell: member("subjectName") },
    { title: "PHASE", cell: member("phase"), paint: paintState },
    { title: "GRADE", cell: (row) => `${textOf(row, "grade")} ${textOf(row, "gradeName")}` },
    { title: "OPENED", cell: (row) => ageOf(row, "openedAt", asOf) },
    { title: "HOLD", cell: (row) => textOf(asDocument(row["hold"]), "reason") },
    { title: "REASON", cell: member("reason") },
    { title: "FULL-ID", wide: true, cell: member("id") },
    { title: "HOST", wide: true, cell: member("hostname") },
    { title: "ENDED", wide: true, cell: (row) => ageOf(row, "endedAt", asOf) },
    { title: "ASKED", wide: true, cell: member("requestedAction") },
    { title: "MESSAGE", wide: true, cell: member("message") },
  ];
}

export function shardColumns(): readonly Column[] {
  return [
    { title: "SHARD", cell: member("shard") },
    { title: "STATUS", cell: member("status"), paint: paintState },
    { title: "OWNER", cell: member("owner") },
    { title: "NODES", cell: member("nodes") },
    { title: "INCIDENTS", cell: member("openIncidents") },
    { title: "OUTBOX", cell: member("outbox") },
    { title: "HELD-BECAUSE", cell: member("heldBecause") },
    { title: "TOKEN", wide: true, cell: member("token") },
    { title: "GENERATION", wide: true, cell: (row) => generationOf(row) },
  ];
}

function generationOf(row: Document): string {
  const generation = asDocument(row["generation"]);
  const id = textOf(generation, "id");
  return id === "" ? "" : `${id}@${textOf(generation, "version")}`;
}

export function aggregatorColumns(asOf: number): readonly Column[] {
  return [
    { title: "ID", cell: (row) => textOf(row, "id") + (row["self"] === true ? " *" : "") },
    { title: "VERSION", cell: member("version") },
    { title: "SHARDS", cell: member("shards") },
    { title: "PULSE", cell: (row) => durationOf(row, "lastChangeAgeMs") },
    { title: "UP", cell: (row) => ageOf(row, "startedAt", asOf) },
    { title: "MESH", cell: yes("meshConnected") },
    { title: "DRAINING", cell: yes("draining") },
    { title: "HTTP", cell: member("httpEndpoint") },
    { title: "STREAM", wide: true, cell: member("streamEndpoint") },
    { title: "WEIGHT", wide: true, cell: member("weight") },
  ];
}

export function deliveryColumns(asOf: number): readonly Column[] {
  return [
    { title: "INCIDENT", cell: (row) => textOf(row, "incident").slice(0, 12) },
    { title: "STEP", cell: member("transition") },
    { title: "NODE", cell: member("node") },
    { title: "KIND", cell: member("kind") },
    { title: "DESTINATION", cell: member("destination") },
    { title: "STATE", cell: member("state"), paint: paintState },
    { title: "ATTEMPTS", cell: member("attempts") },
    { title: "STATUS", cell: member("lastStatus") },
    { title: "MADE", cell: (row) => ageOf(row, "createdAt", asOf) },
    { title: "ERROR", cell: member("lastError") },
    { title: "WEBHOOK-ID", wide: true, cell: member("webhookId") },
    { title: "NEXT", wide: true, cell: member("nextAttemptAt") },
    { title: "SETTLED", wide: true, cell: member("settledAt") },
  ];
}

export function conditionColumns(asOf: number): readonly Column[] {
  return [
    { title: "MONITOR", cell: member("monitor") },
    { title: "SUBJECT", cell: member("subject") },
    { title: "STATUS", cell: member("status"), paint: paintState },
    { title: "CLASS", cell: member("class") },
    { title: "REASON", cell: member("reason") },
    { title: "SINCE", cell: (row) => ageOf(row, "since", asOf) },
    { title: "MESSAGE", cell: member("message") },
  ];
}
