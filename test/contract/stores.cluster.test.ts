// deadline: 120s
// needs: store
import { startCluster } from "../support/redis-deployments.ts";
import { redisContracts } from "./redis-stores.ts";

const test = redisContracts("stores on Redis, cluster", startCluster);

test.run();
