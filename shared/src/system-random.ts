import { randomBytes } from "node:crypto";
import type { Random } from "./random.ts";

export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  hex: (bytes) => randomBytes(bytes).toString("hex"),
};
