/** Checks of services on this host. Addresses are literal: no name service is ever asked. */
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { type Clock, type DurationMs, elapsed } from "@herdbeat/shared/time";
import type { CheckResult, ServiceCheck, ServiceChecks } from "../../ports/services.ts";
import { failure, type Outcome } from "./outcome.ts";

// An `import` looks at every export of the module, and some of Node 24's load a whole HTTP client: 5 MB.
const { get } = createRequire(import.meta.url)("node:http") as typeof import("node:http");

export class LocalServiceChecks implements ServiceChecks {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(check: ServiceCheck, pid: number | null): Promise<CheckResult> {
    const startedAt = this.#clock.now();
    const outcome = await outcomeOf(check, pid, this.#clock);
    return { ...outcome, took: elapsed(startedAt, this.#clock.now()) };
  }
}

async function outcomeOf(check: ServiceCheck, pid: number | null, clock: Clock): Promise<Outcome> {
  switch (check.kind) {
    case "http":
      return httpCheck(check.url, check.timeout);
    case "tcp":
    case "unix":
      return socketCheck(check);
    default: {
      // Only hosts with profiles need these.
      const { profileCheck } = await import("./profile-checks.ts");
      return profileCheck(check, pid, clock);
    }
  }
}

function httpCheck(url: string, timeout: DurationMs): Promise<Outcome> {
  return new Promise((resolve) => {
    const request = get(url, { signal: AbortSignal.timeout(timeout), agent: false }, (response) => {
      const status = response.statusCode ?? 0;
      response.destroy();
      const detail = `${url} answered ${status}`;
      resolve({ outcome: status > 0 && status < 500 ? "answered" : "wrong-answer", detail });
    });
    request.on("error", (error) => resolve(failure(url, error, timeout)));
  });
}

function socketCheck(check: Extract<ServiceCheck, { kind: "tcp" | "unix" }>): Promise<Outcome> {
  const target = check.kind === "tcp" ? check.address : check.path;
  return new Promise((resolve) => {
    let socket: Socket;
    if (check.kind === "tcp") {
      const separator = target.lastIndexOf(":");
      const host = target.slice(0, separator).replace(/^\[(.*)\]$/, "$1");
      socket = connect({ host, port: Number(target.slice(separator + 1)) });
    } else {
      socket = connect({ path: target });
    }
    const end = (outcome: Outcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(check.timeout, () => {
      end({ outcome: "timeout", detail: `${target} did not answer in ${check.timeout} ms` });
    });
    socket.once("connect", () => end({ outcome: "answered", detail: `${target} accepts` }));
    socket.once("error", (error) => end(failure(target, error, check.timeout)));
  });
}
