import { createNetworkLinkMonitor } from "@herdbeat/agent/monitors/network-link";
import type { LinkEvents, Links } from "@herdbeat/agent/ports/links";
import { type Clock, monotonicMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";

const test = suite("network-link");

interface FakeLink {
  carrier: boolean;
  adminUp: boolean;
  changes: number;
  index: number;
  physical: boolean;
}

function setup(networks: Readonly<Record<string, string>>, ...names: readonly string[]) {
  let now = 0;
  const present = new Map<string, FakeLink>();
  const add = (name: string, more: Partial<FakeLink> = {}): void => {
    present.set(name, {
      carrier: true,
      adminUp: true,
      changes: 1,
      index: present.size + 1,
      physical: true,
      ...more,
    });
  };
  for (const name of names) add(name);
  let samples = 0;
  const links: Links = {
    list: () => [...present.keys()],
    sample: (name) => {
      samples += 1;
      const link = present.get(name);
      if (link === undefined) return Promise.resolve(null);
      return Promise.resolve({
        name,
        adminUp: link.adminUp,
        carrier: link.adminUp ? link.carrier : null,
        carrierChanges: link.changes,
        operState: "unknown",
        speedMbps: null,
        physical: link.physical,
      });
    },
    pulse: (name) => {
      const link = present.get(name);
      return link === undefined
        ? null
        : { adminUp: link.adminUp, carrierChanges: link.changes, interfaceIndex: link.index };
    },
    carrierChanges: (name) => present.get(name)?.changes,
    stop: () => {},
  };
  const clock: Clock = { now: () => monotonicMs(now), wallNow: () => unixMs(now) };
  const events = { isLive: false, tell: () => {} };
  const linkEvents: LinkEvents = {
    get isLive() {
      return events.isLive;
    },
    start: (onEvent) => {
      events.tell = onEvent;
    },
    stop: () => {},
  };
  const monitor = createNetworkLinkMonitor(
    { networks, discover: true },
    { links, linkEvents, clock },
  );
  return {
    add,
    remove: (name: string) => present.delete(name),
    set: (name: string, more: Partial<FakeLink>) => {
      const link = present.get(name);
      if (link === undefined) return;
      if (more.carrier !== undefined && more.carrier !== link.carrier) link.changes += 1;
      Object.assign(link, more);
    },
    after: (ms: number) => {
      now += ms;
    },
    samples: () => samples,
    events,
    start: (wake: () => void) => monitor.start?.(wake),
    poll: () => monitor.poll?.(),
    pollInterval: () => monitor.pollInterval?.(),
    look: async () => {
      const findings = await monitor.probe(new AbortController().signal);
      return findings.map(({ subject, status, failureClass, reason }) => [
        subject,
        status,
        failureClass,
        reason,
      ]);
    },
  };
}

const UP = ["eth0", "ok", "nic-down", "CarrierPresent"];
const LOST = ["eth0", "problem", "nic-down", "CarrierLost"];

test("sees a lost carrier by the counter alone, without a further sample", async () => {
  const { set, look, poll, samples } = setup({}, "eth0");
  assert.equal(await look(), [UP]);
  const before = samples();
  assert.is(poll(), false);
  set("eth0", { carrier: false });
  assert.is(poll(), true);
  assert.equal(await look(), [LOST]);
  assert.is(poll(), false);
  set("eth0", { carrier: true });
  assert.equal(await look(), [UP]);
  assert.is(samples(), before);
});

test("sees a loss and a return between two polls as nothing but a change", async () => {
  const { set, look, poll } = setup({}, "eth0");
  await look();
  set("eth0", { carrier: false });
  set("eth0", { carrier: true });
  assert.is(poll(), true);
  assert.equal(await look(), [UP]);
});

test("does not report a found port that never had carrier", async () => {
  const { add, set, look } = setup({});
  add("eth0", { carrier: false });
  assert.equal(await look(), []);
  set("eth0", { carrier: true });
  assert.equal(await look(), [UP]);
  set("eth0", { carrier: false });
  assert.equal(await look(), [LOST]);
});

test("reports a configured port that never had carrier, is down or missing", async () => {
  const { add, set, look, remove } = setup({ tenant: "eth0" });
  assert.equal(await look(), [["eth0", "problem", "nic-down", "InterfaceMissing"]]);
  add("eth0", { carrier: false });
  assert.equal(await look(), [LOST]);
  set("eth0", { adminUp: false });
  assert.equal(await look(), [["eth0", "problem", "nic-down", "AdministrativelyDown"]]);
  remove("eth0");
  assert.equal(await look(), [["eth0", "problem", "nic-down", "InterfaceMissing"]]);
});

test("takes an interface without a role that is set down for a decision", async () => {
  const { set, look } = setup({}, "eth0");
  await look();
  set("eth0", { adminUp: false });
  assert.equal(await look(), [["eth0", "ok", "nic-down", "AdministrativelyDown"]]);
});

test("learns the state anew when an interface comes up", async () => {
  const { add, set, look } = setup({ admin: "eth0" });
  add("eth0", { adminUp: false });
  await look();
  set("eth0", { adminUp: true, carrier: true });
  assert.equal(await look(), [UP]);
});

test("reports a found interface that worked and vanished", async () => {
  const { remove, look, poll } = setup({}, "eth0");
  await look();
  remove("eth0");
  assert.is(poll(), true);
  assert.equal(await look(), [["eth0", "problem", "nic-down", "InterfaceMissing"]]);
});

test("is not misled by another device under the same name", async () => {
  const { add, look } = setup({ admin: "eth0" }, "eth0");
  await look();
  add("eth0", { changes: 4, index: 99, carrier: false });
  assert.equal(await look(), [LOST]);
});

test("leaves devices of guests alone", async () => {
  const { add, look } = setup({}, "eth0");
  add("tap0", { physical: false });
  assert.equal(await look(), [UP]);
});

test("calls a link degraded after five losses within ten minutes, and forgets them", async () => {
  const { set, look, after } = setup({}, "eth0");
  await look();
  for (let flap = 0; flap < 5; flap++) {
    set("eth0", { carrier: false });
    await look();
    set("eth0", { carrier: true });
    after(1_000);
    await look();
  }
  assert.equal(await look(), [["eth0", "problem", "nic-degraded", "CarrierFlapping"]]);
  after(601_000);
  assert.equal(await look(), [UP]);
});

test("asks for no poll while there is nothing to watch", async () => {
  const { add, look, pollInterval } = setup({});
  await look();
  assert.is(pollInterval(), null);
  add("eth0");
  await look();
  assert.ok((pollInterval() ?? Number.POSITIVE_INFINITY) <= 200);
});

test("looks at once when the kernel tells of a change of what is watched, and polls less meanwhile", async () => {
  const { events, start, set, add, look, pollInterval } = setup({ tenant: "eth0" }, "eth0");
  let wakes = 0;
  await start(() => {
    wakes += 1;
  });
  await look();
  assert.is(pollInterval(), 200);
  events.isLive = true;
  assert.is(pollInterval(), 1_000);
  add("tap0", { physical: false });
  events.tell();
  assert.is(wakes, 0);
  set("eth0", { carrier: false });
  events.tell();
  assert.is(wakes, 1);
  assert.equal(await look(), [LOST]);
});

test.run();
