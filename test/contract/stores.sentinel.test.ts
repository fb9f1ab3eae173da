// deadline: 120s
// needs: store
import { startSentinel } from "../support/redis-deployments.ts";
import { redisContracts } from "./redis-stores.ts";

const test = redisContracts("stores on Redis, sentinel", startSentinel);

test.run();
