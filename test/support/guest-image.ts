/**
 * Builds the smallest useful guest: Debian's cloud kernel and a ~1 MB initramfs with busybox, the
 * virtio modules and our guest service. The kernel is downloaded, not installed; the image is kept
 * in a cache folder, where later calls only look. It goes off when its power button is pressed.
 *
 * The guest understands these words on its kernel command line, for tests:
 *   hb.silent   the guest service is not started
 *   hb.failing  the workload's check `demo` fails
 *   hb.writer   writes to its first disk without end (for I/O errors)
 *   hb.panic    the kernel panics three seconds after the start
 *   hb.poweroff the guest switches itself off three seconds after the start
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { ensureGuestKernel } from "../tools/bootstrap.mjs";
import { type ArchiveEntry, cpioArchive } from "./cpio-archive.ts";

export interface GuestImage {
  readonly kernel: string;
  readonly initramfs: string;
}

export interface GuestImageOptions {
  /** @default ~/.cache/herdbeat */
  readonly cacheDir?: string;
  readonly onProgress?: (text: string) => void;
}

/** Of busybox-static: the guest has no libraries. */
const BUSYBOX = "/bin/busybox";
/** In the order they must be loaded. */
const MODULES = [
  "virtio/virtio_ring",
  "virtio/virtio",
  "virtio/virtio_pci_legacy_dev",
  "virtio/virtio_pci_modern_dev",
  "virtio/virtio_pci",
  "char/virtio_console",
  "block/virtio_blk",
  "misc/pvpanic/pvpanic",
  "misc/pvpanic/pvpanic-mmio",
  "acpi/button",
  "input/evdev",
];
/** sizeof(struct input_event) */
const INPUT_EVENT_BYTES = 24;
const GUEST_SERVICE = fileURLToPath(new URL("../../agent/guest/herdbeat-guest", import.meta.url));

const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in ${MODULES.map((module) => module.split("/").at(-1)).join(" ")}; do
  insmod /lib/$module.ko
done
# The power button: \`virsh shutdown\`.
for button in /dev/input/event*; do
  (dd if="$button" of=/dev/null bs=${INPUT_EVENT_BYTES} count=1 2>/dev/null && poweroff -f) &
done
read -r words </proc/cmdline
case " $words " in *" hb.failing "*) touch /tmp/failing ;; esac
case " $words " in *" hb.panic "*) (sleep 3; echo c >/proc/sysrq-trigger) & ;; esac
case " $words " in *" hb.poweroff "*) (sleep 3; poweroff -f) & ;; esac
case " $words " in *" hb.writer "*)
  (while :; do dd if=/dev/zero of=/dev/vda bs=64k oflag=direct; sleep 1; done) & ;;
esac
case " $words " in
  *" hb.silent "*) while :; do sleep 60; done ;;
  *) while :; do /bin/herdbeat-guest; sleep 1; done ;;
esac
`;

const DEMO_CHECK = "#!/bin/sh\n[ ! -e /tmp/failing ]\n";

/** The image, from the cache when it was built before from the same sources. */
export async function buildGuestImage(options: GuestImageOptions = {}): Promise<GuestImage> {
  const cacheDir = options.cacheDir ?? join(homedir(), ".cache", "herdbeat");
  const progress = options.onProgress ?? (() => {});
  const service = await readFile(GUEST_SERVICE);
  const key = createHash("sha256").update(INIT).update(DEMO_CHECK).update(service).digest("hex");
  const folder = join(cacheDir, `guest-${key.slice(0, 16)}`);
  const image: GuestImage = {
    kernel: join(folder, "vmlinuz"),
    initramfs: join(folder, "initramfs.gz"),
  };
  if (await exists(image.initramfs)) return image;

  await mkdir(cacheDir, { recursive: true });
  progress("building the guest's image");
  const kernel = ensureGuestKernel("cloud");
  const entries = await guestEntries(kernel.modulesPath, service);
  const building = await mkdtemp(join(cacheDir, "building-"));
  await writeFile(join(building, "initramfs.gz"), gzipSync(cpioArchive(entries), { level: 9 }));
  await writeFile(join(building, "vmlinuz"), await readFile(kernel.kernelPath));
  // Whoever finishes first wins; both results are the same.
  await rename(building, folder).catch(() => rm(building, { recursive: true, force: true }));
  return image;
}

async function guestEntries(
  modulesPath: string,
  service: Buffer,
): Promise<readonly ArchiveEntry[]> {
  const drivers = join(modulesPath, "kernel", "drivers");
  const folders = ["bin", "dev", "etc", "etc/herdbeat-guest.d", "lib", "proc", "sys", "tmp"];
  const entries: ArchiveEntry[] = folders.map((path) => ({ kind: "folder", path }));
  const executable = (path: string, content: Buffer): void => {
    entries.push({ kind: "file", path, content, executable: true });
  };
  executable("init", Buffer.from(INIT));
  executable("bin/busybox", await readFile(BUSYBOX));
  entries.push({ kind: "link", path: "bin/sh", target: "busybox" });
  executable("bin/herdbeat-guest", service);
  executable("etc/herdbeat-guest.d/demo", Buffer.from(DEMO_CHECK));
  for (const module of MODULES) {
    const path = `lib/${module.split("/").at(-1) ?? module}.ko`;
    const content = await readFile(join(drivers, `${module}.ko`));
    entries.push({ kind: "file", path, content, executable: false });
  }
  return entries;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
