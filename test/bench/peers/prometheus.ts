/**
 * Prometheus and Alertmanager beside the aggregator, an exporter on each watched host. The package's
 * configurations, with a scrape of the hosts once a second, a rule for `up == 0` and a webhook.
 *
 * Two rules: one by the packages' defaults (evaluation every 15 s, the group waits 30 s), and for
 * comparison one that is evaluated every second and waits for nothing.
 *
 * Each life of a host has a label of its own, by which the package's configuration groups: else the
 * second death of a host would wait for the interval of its group.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { clockMs } from "../../fleet/commands.ts";
import { eventually } from "../../support/eventually.ts";
import type { TrackedProcess } from "../../support/processes.ts";
import { addressOf, type HostNetwork } from "../silent-death/host-network.ts";
import type { PeerSetup } from "./packages.ts";
import { killNow, type Sightings, startFollowed } from "./sightings.ts";

const EXPORTER_PORT = 9_100;
const READY_WITHIN_MS = 60_000;
const GET_TIMEOUT_MS = 2_000;
const TUNED = "HostDownTuned";
const RULES = {
  groups: [
    { name: "default", rules: [{ alert: "HostDown", expr: "up == 0" }] },
    { name: "tuned", interval: "1s", rules: [{ alert: TUNED, expr: "up == 0" }] },
  ],
};

type Table = Record<string, unknown>;

interface AlertBody {
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

export class PrometheusWatch {
  readonly #dir: string;
  readonly #network: HostNetwork;
  readonly #sightings: Sightings;
  readonly #exporters = new Map<number, TrackedProcess>();
  readonly #servers: TrackedProcess[] = [];
  readonly #lives = new Map<number, number>();
  readonly #webhook: Server;
  #files: Record<string, string> = {};

  constructor(dir: string, network: HostNetwork, sightings: Sightings) {
    this.#dir = dir;
    this.#network = network;
    this.#sightings = sightings;
    this.#webhook = createServer((request, response) => {
      this.#receive(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.#webhook.listen(0, "127.0.0.1", listening));
    const url = `http://127.0.0.1:${(this.#webhook.address() as AddressInfo).port}/`;
    this.#files = {
      "prometheus.yml": stringify(this.#prometheusConfig()),
      "rules.yml": stringify(RULES),
      "alertmanager.yml": stringify(alertmanagerConfig(url)),
    };
    for (const [name, text] of Object.entries(this.#files)) writeFileSync(this.#path(name), text);
    this.#writeTargets();
    for (const command of this.#commands()) this.#servers.push(startFollowed(command, () => {}));
    for (const port of [9_090, 9_093])
      await answers(`http://127.0.0.1:${port}/-/ready`).catch((error: unknown) => {
        const logs = this.#servers.map((server) => server.output().slice(-3_000));
        throw new Error(logs.join("\n---\n"), { cause: error });
      });
  }

  async boot(host: number): Promise<void> {
    const command = [...this.#network.inside(host), "prometheus-node-exporter"];
    this.#exporters.set(
      host,
      startFollowed(command, () => {}),
    );
    await answers(`http://${addressOf(host)}:${EXPORTER_PORT}/metrics`);
    this.#lives.set(host, (this.#lives.get(host) ?? 0) + 1);
    this.#writeTargets();
  }

  kill(host: number): Promise<void> {
    return killNow(this.#exporters.get(host));
  }

  /** Waits until a scrape of this life succeeded. */
  async ready(host: number): Promise<void> {
    const query = encodeURIComponent(`up{cluster="${this.#life(host)}"} == 1`);
    await eventually(
      async () => {
        const text = await get(`http://127.0.0.1:9090/api/v1/query?query=${query}`);
        const { data } = JSON.parse(text) as {
          readonly data: { readonly result: readonly unknown[] };
        };
        return data.result.length > 0;
      },
      { withinMs: READY_WITHIN_MS, everyMs: 250, what: `a scrape of host ${host}` },
    );
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    response.writeHead(200).end();
    const answeredMs = clockMs();
    const { alerts } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as AlertBody;
    for (const { status, labels } of alerts) {
      const host = Number(labels["host"]);
      // Alertmanager repeats; the webhook of an earlier life says nothing of this one.
      if (status !== "firing" || labels["cluster"] !== this.#life(host)) continue;
      const tuned = labels["alertname"] === TUNED;
      const detector = tuned ? "prometheusTunedWebhook" : "prometheusWebhook";
      this.#sightings.note(detector, host, JSON.stringify(labels), answeredMs);
    }
  }

  #life(host: number): string {
    return `host ${host}, life ${this.#lives.get(host) ?? 0}`;
  }

  #path(name: string): string {
    return join(this.#dir, name);
  }

  /** Prometheus watches the file. */
  #writeTargets(): void {
    const targets = [...this.#lives.keys()].map((host) => ({
      targets: [`${addressOf(host)}:${EXPORTER_PORT}`],
      labels: { host: String(host), cluster: this.#life(host) },
    }));
    writeFileSync(this.#path("targets.json"), JSON.stringify(targets));
  }

  #prometheusConfig(): Table {
    const packaged = parse(readFileSync("/etc/prometheus/prometheus.yml", "utf8")) as Table;
    const job = {
      job_name: "node",
      scrape_interval: "1s",
      file_sd_configs: [{ files: [this.#path("targets.json")] }],
    };
    return { ...packaged, rule_files: [this.#path("rules.yml")], scrape_configs: [job] };
  }

  #commands(): readonly (readonly string[])[] {
    return [
      [
        "prometheus-alertmanager",
        `--config.file=${this.#path("alertmanager.yml")}`,
        `--storage.path=${this.#path("alertmanager")}`,
      ],
      [
        "prometheus",
        `--config.file=${this.#path("prometheus.yml")}`,
        `--storage.tsdb.path=${this.#path("prometheus")}`,
      ],
    ];
  }

  setup(): PeerSetup {
    // Paths and the receiver's port differ from run to run and mean nothing.
    const plain = (text: string): string =>
      text.replaceAll(`${this.#dir}/`, "").replace(/127\.0\.0\.1:\d+/, "127.0.0.1:PORT");
    const commands = [...this.#commands(), ["prometheus-node-exporter"]];
    return {
      commandLines: commands.map((command) => plain(command.join(" "))),
      files: Object.fromEntries(
        Object.entries(this.#files).map(([name, text]) => [name, plain(text)]),
      ),
    };
  }

  async stop(): Promise<void> {
    this.#webhook.closeAllConnections();
    this.#webhook.close();
    const all = [...this.#exporters.values(), ...this.#servers];
    await Promise.all(all.map((one) => killNow(one)));
  }
}

/** The package's, with one receiver. */
function alertmanagerConfig(url: string): Table {
  const packaged = parse(readFileSync("/etc/prometheus/alertmanager.yml", "utf8")) as Table;
  const tuned = { match: { alertname: TUNED }, receiver: "bench", group_wait: "0s" };
  return {
    ...packaged,
    route: { ...(packaged["route"] as Table), receiver: "bench", routes: [tuned] },
    receivers: [{ name: "bench", webhook_configs: [{ url }] }],
  };
}

async function get(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(GET_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.text();
}

async function answers(url: string): Promise<void> {
  await eventually(async () => (await get(url)) !== "", {
    withinMs: READY_WITHIN_MS,
    everyMs: 200,
    what: url,
  });
}
