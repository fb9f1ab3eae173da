import { createApp } from "@herdbeat/aggregator/adapters/http/app";
import { installAuthentication } from "@herdbeat/aggregator/adapters/http/authentication";
import { Sessions } from "@herdbeat/aggregator/adapters/http/sessions";
import {
  createTokenRegistry,
  generateToken,
  parseTokens,
} from "@herdbeat/aggregator/adapters/http/tokens";
import { silentLogger } from "@herdbeat/shared/logger";
import { silentMetrics } from "@herdbeat/shared/metrics";
import * as assert from "uvu/assert";
import { FIXTURE_START } from "../../../../support/fixture-nodes.ts";
import { suite } from "../../../../support/suite.ts";
import { VirtualTime } from "../../../../support/virtual-time.ts";

const test = suite("authentication");

test("keeps a route whose scope was forgotten for admins", async () => {
  const { clock } = new VirtualTime(FIXTURE_START);
  const operator = generateToken("op", "operator");
  const admin = generateToken("root", "admin");
  const tokens = createTokenRegistry(parseTokens(`${operator.line}\n${admin.line}`, "tokens"));
  const app = createApp({ logger: silentLogger, metrics: silentMetrics, clock, tls: undefined });
  const sessions = new Sessions(tokens, clock);
  installAuthentication(app, { tokens, sessions, clock, logger: silentLogger });
  app.get("/forgotten", async () => "secret");
  const statusFor = async (headers: Readonly<Record<string, string>>): Promise<number> =>
    (await app.inject({ url: "/forgotten", headers })).statusCode;
  assert.is(await statusFor({}), 401);
  assert.is(await statusFor({ authorization: `Bearer ${operator.token}` }), 403);
  assert.is(await statusFor({ authorization: `Bearer ${admin.token}` }), 200);
  await app.close();
});

test.run();
