import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { DeadMan } from "@herdbeat/aggregator/adapters/dead-man/dead-man";
import { silentLogger } from "@herdbeat/shared/logger";
import { systemTimers } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { suite } from "../../support/suite.ts";

const test = suite("dead-man");

test("asks while it works, is silent when it does not, and outlives an endpoint that fails", async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(asked === 1 ? 500 : 204).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  let works = true;
  const deadMan = new DeadMan({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    interval: durationMs(10),
    works: () => works,
    timers: systemTimers,
    logger: silentLogger,
  });
  await deadMan.start();
  await eventually(() => asked >= 3);
  works = false;
  await new Promise((done) => setTimeout(done, 50));
  const before = asked;
  await new Promise((done) => setTimeout(done, 100));
  assert.is(asked, before);
  await deadMan.stop();
  server.closeAllConnections();
  server.close();
});

test.run();
