/** A simulated fleet under real aggregators, in a namespace of its own: what stories of hosts share. */
import { setTimeout as delay } from "node:timers/promises";
import { createClient } from "redis";
import { type Effect, effects, explained, measured } from "./chain.ts";
import { eventually } from "./eventually.ts";
import { type Stack, startStack } from "./stack.ts";
import { makeTempDir } from "./temp-dir.ts";

export const FLEET_NODES = 12;

/** What is promised: service is back, and who died meanwhile is declared so soon. */
const BACK_TO_DECLARED_MS = 5_000;

export type FleetCommand = (command: Readonly<Record<string, unknown>>) => void;

let blocks = 0;

/** Dead addresses stay dead for the whole namespace: each test has its own. */
function nextBlock(): string {
  blocks += 1;
  return `127.${100 + blocks}.0.0/16`;
}

export async function withFleet(
  aggregators: number,
  use: (stack: Stack, fleet: FleetCommand) => Promise<void>,
): Promise<void> {
  const dir = makeTempDir("fleet");
  const stack = await startStack({ dir: dir.path, aggregators });
  try {
    await explained(stack, async () => {
      const options = ["--nodes", String(FLEET_NODES), "--address-base", nextBlock()];
      const { child } = stack.startFleet(options);
      await eventually(async () => (await alive(stack)) === FLEET_NODES, {
        withinMs: 20_000,
        what: "a fleet that is alive",
      });
      // First proofs are written within seconds; without them silence proves nothing after a restart.
      await delay(2_000);
      await use(stack, (command) => child.stdin?.write(`${JSON.stringify(command)}\n`));
    });
  } finally {
    await stack.stop();
    dir.remove();
  }
}

export async function alive(stack: Stack): Promise<number> {
  return (await stack.nodes()).filter((one) => one.state === "alive").length;
}

/** What the controller was told of hosts going down, once per message. */
export function declared(stack: Stack): Promise<readonly Effect[]> {
  return effects(stack, { class: "host-down", transition: "declared" });
}

export async function declaredDown(stack: Stack): Promise<readonly string[]> {
  return (await declared(stack)).map(({ node }) => node);
}

/** Waits for the first declaration as long as is promised after the return of service. */
export async function declaredSoonAfter(stack: Stack, backAt: number, what: string): Promise<void> {
  const first = await eventually(async () => (await declared(stack))[0], {
    withinMs: backAt + BACK_TO_DECLARED_MS - Date.now(),
    what: `a declaration after ${what}`,
  });
  measured(`${what} to the acceptance`, Date.parse(first.acceptedAt) - backAt);
}

/** One command to the stack's own Redis, over a connection of its own. */
export async function storeCommand(stack: Stack, ...command: readonly string[]): Promise<unknown> {
  const { socketPath = "", password = "" } = stack.redis ?? {};
  const client = createClient({
    socket: { path: socketPath, tls: false, reconnectStrategy: false },
    password,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    return await client.sendCommand([...command]);
  } finally {
    client.destroy();
  }
}
