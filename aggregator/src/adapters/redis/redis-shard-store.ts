import { OperatingError, StoreReplyError } from "@herdbeat/shared/errors";
import type { NodeId, ShardId } from "@herdbeat/shared/ids";
import type { DurationMs, UnixMs } from "@herdbeat/shared/time";
import type { IncidentPhase } from "../../core/incident.ts";
import type { OutboxRow } from "../../core/outbox.ts";
import { phaseCheck } from "../../core/record-shapes.ts";
import type { ShardOwner, StoreGeneration } from "../../core/shard-facts.ts";
import type {
  ApplyOutcome,
  ClaimOutcome,
  HistoryEntry,
  Ownership,
  RowOutcome,
  ShardSnapshot,
  ShardStore,
  ShardWrite,
} from "../../ports/shard-store.ts";
import { shardKeys } from "./keys.ts";
import { claimerOf, statusLine } from "./outbox-line.ts";
import { ownerText, parseGeneration, parseOwner, parseReleased } from "./owner-text.ts";
import type { RedisLink } from "./redis-link.ts";
import {
  listReply,
  type Reply,
  type ScriptRunner,
  textAt,
  unknownStatus,
} from "./script-runner.ts";
import { parseHistory } from "./shard-history.ts";
import { parseSnapshot } from "./shard-snapshot.ts";
import { encodeWrites, historyFields } from "./shard-writes.ts";

export interface ReplicaWait {
  /** How many replicas must have a claimed row before it is sent. */
  readonly required: number;
  /** Must stay below the connection's deadline, or a missing replica costs the connection too. */
  readonly timeout: DurationMs;
  /** Of its own: a server that waits for its replicas answers nothing else on that connection. */
  readonly link: RedisLink;
  readonly scripts: ScriptRunner;
}

export interface RedisShardStoreDeps {
  readonly link: RedisLink;
  readonly scripts: ScriptRunner;
  /** Null when no replica is asked for. */
  readonly replicas: ReplicaWait | null;
}

/** Of one shard; days of ordinary work, and a bound for a flapping fleet. */
export const HISTORY_KEPT_MAX = 10_000;
/** Of one shard, in the hot set that every load reads; older ones live in the history only. */
export const ENDED_KEPT_MAX = 200;
/** A shard of 1,600 nodes has far below a tenth of this; more is not ours, and would block the server. */
const FIELDS_READ_MAX = 50_000;
const HISTORY_PAGE_MAX = 1_000;
const CURSOR = /^\d{1,20}-\d{1,20}$/;

export class RedisShardStore implements ShardStore {
  readonly #deps: RedisShardStoreDeps;

  constructor(deps: RedisShardStoreDeps) {
    this.#deps = deps;
  }

