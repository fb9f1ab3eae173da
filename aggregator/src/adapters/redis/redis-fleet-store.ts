import { OperatingError } from "@herdbeat/shared/errors";
import {
  type AggregatorId,
  allShards,
  type FencingToken,
  type IncidentId,
  parseAggregatorId,
  SHARD_COUNT,
  type ShardId,
} from "@herdbeat/shared/ids";
import type { Logger } from "@herdbeat/shared/logger";
import { type DurationMs, durationMs, type UnixMs } from "@herdbeat/shared/time";
import { ownerCountOf } from "../../core/census-record.ts";
import { DRILLS_KEPT_MAX, type DrillRecord, drillRecordCheck } from "../../core/drill-record.ts";
import { type StoredQuality, storedQuality } from "../../core/quality.ts";
import { count, flag, parseRecord, shape, text } from "../../core/record-shapes.ts";
import {
  type AggregatorRecord,
  type AuditEntry,
  type ClusterMeta,
  type FleetStore,
  type PermitHolder,
  type PermitOutcome,
  type PermitRequest,
  STORE_SCHEMA_VERSION,
  type StoreHealth,
} from "../../ports/fleet-store.ts";
import { FLEET_KEYS, shardKeys } from "./keys.ts";
import { parseGeneration, parseOwner } from "./owner-text.ts";
import type { RedisLink } from "./redis-link.ts";
import {
  listReply,
  type Reply,
  type ScriptRunner,
  textAt,
  unknownStatus,
} from "./script-runner.ts";
import { streamEntries } from "./shard-history.ts";

export interface RedisFleetStoreDeps {
  readonly link: RedisLink;
  readonly scripts: ScriptRunner;
  readonly logger: Logger;
}

/** Every entry is a person's act; this many are years. */
const AUDIT_KEPT_MAX = 10_000;
const AUDIT_PAGE_MAX = 1_000;

type Disarm = NonNullable<Awaited<ReturnType<FleetStore["disarmed"]>>>;
const disarmCheck = shape<Disarm>({ by: text(), reason: text(), since: count() });

/** A record less what its field's name and its counter say already. */
const aggregatorCheck = shape<Omit<AggregatorRecord, "id" | "counter" | "census">>({
  streamEndpoint: text(),
  httpEndpoint: text(),
  startedAt: count(),
  version: text(),
  weight: count(),
  draining: flag(),
});

export class RedisFleetStore implements FleetStore {
  readonly #deps: RedisFleetStoreDeps;
  #damagedNoted = "";

  constructor(deps: RedisFleetStoreDeps) {
    this.#deps = deps;
  }

