/** Counters of the kernel: they wrap at 32 or 64 bits, and begin again when a device does. */

const WRAP_32 = 2 ** 32;
/** A counter that fell wrapped only if it was near its end and is near its beginning. */
const NEAR = 2 ** 30;

/**
 * How much was counted between two looks; null when the counter went back otherwise than by wrapping
 * at 32 bits, because then it counts something new.
 */
export function countedBetween(before: number, now: number): number | null {
  if (now >= before) return now - before;
  const isWrap = before < WRAP_32 && before > WRAP_32 - NEAR && now < NEAR;
  return isWrap ? now + WRAP_32 - before : null;
}
