import type { NodeEvent } from "@herdbeat/aggregator/core/node-state";
import type { AgentHello, AgentSession } from "@herdbeat/aggregator/ports/agent-listener";
import { NodeTable } from "@herdbeat/aggregator/runtime/node-table";
import { SessionDesk, type SessionDeskDeps } from "@herdbeat/aggregator/runtime/session-desk";
import { type NodeId, shardOf } from "@herdbeat/shared/ids";
import { silentLogger } from "@herdbeat/shared/logger";
import {
  type Clock,
  durationMs,
  listeningMs,
  type MonotonicMs,
  unixMs,
} from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("session-desk");

const NODE = "node-1" as NodeId;

class Fixture {
  readonly table = new NodeTable();
  readonly posted: NodeEvent[] = [];
  /** Who may be asked as a witness. */
  readonly joined = new Set<AgentSession>();
  readonly desk: SessionDesk;
  now = 1_000;

  constructor() {
    const clock: Clock = { now: () => this.now as MonotonicMs, wallNow: () => unixMs(0) };
    const runner = { indexes: new Set<number>(), mirrorDirty: false };
    const turns = {
      now: () => listeningMs(this.now),
      apply: (_index: number, state: unknown) => ({ state, effects: [] }),
      post: (_index: number, _node: string, event: NodeEvent) => this.posted.push(event),
    };
    const witnesses = {
      joined: (_index: number, session: AgentSession) => this.joined.add(session),
      left: () => this.joined.clear(),
    };
    const deps = {
      clock,
      logger: silentLogger,
      table: this.table,
      runners: new Map([[shardOf(NODE), runner]]),
      turns,
      witnesses,
      heartbeatInterval: durationMs(1_000),
      shadow: false,
      endpointOf: () => null,
    };
    this.desk = new SessionDesk(deps as unknown as SessionDeskDeps);
  }

  hello(): AgentSession & { readonly said: string[] } {
    const said: string[] = [];
    const session = {
      node: -1,
      remoteAddress: "192.0.2.1",
      said,
      welcome: () => said.push("welcome"),
      ackHeartbeat: () => {},
      ackEvent: () => {},
      witness: () => {},
      goodbye: (reason: string) => said.push(reason),
    };
    const hello = {
      nodeId: NODE,
      hostname: "host-1",
      address: "192.0.2.1",
      labels: {},
      networks: [],
      capabilities: ["witness"],
      publicKey: null,
      inventoryJson: "",
    };
    this.desk.onHello(session, hello as unknown as AgentHello);
    return session;
  }
}

test("a newer session of a node replaces the one before it", () => {
  const fixture = new Fixture();
  const first = fixture.hello();
  const second = fixture.hello();
  assert.equal([first.said, second.said], [["welcome", "replaced"], ["welcome"]]);
  assert.equal([fixture.table.sessions, fixture.desk.connections], [[second], 1]);
  assert.equal([...fixture.joined], [second]);
});

test("after a conflict no session is left, and what the replaced ones send is not heard", () => {
  const fixture = new Fixture();
  const sessions = Array.from({ length: 5 }, () => fixture.hello());
  assert.equal(sessions.at(-1)?.said, ["identity-refused"]);
  assert.is(fixture.posted.at(-1)?.kind, "conflict");
  assert.equal([fixture.table.sessions, fixture.desk.connections], [[null], 0]);
  assert.is(fixture.joined.size, 0);
  const { length } = fixture.posted;
  fixture.now += 500;
  for (const session of sessions) {
    fixture.desk.onHeartbeat(session, 7, 0, 0, 0);
    fixture.desk.onClosed(session, "local");
  }
  assert.equal([fixture.desk.heartbeats, fixture.posted.length], [0, length]);
});

test("when nobody has taken turns for ten seconds, the next one is welcome", () => {
  const fixture = new Fixture();
  for (let i = 0; i < 5; i++) fixture.hello();
  fixture.now += 10_001;
  assert.equal(fixture.hello().said, ["welcome"]);
});

test.run();
