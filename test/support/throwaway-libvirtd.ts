/**
 * A libvirtd of one's own, beside any other on this machine, with tiny guests; leaves nothing behind.
 *
 * As root: a private mount namespace in which /run, /etc/libvirt and the state folders of libvirt are
 * folders below `root` (bind mounts), so that sockets, pid files and channels are reachable from
 * outside under `root`. As anybody else: libvirt's session daemon with XDG folders below `root`.
 * A supervising shell starts the daemon on request and, when its standard input ends (this process
 * is gone, in whatever way), kills what was started and removes `root`.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { buildGuestImage, type GuestImage } from "./guest-image.ts";
import { type GuestOptions, guestXml } from "./guest-xml.ts";

const execFileAsync = promisify(execFile);

/** A domain start under TCG takes 5 s; four times that on a busy machine. */
const VIRSH_DEADLINE_MS = 60_000;
const READY_DEADLINE_MS = 60_000;

/** Host features that a container lacks, or that a test does not need, are switched off. */
const QEMU_CONF = `user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
`;
/** The session daemon refuses what only root may set. */
const QEMU_CONF_SESSION = `security_driver = "none"
namespaces = []
stdio_handler = "file"
`;

/** No polkit in a container; access is by file mode. */
const LIBVIRTD_CONF = `auth_unix_ro = "none"
auth_unix_rw = "none"
unix_sock_ro_perms = "0700"
unix_sock_rw_perms = "0700"
log_outputs = "3:stderr"
`;

/**
 * QEMUs outlive libvirtd and become children of PID 1, which on a machine without systemd may reap
 * them only after seconds; libvirt tells nothing of a guest's end before. So the supervisor adopts
 * them: prctl(PR_SET_CHILD_SUBREAPER), which exec keeps and bash serves by reaping at once. Perl is
 * part of every Debian and the shell has no system calls.
 */
const PRCTL = process.arch === "arm64" ? 167 : 157;
const SUBREAPER = `syscall(${PRCTL}, 36, 1, 0, 0, 0) == 0 or die "prctl: $!"; exec @ARGV`;

/** $1 root, $2 `system` or `session`. Reads: `start`, or the end of input. */
const SUPERVISOR = `
root=$1
if [ "$2" = system ]; then
  mkdir -p "$root/run/libvirt" "$root/run/lock"
  for folder in etc lib cache log; do mkdir -p "$root/$folder"; done
  mount --make-rprivate /
  mount --bind "$root/run" /run
  mount --bind "$root/etc" /etc/libvirt
  mount --bind "$root/lib" /var/lib/libvirt
  mount --bind "$root/cache" /var/cache/libvirt
  mount --bind "$root/log" /var/log/libvirt
else
  export HOME="$root" XDG_CONFIG_HOME="$root/config" XDG_CACHE_HOME="$root/cache" XDG_RUNTIME_DIR="$root/run"
fi
trap : INT TERM HUP
while read -r command; do
  libvirtd --config "$root/libvirtd.conf" --pid-file "$root/libvirtd.pid" </dev/null >"$root/libvirtd.log" 2>&1 &
  echo "$!"
done
[ ! -r "$root/libvirtd.pid" ] || kill -9 "$(cat "$root/libvirtd.pid")"
for file in "$root"/run/libvirt/qemu/*.pid "$root"/run/libvirt/qemu/run/*.pid; do
  [ -r "$file" ] && kill -9 "$(cat "$file")"
done
wait
cd /
# Also what a test mounted below the root.
for folder in /run /etc/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt "$root"/*; do
  [ "$2" != system ] || umount -l "$folder"
done
rm -rf "$root"
`;

/**
 * What libvirt found out about QEMU takes 8 s to find out again. Kept between runs; libvirt itself
 * checks that it still fits the binaries.
 */
const CAPABILITIES = join("qemu", "capabilities");
const CAPABILITIES_CACHE = join(homedir(), ".cache", "herdbeat", "qemu-capabilities");

export interface ThrowawayOptions {
  readonly image?: GuestImage;
  readonly onProgress?: (text: string) => void;
}

/** What a domain needs to be started and observed. */
export interface ThrowawayGuest {
  readonly name: string;
  readonly uuid: string;
}

export class ThrowawayLibvirtd {
  readonly root: string;
  /** Where sockets and `qemu/<name>.pid` are. */
  readonly runDir: string;
  readonly image: GuestImage;
  readonly #mode: "system" | "session";
  readonly #supervisor: ChildProcess;
  readonly #nextLine: () => Promise<string>;
  #pid = 0;

