/**
 * The native webhook body, version 1, as `docs/schema/webhook-native-v1.json` freezes it.
 *
 * Guarantee: the same transition gives the same bytes, whoever builds them: keys are sorted, times
 * are RFC 3339 in UTC, nothing depends on the attempt. It is built once, when the transition is
 * decided, and stored in the outbox row. Only a request gets a fresh `notAfter` at every attempt.
 * Bounds: agents and guests supply many of these words, so each list and text is cut, see below.
 */
import { gradeName } from "@herdbeat/shared/classes";
import { after, type DurationMs, type UnixMs } from "@herdbeat/shared/time";
import type { Evidence, IncidentRecord, IncidentTransition } from "./incident.ts";
import type { NodeRecord } from "./node-record.ts";
import { type DeliveryKind, webhookIdOf } from "./outbox.ts";
import { rfc3339 } from "./rfc3339.ts";

export const NATIVE_SCHEMA = "herdbeat.native/1";

export const EVIDENCE_SENT_MAX = 64;
/** Longest free text; with the other bounds a body stays below NATIVE_BODY_BYTES_MAX. */
const TEXT_LENGTH_MAX = 512;
const WORDS_SENT_MAX = 64;
const WORD_LENGTH_MAX = 256;
/**
 * 64 pieces of evidence of at most 1.3 k characters, 2 x 64 words of at most 0.5 k and 4 k for the
 * rest make 152 k characters; each is at most 6 bytes of JSON (\\u00xx). Real bodies are 1 to 4 KB.
 */
export const NATIVE_BODY_BYTES_MAX = 1_048_576;

export interface NativeBodyParts {
  readonly incident: IncidentRecord;
  readonly transition: IncidentTransition;
  readonly kind: DeliveryKind;
  readonly cluster: string;
  /** The aggregator that decided; the one that sends may be another. */
  readonly aggregator: string;
  /** What is known of the node besides the incident's own copy; null when it is not registered. */
  readonly node: Pick<NodeRecord, "address"> | null;
  /** Base of this aggregator's HTTP endpoint, for `links.self`. */
  readonly httpEndpoint: string;
}

export function nativeBody(parts: NativeBodyParts): string {
  const { incident, transition } = parts;
  return canonicalJson({
    schema: NATIVE_SCHEMA,
    id: webhookIdOf(incident.id, transition.number),
    kind: parts.kind,
    cluster: parts.cluster,
    aggregator: parts.aggregator,
    incident: {
      id: incident.id,
      node: {
        id: incident.node,
        hostname: cut(incident.hostname, WORD_LENGTH_MAX),
        bootId: incident.bootId,
        labels: words(incident.labels),
        address: cut(parts.node?.address ?? "", WORD_LENGTH_MAX),
      },
      class: transition.failureClass,
      family: incident.family,
      subject: cut(incident.subject, WORD_LENGTH_MAX),
      attributes: words(incident.attributes),
      phase: incident.phase,
      grade: transition.grade,
      gradeName: gradeName(transition.grade),
      openedAt: rfc3339(incident.openedAt),
      shadow: incident.shadow,
      drill: incident.drill === undefined ? undefined : true,
      hold:
        incident.hold === null
          ? null
          : {
              reason: incident.hold.reason,
              since: rfc3339(incident.hold.since),
              releasedBy: cut(incident.hold.releasedBy, TEXT_LENGTH_MAX),
            },
    },
    transition: {
      number: transition.number,
      kind: transition.kind,
      at: rfc3339(transition.at),
      message: cut(transition.message, TEXT_LENGTH_MAX),
    },
    requestedAction: { kind: parts.kind === "request" ? incident.requestedAction : "none" },
    evidence: transition.evidence.slice(0, EVIDENCE_SENT_MAX).map(evidenceBody),
    rule: {
      name: cut(transition.rule.name, WORD_LENGTH_MAX),
      thresholdsMs: transition.rule.thresholdsMs,
      because: cut(transition.rule.because, TEXT_LENGTH_MAX),
    },
    links: { self: `${parts.httpEndpoint.replace(/\/+$/, "")}/api/v1/incidents/${incident.id}` },
  });
}

/** A request's body with the instant after which the receiver must not begin. */
export function withNotAfter(body: string, now: UnixMs, validFor: DurationMs): string {
  const parsed = JSON.parse(body) as { requestedAction?: Record<string, unknown> };
  return canonicalJson({
    ...parsed,
    requestedAction: { ...parsed.requestedAction, notAfter: rfc3339(after(now, validFor)) },
  });
}

/** JSON with sorted keys and no spaces: equal values give equal bytes. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`);
  return `{${members.join(",")}}`;
}

function evidenceBody(evidence: Evidence): Readonly<Record<string, unknown>> {
  return {
    kind: evidence.kind,
    source: cut(evidence.source, WORD_LENGTH_MAX),
    outcome: cut(evidence.outcome, WORD_LENGTH_MAX),
    ageMs: Math.max(0, Math.round(evidence.age)),
    at: rfc3339(evidence.at),
    detail: cut(evidence.detail, TEXT_LENGTH_MAX),
  };
}

function words(all: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(all).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(
    entries
      .slice(0, WORDS_SENT_MAX)
      .map(([name, value]) => [cut(name, WORD_LENGTH_MAX), cut(value, WORD_LENGTH_MAX)]),
  );
}

/** A half of a surrogate pair, given or made by the cut, becomes U+FFFD: the body must be valid UTF-8. */
function cut(text: string, length: number): string {
  return text.slice(0, length).replace(LONE_SURROGATE, "\uFFFD");
}

const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
