/**
 * A BMC: OpenIPMI's `ipmi_sim` on a free loopback port, with a file as the power that it switches.
 * `unplug` ends it as a power loss of the whole rack would end a real one.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface IpmiSimulator {
  /** For fence_ipmilan; the password is apart. */
  readonly options: Readonly<Record<string, string>>;
  readonly password: string;
  power(): "on" | "off";
  setPower(power: "on" | "off"): void;
  /** How often it was told to cut the power. */
  cuts(): number;
  /** From now on orders to cut the power are accepted and have no effect. */
  stick(): void;
  unplug(): Promise<void>;
}

const PASSWORD = "correct-horse";

/** `ipmi_sim` speaks nothing newer than cipher suite 3. */
const CIPHER = "3";

export async function startIpmiSimulator(folder: string): Promise<IpmiSimulator> {
  const port = await freeUdpPort();
  const at = (name: string): string => join(folder, name);
  mkdirSync(at("state"), { recursive: true });
  writeFileSync(at("power"), "1");
  writeFileSync(at("cuts"), "");
  writeFileSync(at("chassis"), chassisScript(folder));
  chmodSync(at("chassis"), 0o755);
  writeFileSync(at("lan.conf"), lanConfig(port, at("chassis")));
  writeFileSync(
    at("sim.emu"),
    "mc_setbmc 0x20\nmc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02\nmc_enable 0x20\n",
  );
  const child = spawn(
    "ipmi_sim",
    ["-c", at("lan.conf"), "-f", at("sim.emu"), "-s", at("state"), "-n"],
    { stdio: "ignore" },
  );
  const unplug = (): Promise<void> => end(child);
  process.once("exit", () => child.kill("SIGKILL"));
  const bound = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
  await eventually(() => readFileSync("/proc/net/udp", "utf8").includes(bound), {
    what: "the socket of ipmi_sim",
  });
  return {
    options: {
      ip: "127.0.0.1",
      ipport: String(port),
      username: "admin",
      lanplus: "1",
      cipher: CIPHER,
      login_timeout: "3",
      power_timeout: "8",
    },
    password: PASSWORD,
    power: () => (readFileSync(at("power"), "utf8").trim() === "1" ? "on" : "off"),
    setPower: (power) => writeFileSync(at("power"), power === "on" ? "1" : "0"),
    cuts: () => readFileSync(at("cuts"), "utf8").split("\n").length - 1,
    stick: () => writeFileSync(at("stuck"), ""),
    unplug,
  };
}

/** Called by ipmi_sim: `get power` or `set power 0|1`. */
function chassisScript(folder: string): string {
  return `#!/bin/sh
cd '${folder}' || exit 1
case "$1 $2" in
  "get power") echo "power:$(cat power)" ;;
  "set power") [ "$3" = 0 ] && echo cut >>cuts; [ -e stuck ] || echo "$3" >power ;;
  *) exit 1 ;;
esac
`;
}

function lanConfig(port: number, chassis: string): string {
  const methods = "none md2 md5 straight";
  return `name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback ${methods}
    allowed_auths_user ${methods}
    allowed_auths_operator ${methods}
    allowed_auths_admin ${methods}
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${chassis}"
  user 2 true "admin" "${PASSWORD}" admin 10 ${methods}
`;
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
