/** Checks of services on this host. Addresses are literal: no name service is ever asked. */
import { createRequire } from "node:module";
import { connect, type Socket } from "node:net";
import { type Clock, type DurationMs, elapsed } from "@herdbeat/shared/time";
import type { CheckResult, ServiceCheck, ServiceChecks } from "../../ports/services.ts";

// An `import` looks at every export of the module, and some of Node 24's load a whole HTTP client: 5 MB.
const { get } = createRequire(import.meta.url)("node:http") as typeof import("node:http");

type Outcome = Omit<CheckResult, "took">;

export class LocalServiceChecks implements ServiceChecks {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async run(check: ServiceCheck): Promise<CheckResult> {
    const startedAt = this.#clock.now();
    const outcome =
      check.kind === "http" ? await httpCheck(check.url, check.timeout) : await socketCheck(check);
    return { ...outcome, took: elapsed(startedAt, this.#clock.now()) };
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

function socketCheck(check: Exclude<ServiceCheck, { kind: "http" }>): Promise<Outcome> {
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

function failure(target: string, error: Error, timeout: DurationMs): Outcome {
  const code = (error as NodeJS.ErrnoException).code;
  if (error.name === "AbortError" || error.name === "TimeoutError" || code === "ETIMEDOUT") {
    return { outcome: "timeout", detail: `${target} did not answer in ${timeout} ms` };
  }
  if (code === "ECONNREFUSED" || code === "ENOENT" || code === "ECONNRESET") {
    return { outcome: "refused", detail: `${target}: ${code}` };
  }
  return { outcome: "wrong-answer", detail: `${target}: ${code ?? error.message}` };
}
