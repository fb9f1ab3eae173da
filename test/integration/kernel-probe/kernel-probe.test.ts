import { createServer } from "node:net";
import {
  DefaultGatewayCheck,
  defaultGateway,
} from "@herdbeat/aggregator/adapters/kernel-probe/gateway-check";
import {
  PROBES_IN_FLIGHT_MAX,
  TcpKernelProbe,
} from "@herdbeat/aggregator/adapters/kernel-probe/tcp-kernel-probe";
import type { KernelProbe, ProbeOutcome } from "@herdbeat/aggregator/ports/kernel-probe";
import { systemClock, systemTimers } from "@herdbeat/shared/system-clock";
import { type DurationMs, durationMs, type Timers } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../support/suite.ts";

const test = suite("kernel-probe");
/** Below the ephemeral range, so that nothing can be given it by chance; nobody serves tcpmux. */
const CLOSED_PORT = 1;
const LONG: DurationMs = durationMs(10_000);

const probeOf = (port: number, timers: Timers = systemTimers): TcpKernelProbe =>
  new TcpKernelProbe({ clock: systemClock, timers, port });

const summary = (outcome: ProbeOutcome): string =>
  outcome.kind === "answered" ? `answered ${outcome.how}` : outcome.kind;

test("a closed port is the kernel's answer", async () => {
  assert.is(summary(await probeOf(CLOSED_PORT).probe("127.0.0.1", LONG)), "answered refused");
});

test("an open port is an answer too", async () => {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  assert.is(summary(await probeOf(port).probe("127.0.0.1", LONG)), "answered accepted");
  server.close();
});

test("silence until the deadline is no answer", async () => {
  // A deadline that is over before any packet could be read.
  const atOnce: Timers = {
    after: (_delay, callback) => {
      queueMicrotask(callback);
      return { cancel: () => {} };
    },
    afterDrain: (callback) => {
      callback();
      return { cancel: () => {} };
    },
  };
  const probe = probeOf(CLOSED_PORT, atOnce);
  assert.is(summary(await probe.probe("127.0.0.1", LONG)), "no-answer");
});

for (const address of ["", "localhost", "no-such-host.invalid", "127.0.0.1:80"]) {
  test(`does not look up ${address === "" ? "nothing" : address}`, async () => {
    assert.is(summary(await probeOf(9).probe(address, LONG)), "cannot-ask");
  });
}

test("answers more questions than it asks at once", async () => {
  const probe = probeOf(CLOSED_PORT);
  const asked = Array.from({ length: PROBES_IN_FLIGHT_MAX * 3 }, () =>
    probe.probe("127.0.0.1", LONG),
  );
  const outcomes = new Set((await Promise.all(asked)).map(summary));
  assert.equal([...outcomes], ["answered refused"]);
});

const ROUTES = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth1\t00000000\t010210AC\t0003\t0\t0\t200\t00000000\t0\t0\t0
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
`;

test("finds the gateway of the cheapest default route", () => {
  assert.is(defaultGateway(ROUTES), "192.168.1.1");
});

for (const [what, routes] of [
  ["nothing", ""],
  [
    "no default route",
    ROUTES.split("\n")
      .filter((line) => !line.includes("\t00000000\t0"))
      .join("\n"),
  ],
  ["a default route without gateway", ROUTES.replaceAll("0003", "0001")],
  ["garbage", "x\ny z\n\t\t\t"],
] as const) {
  test(`finds no gateway in ${what}`, () => {
    assert.is(defaultGateway(routes), null);
  });
}

test("says none where there is no gateway, without asking anybody", async () => {
  const probe: KernelProbe = { probe: () => Promise.reject(new Error("asked")) };
  assert.is(await new DefaultGatewayCheck(probe, "/nonexistent").check(LONG), "none");
});

test.run();
