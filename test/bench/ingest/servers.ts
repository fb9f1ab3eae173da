/** The servers that the bench compares, each started the same way. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MeasuredProcess } from "../lib/measured-process.ts";

export type Server = keyof typeof SERVERS;

export interface Started {
  readonly process: MeasuredProcess;
  readonly endpoint: string;
  stop(): Promise<void>;
}

export const SERVERS = {
  /** The product: managed store, HTTP side and detection on. */
  aggregator: "aggregator/src/main.ts",
  /** The product's listener with an observer that does nothing. */
  "listener-only": "test/bench/ingest/listener-only.ts",
  "bare-counter": "test/bench/ingest/bare-counter.ts",
} as const;

export async function startServer(which: Server, core: number): Promise<Started> {
  const dir = mkdtempSync(join(tmpdir(), "herdbeat-ingest-"));
  const args = which === "aggregator" ? ["--config", writeConfig(dir)] : [];
  const process_ = new MeasuredProcess(core, SERVERS[which], args);
  const endpoint = await process_.line(
    (line) => /"(?:listening|stream)":"(ws[^"]+)"/.exec(line)?.[1],
  );
  return {
    process: process_,
    endpoint,
    stop: async () => {
      await process_.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function writeConfig(dir: string): string {
  const file = join(dir, "aggregator.yaml");
  const tokens = join(dir, "tokens");
  writeFileSync(tokens, "", { mode: 0o600 });
  writeFileSync(
    file,
    `aggregator: { id: bench, dataDir: ${dir}/data }
listen:
  stream: { host: 127.0.0.1, port: 0 }
  http: { host: 127.0.0.1, port: 0 }
  advertise: 127.0.0.1
api: { tokens: ${tokens} }
insecure: true
`,
  );
  return file;
}
