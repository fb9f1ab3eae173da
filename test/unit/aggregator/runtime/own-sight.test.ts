import { OwnSightKeeper } from "@herdbeat/aggregator/runtime/own-sight";
import { durationMs, unixMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { suite } from "../../../support/suite.ts";
import { VirtualTime } from "../../../support/virtual-time.ts";

const test = suite("own-sight");

test("a gateway that was silent vouches for us only after it answered for the whole timeout", async () => {
  const time = new VirtualTime(unixMs(0));
  let gateway: "answers" | "silent" = "answers";
  const check = (): Promise<"answers" | "silent"> => Promise.resolve(gateway);
  const sight = new OwnSightKeeper({ check }, time.clock, durationMs(3_000));
  const look = async (ms: number): Promise<string> => {
    for (let passed = 0; passed < ms; passed += 100) {
      await time.advance(100);
      sight.refresh(true);
    }
    await time.advance(0);
    return sight.answer;
  };
  assert.is(await look(1_000), "answers");
  gateway = "silent";
  assert.is(await look(1_000), "silent");
  gateway = "answers";
  assert.is(await look(2_500), "silent");
  assert.is(await look(1_500), "answers");
  gateway = "silent";
  assert.is(await look(600), "silent");
});

test.run();
