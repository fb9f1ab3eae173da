/** The JSON of the aggregators themselves, of sessions and of errors. Types only. */
import type { ErrorCode } from "@herdbeat/shared/errors";

export interface ShardDto {
  readonly shard: number;
  readonly status: "owned-here" | "owned-elsewhere" | "unowned" | "held";
  readonly owner: string | null;
  readonly token: number | null;
  readonly generation: { readonly id: string; readonly version: number } | null;
  readonly heldBecause: string;
  readonly nodes: number;
  readonly openIncidents: number;
  readonly outbox: number;
}

export interface AggregatorDto {
  readonly id: string;
  readonly self: boolean;
  readonly lastChangeAgeMs: number;
  readonly shards: number;
  readonly meshConnected: boolean | null;
  readonly streamEndpoint: string;
  readonly httpEndpoint: string;
  readonly startedAt: string;
  readonly version: string;
  readonly weight: number;
  readonly draining: boolean;
}

export interface NoticeDto {
  readonly kind: string;
  readonly since: string;
  readonly message: string;
  readonly nodes: readonly string[];
}

export interface AuditDto {
  readonly at: string;
  readonly who: string;
  readonly what: string;
  readonly detail: unknown;
}

export interface StoreDto {
  readonly state: "up" | "down";
  readonly since: string;
  readonly detail: string;
  readonly description: string;
}

export interface SelfDto {
  readonly aggregator: string;
  readonly cluster: string;
  readonly version: string;
  readonly startedAt: string;
  readonly ready: boolean;
  readonly notReadyBecause: readonly string[];
  readonly connections: number;
  readonly loopLagMsMax: number;
  readonly stallDiscountedMs: number;
  readonly ownedShards: number;
}

/** Answer of `/readyz?verbose`. */
export interface Readiness {
  readonly self: SelfDto;
  readonly store: StoreDto;
  readonly asOf: string;
}

/** Answer of `GET` and `POST /api/v1/session`. */
export interface SessionDto {
  readonly name: string;
  readonly scope: "viewer" | "operator" | "admin";
  readonly expiresAt: string | null;
}

/** A held shard that the answering aggregator could restore from its own memory or disk. */
export interface DisarmDto {
  readonly disarmed: boolean;
  readonly by: string | null;
  readonly reason: string | null;
  readonly since: string | null;
}

/** An incident that would be committed, what holds it, and what an operator said of it. */
export interface HoldRow {
  readonly incident: string;
  readonly node: string;
  readonly hostname: string;
  readonly class: string;
  readonly grade: number;
  /** Null: nothing but time, or not any more. */
  readonly reason: string | null;
  readonly since: string | null;
  readonly releasedBy: string | null;
  readonly review: {
    readonly word: "approve" | "deny";
    readonly by: string;
    readonly reason: string;
    readonly at: string;
  } | null;
}

export interface HoldPage {
  readonly items: readonly HoldRow[];
  readonly next: null;
  readonly total: number;
  readonly asOf: string;
}

export interface RestorableDto {
  readonly shard: number;
  readonly from: "memory" | "mirror";
  readonly generation: { readonly id: string; readonly version: number };
  readonly nodes: number;
}

export interface AdoptResult {
  readonly shards: number;
  readonly nodes: number;
  readonly incidents: number;
}

/** Every error's body, `application/problem+json` (RFC 9457). Match `code`, never `detail`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly instance: string;
  readonly requestId: string;
  /** JSON pointers into the body, or `?name` for a query parameter. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}
