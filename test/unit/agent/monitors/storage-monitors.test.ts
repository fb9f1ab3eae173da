import { createBlockPathsMonitor } from "@herdbeat/agent/monitors/block-paths";
import { createStorageMonitor, parseMountPoints } from "@herdbeat/agent/monitors/storage";
import type { StorageAnswer, StorageProber } from "@herdbeat/agent/ports/storage-prober";
import { durationMs } from "@herdbeat/shared/time";
import * as assert from "uvu/assert";
import { memoryFiles } from "../../../support/memory-files.ts";
import { suite } from "../../../support/suite.ts";

const test = suite("storage-monitors");
const { signal } = new AbortController();

const CONFIG = {
  name: "instances",
  path: "/var/lib/nova/instances/",
  timeout: durationMs(2_000),
  slowAfter: durationMs(500),
  minFreePercent: 2,
  mountPoint: false,
};

function storage(more: Partial<typeof CONFIG> = {}, table: string | null = null) {
  const asked: (readonly [string, boolean])[] = [];
  let answer: StorageAnswer = { kind: "written", took: durationMs(4), freePercent: 40 };
  const prober: StorageProber = {
    probe: (folder, _timeout, withSpace) => {
      asked.push([folder, withSpace]);
      return Promise.resolve(answer);
    },
    stop: () => {},
  };
  const files = memoryFiles(table === null ? {} : { "/proc/self/mountinfo": table });
  const monitor = createStorageMonitor([{ ...CONFIG, ...more }], prober, files);
  return {
    asked,
    answers: (next: StorageAnswer) => {
      answer = next;
    },
    rounds: async (count: number): Promise<string> => {
      let said = "";
      for (let round = 0; round < count; round++) {
        const [finding] = await monitor.probe(signal);
        said = `${finding?.status} ${finding?.failureClass} ${finding?.reason}`;
      }
      return said;
    },
  };
}

const failed = (text: string): StorageAnswer => ({ kind: "failed", text });
const written = (took: number, freePercent: number | null = null): StorageAnswer => ({
  kind: "written",
  took: durationMs(took),
  freePercent,
});

const answers: readonly (readonly [StorageAnswer, string])[] = [
  [written(4), "ok storage-down Writable"],
  [written(4, 1.5), "problem storage-degraded NearlyFull"],
  [{ kind: "hung", since: durationMs(2_100) }, "problem storage-down StorageHung"],
  [{ kind: "not-asked", why: "no process" }, "unknown storage-down NotAsked"],
  [failed("failed to open 'x': Read-only file system"), "problem storage-down ReadOnly"],
  [failed("error writing 'x': No space left on device"), "problem storage-down NoSpace"],
  [failed("failed to open 'x': No such file or directory"), "problem storage-down PathMissing"],
  [failed("failed to open 'x': Stale file handle"), "problem storage-down StaleHandle"],
  [failed("failed to open 'x': Permission denied"), "problem storage-down PermissionDenied"],
  [failed("error writing 'x': Input/output error"), "problem storage-down WriteFailed"],
  [failed("\0".repeat(300)), "problem storage-down WriteFailed"],
];
for (const [answer, expected] of answers)
  test(`takes ${JSON.stringify(answer).slice(0, 70)} for ${expected}`, async () => {
    const { answers: says, rounds } = storage();
    says(answer);
    assert.is(await rounds(1), expected);
  });

test("calls storage slow after three slow writes in a row, and remembers its space", async () => {
  const { answers: says, rounds, asked } = storage();
  says(written(501, 40));
  assert.is(await rounds(2), "ok storage-down Writable");
  says(written(20));
  assert.is(await rounds(1), "ok storage-down Writable");
  says(written(501));
  assert.is(await rounds(3), "problem storage-degraded SlowWrites");
  says(written(20, 1));
  await rounds(1);
  says(written(20));
  assert.is(await rounds(1), "problem storage-degraded NearlyFull");
  await rounds(4);
  assert.equal(asked.map(([, withSpace]) => (withSpace ? "s" : "-")).join(""), "s---------s-");
});

test("wants something mounted where the configuration says so", async () => {
  const table =
    "36 25 0:31 / /srv/with\\040space rw - nfs4 a:/ rw\n37 25 0:32 / /var/lib/nova/instances rw - nfs4 b:/ rw\nbroken";
  assert.equal([...parseMountPoints(table)], ["/srv/with space", "/var/lib/nova/instances"]);
  const mounted = storage({ mountPoint: true }, table);
  assert.is(await mounted.rounds(1), "ok storage-down Writable");
  assert.equal(mounted.asked, [["/var/lib/nova/instances", true]]);
  const lost = storage({ mountPoint: true }, "36 25 0:31 / / rw - ext4 /dev/sda1 rw\n");
  assert.is(await lost.rounds(1), "problem storage-down NotMounted");
  assert.equal(lost.asked, []);
});

test("tells ways to block storage", async () => {
  const files = memoryFiles({
    "/sys/class/iscsi_session/session1/state": "LOGGED_IN\n",
    "/sys/class/iscsi_session/session2/state": "FAILED\n",
    "/sys/class/fc_host/host3/port_state": "Linkdown\n",
    "/sys/class/nvme/nvme0/state": "live\n",
    "/sys/class/nvme/nvme1/state": "connecting\n",
    "/sys/class/block/dm-0/dm/uuid": "LVM-abc\n",
    "/sys/class/block/dm-1/dm/uuid": "mpath-36001405\n",
    "/sys/class/block/dm-1/dm/name": "mpatha\n",
    "/sys/class/block/dm-1/slaves/sdb": "",
    "/sys/class/block/dm-1/slaves/sdc": "",
    "/sys/class/block/sdb/device/state": "running\n",
    "/sys/class/block/sdc/device/state": "offline\n",
    "/sys/class/block/md0/md/array_state": "clean\n",
    "/sys/class/block/md0/md/degraded": "1\n",
    "/sys/class/block/md1/md/array_state": "broken\n",
  });
  const monitor = createBlockPathsMonitor(files);
  const said = async () =>
    (await monitor.probe(signal)).map(
      ({ subject, reason, status }) => `${subject} ${status} ${reason}`,
    );
  assert.equal(await said(), [
    "iscsi:session1 ok PathUp",
    "iscsi:session2 problem PathNotUp",
    "fc:host3 problem PathNotUp",
    "nvme:nvme0 ok PathUp",
    "nvme:nvme1 problem PathNotUp",
    "multipath:mpatha problem PathNotUp",
    "raid:md0 problem ArrayDegraded",
    "raid:md1 problem ArrayBroken",
  ]);
  files.set("/sys/class/block/sdb/device/state", "transport-offline\n");
  assert.ok((await said()).includes("multipath:mpatha problem NoPath"));
  files.vanish("/sys/class/block/dm-1");
  files.vanish("/sys/class/iscsi_session/session2/state");
  const left = await said();
  assert.is(
    left.some((one) => /mpatha|session2/.test(one)),
    false,
  );
});

test.run();
