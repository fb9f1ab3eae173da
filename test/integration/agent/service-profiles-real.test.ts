// deadline: 180s
// needs: store services
// Profiles against the real servers of Debian: ok, hung (stopped by a signal), down (ended). Ports are
// free ones, so the check's target is moved; what is sent and expected is the shipped profile's.
import { spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LocalServiceChecks } from "@herdbeat/agent/adapters/service-check/checks";
import type { ServiceProfile } from "@herdbeat/agent/core/service-profile";
import type { CheckResult } from "@herdbeat/agent/ports/services";
import { systemClock } from "@herdbeat/shared/system-clock";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { startProcess, withProcess } from "../../support/processes.ts";
import { onlyWith } from "../../support/skip.ts";
import { suite } from "../../support/suite.ts";
import { withTempDir } from "../../support/temp-dir.ts";

const test = suite("service-profiles-real");
const checks = new LocalServiceChecks(systemClock);
const shipped = JSON.parse(
  readFileSync(new URL("../../../agent/profiles/shipped.json", import.meta.url), "utf8"),
) as readonly ServiceProfile[];
const TEST_MS = 60_000;

interface RealServer {
  readonly id: string;
  readonly program: string;
  readonly start: (folder: string, port: number) => readonly [string, readonly string[]];
}

const NGINX = (folder: string, port: number): string => `
daemon off; master_process off; error_log ${folder}/error.log; pid ${folder}/pid; user root;
events {}
http { access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder};
  fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${port}; location = /euca_md_status { stub_status; } } }
`;

const POSTGRES = existsSync("/usr/lib/postgresql")
  ? `/usr/lib/postgresql/${readdirSync("/usr/lib/postgresql").sort().at(-1)}/bin`
  : "/usr/lib/postgresql/15/bin";

/** PostgreSQL does not run as root. */
function asPostgres(command: string): readonly [string, readonly string[]] {
  return [
    "setpriv",
    ["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh", "-c", command],
  ];
}

function postgres(folder: string, port: number): readonly [string, readonly string[]] {
  const data = join(folder, "data");
  mkdirSync(data);
  const owner = Number(spawnSync("id", ["-u", "postgres"], { encoding: "utf8" }).stdout);
  chownSync(folder, owner, owner);
  chownSync(data, owner, owner);
  const quick = "-c fsync=off -c full_page_writes=off";
  return asPostgres(
    `${POSTGRES}/initdb -D ${data} -A trust --no-sync >/dev/null && exec ${POSTGRES}/postgres -D ${data} ` +
      `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=${folder} ${quick}`,
  );
}

const servers: readonly RealServer[] = [
  {
    id: "redis",
    program: "/usr/bin/redis-check-rdb",
    start: (folder, port) => [
      "/bin/sh",
      [
        "-c",
        `cd ${folder} && ln -s /usr/bin/redis-check-rdb redis-server && exec ./redis-server --port ${port} --bind 127.0.0.1 --save ''`,
      ],
    ],
  },
  {
    id: "memcached",
    program: "/usr/bin/memcached",
    start: (_folder, port) => [
      "/usr/bin/memcached",
      ["-u", "root", "-l", "127.0.0.1", "-p", String(port), "-U", "0", "-m", "8"],
    ],
  },
  {
    id: "euca-metadata",
    program: "/usr/sbin/nginx",
    start: (folder, port) => {
      writeFileSync(join(folder, "nginx.conf"), NGINX(folder, port));
      return [
        "/usr/sbin/nginx",
        ["-c", join(folder, "nginx.conf"), "-e", join(folder, "error.log")],
      ];
    },
  },
  {
    id: "etcd",
    program: "/usr/bin/etcd",
    start: (folder, port) => {
      const url = `http://127.0.0.1:${port}`;
      const peer = "http://127.0.0.1:0";
      const args = ["--data-dir", join(folder, "data"), "--listen-client-urls", url];
      return [
        "/usr/bin/etcd",
        [
          ...args,
          "--advertise-client-urls",
          url,
          "--listen-peer-urls",
          peer,
          "--log-level",
          "error",
        ],
      ];
    },
  },
  { id: "postgres", program: `${POSTGRES}/postgres`, start: postgres },
  { id: "euca-postgres", program: `${POSTGRES}/postgres`, start: postgres },
];

for (const server of servers) {
  onlyWith(test, "needs-services", existsSync(server.program))(
    `${server.id}: ok, hung and down`,
    () => okHungDown(server),
    TEST_MS,
  );
}

function okHungDown({ id, start }: RealServer): Promise<void> {
  const check = shipped.find((profile) => profile.id === id)?.check;
  assert.ok(check?.kind === "exchange", id);
  return withTempDir(id, async (folder) => {
    const port = await freePort();
    const target = `127.0.0.1:${port}`;
    const run = (ms: number): Promise<CheckResult> =>
      checks.run({ ...check, target, timeout: durationMs(ms) }, null);
    const [program, args] = start(folder, port);
    await withProcess(startProcess(program, args), async (running) => {
      let last: CheckResult | null = null;
      const answered = async (): Promise<boolean> => {
        last = await run(3_000);
        return last.outcome === "answered";
      };
      await eventually(answered, {
        what: `an answer of ${id}`,
        withinMs: 40_000,
        everyMs: 200,
      }).catch((error: unknown) => {
        throw new Error(`${JSON.stringify(last)}\n${running.output().slice(-2_000)}`, {
          cause: error,
        });
      });
      process.kill(-running.pid, "SIGSTOP");
      await eventually(async () => (await run(500)).outcome === "timeout", {
        what: `${id} to be hung`,
        withinMs: 10_000,
      });
      process.kill(-running.pid, "SIGCONT");
      await eventually(answered, { what: `${id} again`, withinMs: 20_000 });
    });
    await eventually(async () => (await run(1_000)).outcome === "refused", {
      what: `${id} to be down`,
      withinMs: 10_000,
    });
  });
}

const CHRONYD = "/usr/sbin/chronyd";

/** `-x`: it never touches the clock of the machine. */
async function chronySays(...directives: readonly string[]): Promise<CheckResult | undefined> {
  const check = shipped.find(({ id }) => id === "chrony")?.check;
  assert.ok(check?.kind === "exchange");
  const port = await freePort();
  return withTempDir("chrony", (folder) => {
    const all = [
      `cmdport ${port}`,
      "bindcmdaddress 127.0.0.1",
      "port 0",
      `pidfile ${folder}/pid`,
      "bindcmdaddress /",
      "user root",
      ...directives,
    ];
    return withProcess(startProcess(CHRONYD, ["-d", "-x", ...all]), (running) =>
      eventually(
        async () => {
          const target = `127.0.0.1:${port}`;
          const answer = await checks.run({ ...check, target, timeout: durationMs(1_000) }, null);
          return ["answered", "wrong-answer"].includes(answer.outcome) ? answer : undefined;
        },
        { what: "an answer of chrony", withinMs: 30_000 },
      ).catch((error: unknown) => {
        throw new Error(running.output().slice(-2_000), { cause: error });
      }),
    );
  });
}

onlyWith(test, "needs-services", existsSync(CHRONYD))(
  "chrony: synchronised and not",
  async () => {
    assert.is((await chronySays("local stratum 8"))?.outcome, "answered");
    const answer = await chronySays();
    assert.equal([answer?.outcome, answer?.reason], ["wrong-answer", "NotSynchronised"]);
  },
  TEST_MS,
);

test.run();
