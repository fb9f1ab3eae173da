/** Entry of the short-lived child: prints the inventory as one JSON object and ends. */
import { baseboard, bios, cpu, mem, networkInterfaces, osInfo, system } from "systeminformation";

const TEXT_LENGTH_MAX = 128;
const INTERFACES_MAX = 16;

function text(value: unknown): string {
  return String(value ?? "").slice(0, TEXT_LENGTH_MAX);
}

async function inventory(): Promise<Record<string, unknown>> {
  const [machine, board, firmware, processor, memory, os, interfaces] = await Promise.all([
    system(),
    baseboard(),
    bios(),
    cpu(),
    mem(),
    osInfo(),
    networkInterfaces(),
  ]);
  const list = Array.isArray(interfaces) ? interfaces : [interfaces];
  return {
    system: {
      manufacturer: text(machine.manufacturer),
      model: text(machine.model),
      virtual: machine.virtual,
    },
    board: { manufacturer: text(board.manufacturer), model: text(board.model) },
    firmware: {
      vendor: text(firmware.vendor),
      version: text(firmware.version),
      date: text(firmware.releaseDate),
    },
    processor: {
      brand: text(processor.brand),
      cores: processor.cores,
      sockets: processor.processors,
    },
    memoryBytes: memory.total,
    os: {
      name: text(os.distro),
      release: text(os.release),
      kernel: text(os.kernel),
      arch: text(os.arch),
    },
    interfaces: list
      .filter(({ virtual, internal }) => !virtual && !internal)
      .slice(0, INTERFACES_MAX)
      .map(({ iface, type, speed, mac }) => ({
        name: text(iface),
        type: text(type),
        speedMbps: speed,
        mac: text(mac),
      })),
  };
}

process.stdout.write(`${JSON.stringify(await inventory())}\n`);
