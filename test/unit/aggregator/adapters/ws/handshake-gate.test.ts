import type { Socket } from "node:net";
import { HandshakeGate } from "@herdbeat/aggregator/adapters/ws/handshake-gate";
import * as assert from "uvu/assert";
import { suite } from "../../../../support/suite.ts";

const test = suite("handshake gate");
const IN_FLIGHT = 32;
const WAITING = 4_096;

interface Fake {
  destroyed: boolean;
  destroy(): void;
}

function world(): {
  readonly gate: HandshakeGate;
  readonly begun: Fake[];
  readonly arrive: (count: number) => readonly Fake[];
} {
  const begun: Fake[] = [];
  const gate = new HandshakeGate((socket) => begun.push(socket as unknown as Fake));
  const arrive = (count: number): readonly Fake[] =>
    Array.from({ length: count }, () => {
      const socket: Fake = {
        destroyed: false,
        destroy: () => {
          socket.destroyed = true;
        },
      };
      gate.enter(socket as unknown as Socket);
      return socket;
    });
  return { gate, begun, arrive };
}

test("lets in as many as may be in flight, the others in their order", () => {
  const { gate, begun, arrive } = world();
  const sockets = arrive(IN_FLIGHT + 3);
  assert.is(begun.length, IN_FLIGHT);
  assert.is(gate.waiting, 3);
  for (let ended = 0; ended < 3; ended++) gate.leave();
  assert.equal(begun, sockets);
  assert.is(gate.waiting, 0);
});

test("drops what is beyond the places to wait in, and counts it", () => {
  const { gate, begun, arrive } = world();
  const sockets = arrive(IN_FLIGHT + WAITING + 10);
  assert.is(gate.dropped, 10);
  assert.is(sockets.filter(({ destroyed }) => destroyed).length, 10);
  assert.is(begun.length, IN_FLIGHT);
});

test("passes over who was ended while it waited", () => {
  const { gate, begun, arrive } = world();
  const sockets = arrive(IN_FLIGHT + 5);
  for (const socket of sockets.slice(IN_FLIGHT, IN_FLIGHT + 4)) socket.destroy();
  gate.leave();
  assert.is(begun.at(-1), sockets.at(-1));
  assert.is(gate.waiting, 0);
});

test("a storm that does not end: every place is used again, in order, for as long as it lasts", () => {
  const { gate, begun, arrive } = world();
  const all = [...arrive(IN_FLIGHT + 100)];
  for (let round = 0; round < 10_000; round++) {
    gate.leave();
    all.push(...arrive(1));
  }
  assert.is(begun.length, IN_FLIGHT + 10_000);
  assert.is(gate.waiting, 100);
  assert.is(gate.dropped, 0);
  assert.ok(begun.every((socket, index) => socket === all[index]));
  for (let left = 0; left < IN_FLIGHT + 100; left++) gate.leave();
  assert.is(gate.waiting, 0);
  arrive(IN_FLIGHT);
  assert.is(begun.length, all.length + IN_FLIGHT);
});

test("ends who waits when it closes", () => {
  const { gate, arrive } = world();
  const sockets = arrive(IN_FLIGHT + 2);
  gate.close();
  assert.equal(
    sockets.slice(IN_FLIGHT).map(({ destroyed }) => destroyed),
    [true, true],
  );
});

test.run();
