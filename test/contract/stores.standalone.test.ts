// deadline: 120s
// needs: store
import { startStandalone } from "../support/redis-deployments.ts";
import { redisContracts } from "./redis-stores.ts";

const test = redisContracts("stores on Redis, standalone", startStandalone);

test.run();