  async load(shard: ShardId): Promise<ShardSnapshot> {
    const keys = shardKeys(shard);
    const { owner, generation, nodes, incidents, outbox, proofs } = keys;
    const reply = await this.#deps.scripts.run(
      "load-shard",
      [owner, generation, nodes, incidents, outbox, proofs],
      [FIELDS_READ_MAX.toString()],
    );
    return parseSnapshot(shard, keys, reply);
  }

  async claim(request: Parameters<ShardStore["claim"]>[0]): Promise<ClaimOutcome> {
    const keys = shardKeys(request.shard);
    const reply = await this.#deps.scripts.run(
      "claim-shard",
      [keys.owner, keys.generation],
      [
        request.self,
        request.expected === null ? "" : ownerText(request.expected),
        request.tokenSeen.toString(),
        request.now.toString(),
        request.create?.generationId ?? "",
      ],
    );
    switch (reply[0]) {
      case "CLAIMED": {
        const generation = generationAt("claim-shard", reply, 2);
        const owner = ownerAt("claim-shard", reply, 1);
        if (owner === null || generation === null) break;
        return { kind: "claimed", owner, generation };
      }
      case "TAKEN": {
        const owner = ownerAt("claim-shard", reply, 1);
        if (owner === null) break;
        return { kind: "taken", owner };
      }
      case "NOT_CREATED":
        return { kind: "not-created" };
      default:
    }
    return unknownStatus("claim-shard", reply);
  }

  async release(ownership: Ownership): Promise<void> {
    const keys = shardKeys(ownership.shard);
    const reply = await this.#deps.scripts.run(
      "release-shard",
      [keys.owner, keys.generation],
      fence(ownership),
    );
    if (reply[0] !== "RELEASED" && refusal(reply) === null) unknownStatus("release-shard", reply);
  }

  async apply(ownership: Ownership, writes: readonly ShardWrite[]): Promise<ApplyOutcome> {
    const keys = shardKeys(ownership.shard);
    const { owner, generation, nodes, incidents, outbox, proofs, history, ended } = keys;
    const reply = await this.#deps.scripts.run(
      "apply",
      [owner, generation, nodes, incidents, outbox, proofs, history, ended],
      [
        ...fence(ownership),
        HISTORY_KEPT_MAX.toString(),
        ENDED_KEPT_MAX.toString(),
        ...encodeWrites(writes),
      ],
    );
    switch (reply[0]) {
      case "APPLIED": {
        const applied = generationAt("apply", reply, 1);
        if (applied === null) break;
        return { kind: "applied", generation: applied };
      }
      case "CONFLICT":
        return { kind: "conflict", incident: textAt("apply", reply, 1), phase: phaseAt(reply, 2) };
      case "STALE_TOKEN":
        return {
          kind: "stale-token",
          owner: ownerAt("apply", reply, 1),
          released: parseReleased(textAt("apply", reply, 1)),
        };
      case "GENERATION_MISMATCH":
        return { kind: "generation-mismatch", found: generationAt("apply", reply, 1) };
      default:
    }
    return unknownStatus("apply", reply);
  }

  async claimRow(
    ownership: Ownership,
    rowId: string,
  ): Promise<RowOutcome & { readonly replicasMet?: boolean }> {
    const { replicas, scripts } = this.#deps;
    const keys = shardKeys(ownership.shard);
    const run = async (by: ScriptRunner): Promise<RowOutcome> => {
      const values = [...fence(ownership), rowId, claimerOf(ownership)];
      const reply = await by.run("claim-row", [keys.owner, keys.generation, keys.outbox], values);
      return rowOutcome("claim-row", "CLAIMED", reply);
    };
    if (replicas === null || replicas.required === 0) {
      const outcome = await run(scripts);
      return outcome.kind === "done" ? { ...outcome, replicasMet: true } : outcome;
    }
    const epoch = replicas.link.epoch(keys.outbox);
    const outcome = await run(replicas.scripts);
    if (outcome.kind !== "done") return outcome;
    return { ...outcome, replicasMet: await replicasHave(replicas, keys.outbox, epoch) };
  }

  async settleRow(
    ownership: Ownership,
    row: OutboxRow,
    history: HistoryEntry | null,
  ): Promise<RowOutcome> {
    const keys = shardKeys(ownership.shard);
    const isOver = row.state === "delivered" || row.state === "superseded";
    const reply = await this.#deps.scripts.run(
      "settle-row",
      [keys.owner, keys.generation, keys.outbox, keys.history],
      [
        ...fence(ownership),
        row.rowId,
        claimerOf(ownership),
        isOver ? "" : statusLine(row),
        HISTORY_KEPT_MAX.toString(),
        ...(history === null ? [] : historyFields(history)),
      ],
    );
    return rowOutcome("settle-row", "SETTLED", reply);
  }

  async putProofs(ownership: Ownership, proofs: ReadonlyMap<NodeId, UnixMs>): Promise<RowOutcome> {
    const keys = shardKeys(ownership.shard);
    const reply = await this.#deps.scripts.run(
      "put-proofs",
      [keys.owner, keys.generation, keys.proofs],
      [...fence(ownership), ...[...proofs].flatMap(([node, at]) => [node, at.toString()])],
    );
    return rowOutcome("put-proofs", "NOTED", reply);
  }

  async history(
    shard: ShardId,
    limit: number,
    before: string | null,
  ): ReturnType<ShardStore["history"]> {
    if (before !== null && !CURSOR.test(before)) {
      throw new OperatingError("HB_API_BAD_REQUEST", "this is not a cursor of the history");
    }
    const end = before === null ? "+" : `(${before}`;
    const pageSize = Math.max(1, Math.min(HISTORY_PAGE_MAX, Math.floor(limit)));
    const key = shardKeys(shard).history;
    const command = ["XREVRANGE", key, end, "-", "COUNT", `${pageSize}`];
    const reply = await this.#deps.link.send("history", command, { key });
    return { entries: parseHistory(listReply("history", reply)) };
  }
}

/** WAIT counts replicas that have this *connection's* writes: on a new one it would count any. */
async function replicasHave(wait: ReplicaWait, key: string, epoch: string): Promise<boolean> {
  const { link, required, timeout } = wait;
  if (link.epoch(key) !== epoch) return false;
  try {
    const command = ["WAIT", required.toString(), timeout.toString()];
    const count = await link.send("wait", command, { key });
    return link.epoch(key) === epoch && typeof count === "number" && count >= required;
  } catch {
    // The row is claimed all the same; that nobody confirmed it is the answer.
    return false;
  }
}

/** The first two arguments of every script that writes: claim and generation id. */
function fence(ownership: Ownership): [string, string] {
  return [ownerText(ownership), ownership.generationId];
}

function refusal(reply: readonly Reply[]): Extract<RowOutcome, { kind: "refused" }> | null {
  if (reply[0] === "STALE_TOKEN") return { kind: "refused", why: "stale-token" };
  if (reply[0] === "GENERATION_MISMATCH") return { kind: "refused", why: "generation-mismatch" };
  return null;
}

function rowOutcome(operation: string, done: string, reply: readonly Reply[]): RowOutcome {
  if (reply[0] === done) return { kind: "done" };
  if (reply[0] === "LOST") {
    const found = textAt(operation, reply, 1);
    return { kind: "lost", found: found === "" ? null : found };
  }
  return refusal(reply) ?? unknownStatus(operation, reply);
}

function ownerAt(operation: string, reply: readonly Reply[], index: number): ShardOwner | null {
  const value = textAt(operation, reply, index);
  return value === "" ? null : (parseOwner(value) ?? null);
}

function generationAt(
  operation: string,
  reply: readonly Reply[],
  index: number,
): StoreGeneration | null {
  const value = textAt(operation, reply, index);
  return value === "" ? null : (parseGeneration(value) ?? null);
}

function phaseAt(reply: readonly Reply[], index: number): IncidentPhase | null {
  const value = textAt("apply", reply, index);
  if (value === "") return null;
  if (phaseCheck(value, "phase") !== null) {
    throw new StoreReplyError("apply", `unknown phase ${value}`);
  }
  // Checked above.
  return value as IncidentPhase;
}