  private constructor(root: string, mode: "system" | "session", image: GuestImage) {
    this.root = root;
    this.#mode = mode;
    this.image = image;
    this.runDir = join(root, "run", "libvirt");
    const shell = ["bash", "-c", SUPERVISOR, "throwaway-libvirtd", root, mode];
    const isolated = mode === "system" ? ["unshare", "--mount", ...shell] : shell;
    this.#supervisor = spawn("perl", ["-e", SUBREAPER, ...isolated], {
      stdio: ["pipe", "pipe", "ignore"],
      // Its own process group: Ctrl-C at a terminal must reach us, not it.
      detached: true,
    });
    const lines = createInterface({ input: this.#supervisor.stdout ?? process.stdin });
    const iterator = lines[Symbol.asyncIterator]();
    this.#nextLine = async () => String((await iterator.next()).value);
  }

  /** Builds the guest image if need be, starts the daemon and waits until it answers. */
  static async start(options: ThrowawayOptions = {}): Promise<ThrowawayLibvirtd> {
    const progress = options.onProgress ?? (() => {});
    const image = options.image ?? (await buildGuestImage({ onProgress: progress }));
    const root = await mkdtemp(join(tmpdir(), "herdbeat-libvirt-"));
    const mode = process.getuid?.() === 0 ? "system" : "session";
    const configDir = mode === "system" ? join(root, "etc") : join(root, "config", "libvirt");
    await mkdir(configDir, { recursive: true });
    await mkdir(join(root, "channels"));
    await mkdir(join(root, "run"), { mode: 0o755 });
    await writeFile(
      join(configDir, "qemu.conf"),
      mode === "system" ? QEMU_CONF : QEMU_CONF_SESSION,
    );
    await writeFile(join(root, "libvirtd.conf"), LIBVIRTD_CONF);
    // The session daemon adds its own name to the XDG folder.
    const cacheDir = mode === "system" ? join(root, "cache") : join(root, "cache", "libvirt");
    const capabilities = join(cacheDir, CAPABILITIES);
    const known = existsSync(CAPABILITIES_CACHE);
    if (known) await cp(CAPABILITIES_CACHE, capabilities, { recursive: true });
    progress(
      known ? "starting a private libvirtd" : "starting a private libvirtd (first time: 10 s)",
    );
    const daemon = new ThrowawayLibvirtd(root, mode, image);
    await daemon.startDaemon();
    if (!known) await cp(capabilities, CAPABILITIES_CACHE, { recursive: true });
    return daemon;
  }

  /** Process id of the daemon, also after it was killed. */
  get pid(): number {
    return this.#pid;
  }

  get socket(): string {
    return join(this.runDir, "libvirt-sock");
  }

  /** The driver alone, as the agent's configuration names it. */
  get driverUri(): string {
    return `qemu:///${this.#mode}`;
  }

  /** For virsh, from anywhere. */
  get uri(): string {
    return `qemu+unix:///${this.#mode}?socket=${this.socket}`;
  }

  /** Starts the daemon (again, after a kill) and waits until it answers. */
  async startDaemon(): Promise<void> {
    this.#supervisor.stdin?.write("start\n");
    this.#pid = Number(await this.#nextLine());
    const deadline = performance.now() + READY_DEADLINE_MS;
    for (;;) {
      try {
        await this.virsh("version");
        return;
      } catch (error) {
        if (performance.now() > deadline) throw this.#failure(error);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  #failure(cause: unknown): Error {
    const log = join(this.root, "libvirtd.log");
    const text = existsSync(log) ? readFileSync(log, "utf8").slice(-2_000) : "";
    return new Error(`the private libvirtd does not answer; its log ends: ${text}`, { cause });
  }

  async virsh(...words: readonly string[]): Promise<string> {
    const options = { timeout: VIRSH_DEADLINE_MS, env: { ...process.env, LC_ALL: "C" } };
    const { stdout } = await execFileAsync("virsh", ["-q", "-c", this.uri, ...words], options);
    return stdout.trim();
  }

  /** Defines and starts a guest; resolves when libvirt says that it runs. */
  async startGuest(options: GuestOptions): Promise<ThrowawayGuest> {
    const guest = await this.defineGuest(options);
    await this.virsh("start", guest.name);
    return guest;
  }

  async defineGuest(options: GuestOptions): Promise<ThrowawayGuest> {
    const file = join(this.root, `${options.name}.xml`);
    const places = { image: this.image, root: this.root };
    await writeFile(file, guestXml(options, places));
    await this.virsh("define", file);
    return { name: options.name, uuid: await this.virsh("domuuid", options.name) };
  }

  /** Process id of a guest's QEMU. */
  guestPid(name: string): number {
    const file = [join(this.runDir, "qemu"), join(this.runDir, "qemu", "run")]
      .map((folder) => join(folder, `${name}.pid`))
      .find((path) => existsSync(path));
    if (file === undefined) throw new Error(`${name} has no pid file`);
    return Number(readFileSync(file, "utf8"));
  }

  /** What a guest's console printed so far. */
  console(name: string): string {
    const file = join(this.root, `${name}.console`);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** Kills guests and daemon and removes every file. */
  async stop(): Promise<void> {
    if (this.#supervisor.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#supervisor.once("exit", resolve));
    // A stopped process ignores everything but SIGKILL, which the supervisor sends.
    this.#supervisor.stdin?.end();
    await ended;
  }

  /** Names of all guests with a pid file. */
  guestNames(): readonly string[] {
    const folder = join(this.runDir, "qemu");
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .filter((name) => name.endsWith(".pid"))
      .map((name) => name.slice(0, -4));
  }
}