  async meta(create: ClusterMeta | null): Promise<ClusterMeta | null> {
    const pairs =
      create === null
        ? []
        : Object.entries(create).flatMap(([name, value]) => [name, String(value)]);
    const reply =
      create === null
        ? listReply("meta", await this.#readMeta())
        : (await this.#deps.scripts.run("create-meta", [FLEET_KEYS.meta], pairs)).slice(1);
    return parseMeta(reply);
  }

  /** HMGET, because it answers a list whatever protocol version the connection speaks. */
  async #readMeta(): Promise<unknown> {
    const names = ["clusterId", "schemaVersion", "shardCount", "createdAt"];
    const reply = await this.#deps.link.send("meta", ["HMGET", FLEET_KEYS.meta, ...names], {
      key: FLEET_KEYS.meta,
    });
    if (!Array.isArray(reply) || reply.every((value) => value === null)) return [];
    return names.flatMap((name, index) => [name, String(reply[index])]);
  }

  async pulse(self: AggregatorRecord): Promise<readonly AggregatorRecord[]> {
    const { id, counter, ...document } = self;
    const reply = await this.#deps.scripts.run(
      "pulse",
      [FLEET_KEYS.aggregators],
      [id, counter.toString(), JSON.stringify(document)],
    );
    const records: AggregatorRecord[] = [];
    const damaged: string[] = [];
    for (let at = 0; at + 1 < reply.length; at += 2) {
      const record = parseAggregator(String(reply[at]), String(reply[at + 1]));
      if (record === null) damaged.push(String(reply[at]));
      else records.push(record);
    }
    this.#noteDamaged(damaged);
    return records;
  }

  /** Three times a second: said once. */
  #noteDamaged(damaged: readonly string[]): void {
    const names = damaged.join(", ");
    if (names === this.#damagedNoted) return;
    this.#damagedNoted = names;
    if (names !== "") {
      this.#deps.logger.warn("records of aggregators are not ours and are passed over", { names });
    }
  }

  async forget(id: AggregatorId): Promise<void> {
    await this.#deps.link.send("forget", ["HDEL", FLEET_KEYS.aggregators, id], {
      key: FLEET_KEYS.aggregators,
    });
  }

  get commandsPerLook(): number {
    return this.#deps.link.spansSlots ? 1 : SHARD_COUNT;
  }

  async shards(): ReturnType<FleetStore["shards"]> {
    const shards = [...allShards()];
    const pairs = shards.map((shard) => [shardKeys(shard).owner, shardKeys(shard).generation]);
    const read = async (keys: readonly string[]): Promise<readonly Reply[]> => {
      const options = { key: keys[0] ?? "" };
      return listReply("shards", await this.#deps.link.send("shards", ["MGET", ...keys], options));
    };
    // A Cluster answers one slot at a time; all questions are on their way before the first answer.
    const reply = this.#deps.link.spansSlots
      ? await read(pairs.flat())
      : (await Promise.all(pairs.map(read))).flat();
    return new Map(
      shards.map((shard, index) => {
        const owner = reply[index * 2];
        const generation = reply[index * 2 + 1];
        return [
          shard,
          {
            // A value that is not ours counts as none here; the script that would claim it refuses.
            owner: typeof owner === "string" ? (parseOwner(owner) ?? null) : null,
            generation:
              typeof generation === "string" ? (parseGeneration(generation) ?? null) : null,
          },
        ];
      }),
    );
  }

  async disarmed(): Promise<Disarm | null> {
    const reply = await this.#deps.link.send("disarmed", ["GET", FLEET_KEYS.disarm], {
      key: FLEET_KEYS.disarm,
    });
    if (reply === null) return null;
    const parsed = parseRecord(String(reply), disarmCheck);
    if (parsed.kind === "ok") return parsed.value;
    // Somebody wanted something of the switch: not to act is the side to err on.
    return { by: "unknown", reason: `the switch is damaged: ${parsed.why}`, since: 0 as UnixMs };
  }

  async setDisarmed(value: Disarm | null): Promise<void> {
    const command =
      value === null
        ? ["DEL", FLEET_KEYS.disarm]
        : ["SET", FLEET_KEYS.disarm, JSON.stringify(value)];
    await this.#deps.link.send("set disarmed", command, { key: FLEET_KEYS.disarm });
    if (value === null) return;
    // Nobody can take it any more: the switch stands first.
    await this.#deps.link.send("free permit", ["DEL", FLEET_KEYS.permit], {
      key: FLEET_KEYS.permit,
    });
  }

  async qualities(): Promise<ReadonlyMap<AggregatorId, StoredQuality>> {
    const reply = await this.#deps.link.send("qualities", ["HGETALL", FLEET_KEYS.quality], {
      key: FLEET_KEYS.quality,
    });
    const found = new Map<AggregatorId, StoredQuality>();
    for (const [name, json] of pairsOf(reply)) {
      const id = parseAggregatorId(name);
      const parsed = parseRecord(json, storedQuality);
      if (id !== undefined && parsed.kind === "ok") found.set(id, parsed.value);
    }
    return found;
  }

  async putQuality(id: AggregatorId, value: StoredQuality): Promise<void> {
    const command = ["HSET", FLEET_KEYS.quality, id, JSON.stringify(value)];
    await this.#deps.link.send("put quality", command, { key: FLEET_KEYS.quality });
  }

  async dropQuality(id: AggregatorId): Promise<void> {
    await this.#deps.link.send("drop quality", ["HDEL", FLEET_KEYS.quality, id], {
      key: FLEET_KEYS.quality,
    });
  }

  async takePermit({ incident, shard, token, rate }: PermitRequest): Promise<PermitOutcome> {
    const name = "take-permit";
    const reply = await this.#deps.scripts.run(
      name,
      [FLEET_KEYS.permit, FLEET_KEYS.disarm, FLEET_KEYS.permits],
      [incident, `${shard}`, `${token}`, `${rate.max}`, `${Math.ceil(rate.within)}`],
    );
    switch (reply[0]) {
      case "GRANTED":
        return { kind: "granted" };
      case "DISARMED":
        return { kind: "disarmed" };
      case "TOO_MANY":
        return { kind: "too-many", wait: durationMs(Number(textAt(name, reply, 1))) };
      case "TAKEN":
        return {
          kind: "taken",
          by: {
            incident: textAt(name, reply, 1) as IncidentId,
            shard: Number(textAt(name, reply, 2)) as ShardId,
            token: Number(textAt(name, reply, 3)) as FencingToken,
          },
        };
      default:
        return unknownStatus(name, reply);
    }
  }

  async permit(): Promise<PermitHolder | null> {
    const reply = await this.#deps.link.send("permit", ["GET", FLEET_KEYS.permit], {
      key: FLEET_KEYS.permit,
    });
    const found = /^(\S+) (\d+) (\d+)$/.exec(reply === null ? "" : String(reply));
    if (found === null) return null;
    const [, incident, shard, token] = found;
    return {
      incident: incident as IncidentId,
      shard: Number(shard) as ShardId,
      token: Number(token) as FencingToken,
    };
  }

  async freePermit({ incident, token }: Parameters<FleetStore["freePermit"]>[0]): Promise<void> {
    const values = [incident, String(token)];
    await this.#deps.scripts.run("free-permit", [FLEET_KEYS.permit], values);
  }

  async beginDrill(drill: DrillRecord, pause: DurationMs): Promise<boolean> {
    const { link } = this.#deps;
    const lock = ["SET", FLEET_KEYS.drill, drill.id, "NX", "PX", pause.toString()];
    if ((await link.send("begin drill", lock, { key: FLEET_KEYS.drill })) === null) return false;
    await this.putDrill(drill);
    const kept = new Set((await this.drills()).map(({ id }) => id));
    const names = listReply(
      "drills",
      await link.send("drills", ["HKEYS", FLEET_KEYS.drills], { key: FLEET_KEYS.drills }),
    );
    const old = names.map(String).filter((id) => !kept.has(id));
    if (old.length > 0) {
      const drop = ["HDEL", FLEET_KEYS.drills, ...old];
      await link.send("drop drills", drop, { key: FLEET_KEYS.drills });
    }
    return true;
  }

  async putDrill(drill: DrillRecord): Promise<void> {
    const command = ["HSET", FLEET_KEYS.drills, drill.id, JSON.stringify(drill)];
    await this.#deps.link.send("put drill", command, { key: FLEET_KEYS.drills });
  }

  async drills(): Promise<readonly DrillRecord[]> {
    const reply = listReply(
      "drills",
      await this.#deps.link.send("drills", ["HVALS", FLEET_KEYS.drills], {
        key: FLEET_KEYS.drills,
      }),
    );
    const drills = reply.flatMap((json) => {
      const parsed = parseRecord(String(json), drillRecordCheck);
      return parsed.kind === "ok" ? [parsed.value] : [];
    });
    return drills.sort((a, b) => b.startedAt - a.startedAt).slice(0, DRILLS_KEPT_MAX);
  }

  async appendAudit(entry: AuditEntry): Promise<void> {
    const fields = ["at", entry.at.toString(), "who", entry.who, "what", entry.what];
    await this.#deps.link.send(
      "append audit",
      [
        ...["XADD", FLEET_KEYS.audit, "MAXLEN", "~", AUDIT_KEPT_MAX.toString(), "*"],
        ...fields,
        ...["json", entry.json],
      ],
      { key: FLEET_KEYS.audit },
    );
  }

  async audit(limit: number): Promise<readonly AuditEntry[]> {
    const pageSize = Math.max(1, Math.min(AUDIT_PAGE_MAX, Math.floor(limit)));
    const command = ["XREVRANGE", FLEET_KEYS.audit, "+", "-", "COUNT", `${pageSize}`];
    const reply = listReply(
      "audit",
      await this.#deps.link.send("audit", command, { key: FLEET_KEYS.audit }),
    );
    return streamEntries(reply).flatMap(({ fields }) => {
      const at = Number(fields.get("at"));
      if (!Number.isFinite(at)) return [];
      const [who, what, json] = ["who", "what", "json"].map((name) => fields.get(name) ?? "");
      return [{ at: at as UnixMs, who: who ?? "", what: what ?? "", json: json ?? "" }];
    });
  }

  health(): StoreHealth {
    return this.#deps.link.health();
  }
}

