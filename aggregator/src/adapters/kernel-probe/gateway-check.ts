/** Whether our own default gateway answers: asked of the kernel's routing table and by the same probe. */
import { readFile } from "node:fs/promises";
import type { DurationMs } from "@herdbeat/shared/time";
import type { GatewayCheck, KernelProbe } from "../../ports/kernel-probe.ts";

const ROUTE_BYTES_MAX = 256 * 1024;
/** RTF_UP | RTF_GATEWAY of linux/route.h. */
const FLAGS_WANTED = 0x3;

export class DefaultGatewayCheck implements GatewayCheck {
  readonly #probe: KernelProbe;
  readonly #routeFile: string;

  constructor(probe: KernelProbe, routeFile = "/proc/net/route") {
    this.#probe = probe;
    this.#routeFile = routeFile;
  }

  async check(timeout: DurationMs): Promise<"answers" | "silent" | "none"> {
    const gateway = defaultGateway(await this.#routes());
    if (gateway === null) return "none";
    const outcome = await this.#probe.probe(gateway, timeout);
    return outcome.kind === "answered" ? "answers" : "silent";
  }

  async #routes(): Promise<string> {
    try {
      return (await readFile(this.#routeFile, "utf8")).slice(0, ROUTE_BYTES_MAX);
    } catch {
      // No routing table to read is no gateway to ask; the verdict then rests on the other nodes.
      return "";
    }
  }
}

/** The gateway of the default route with the lowest metric, from the text of /proc/net/route. */
export function defaultGateway(routes: string): string | null {
  let best: { readonly address: string; readonly metric: number } | null = null;
  for (const line of routes.split("\n").slice(1)) {
    const [, destination, gateway, flags, , , metric] = line.trim().split(/\s+/);
    if (destination !== "00000000" || gateway === undefined || !/^[0-9A-Fa-f]{8}$/.test(gateway))
      continue;
    if ((Number.parseInt(flags ?? "0", 16) & FLAGS_WANTED) !== FLAGS_WANTED) continue;
    const cost = Number(metric ?? 0);
    if (best === null || cost < best.metric)
      best = { address: littleEndian(gateway), metric: cost };
  }
  return best?.address ?? null;
}

function littleEndian(hex: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join(".");
}