/** A hash comes as a flat list or as an object, by the protocol version that the connection speaks. */
function pairsOf(reply: unknown): readonly (readonly [string, string])[] {
  if (!Array.isArray(reply))
    return Object.entries(reply ?? {}).map(([name, value]) => [name, String(value)] as const);
  const pairs: (readonly [string, string])[] = [];
  for (let at = 0; at + 1 < reply.length; at += 2)
    pairs.push([String(reply[at]), String(reply[at + 1])]);
  return pairs;
}

function parseAggregator(name: string, line: string): AggregatorRecord | null {
  const groups = /^(?<counter>\d{1,15}) (?<document>.*)$/s.exec(line)?.groups;
  const id = parseAggregatorId(name);
  if (groups === undefined || id === undefined) return null;
  const parsed = parseRecord(groups["document"] ?? "", aggregatorCheck);
  if (parsed.kind === "damaged") return null;
  const { census } = parsed.value as { readonly census?: unknown };
  return {
    ...parsed.value,
    id,
    counter: Number(groups["counter"]),
    census: ownerCountOf(census),
  };
}

function parseMeta(flat: readonly Reply[]): ClusterMeta | null {
  if (flat.length === 0) return null;
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < flat.length; at += 2)
    fields.set(String(flat[at]), String(flat[at + 1]));
  const found: ClusterMeta = {
    clusterId: fields.get("clusterId") ?? "",
    schemaVersion: Number(fields.get("schemaVersion")),
    shardCount: Number(fields.get("shardCount")),
    createdAt: Number(fields.get("createdAt")) as UnixMs,
  };
  if (found.schemaVersion !== STORE_SCHEMA_VERSION) {
    throw mismatch(`schema version ${fields.get("schemaVersion")}`, `${STORE_SCHEMA_VERSION}`);
  }
  if (found.shardCount !== SHARD_COUNT) {
    throw mismatch(`${fields.get("shardCount")} shards`, `${SHARD_COUNT}`);
  }
  if (found.clusterId === "") throw mismatch("no cluster id", "one");
  return found;
}

function mismatch(found: string, wanted: string): OperatingError {
  return new OperatingError(
    "HB_STORE_SCHEMA_MISMATCH",
    `the store has ${found} in ${FLEET_KEYS.meta}, this version works with ${wanted}`,
  );
}
