/**
 * Reads a plain heartbeat straight from the bytes of an AgentFrame: what almost every frame is.
 *
 * Guarantee: when `read` says `plain` or `full`, the fields hold what the full decoder would give;
 * `full` means that the frame also carries conditions, which only the full decoder reads.
 * Mechanism: one pass over the scalars, results in this object's fields, no allocation.
 * Failure case: anything unusual (another body, unknown fields, another order, damage) is `other`:
 * the caller decodes the frame in full, which accepts or refuses it.
 */
export const HEARTBEAT_PLAIN = 1;
export const HEARTBEAT_FULL = 2;
export const HEARTBEAT_OTHER = 0;

/** Flag of the heartbeat's bit set: conditions holds all of them. */
const FLAG_FULL = 4;
/** Field 2 of AgentFrame, length-delimited. */
const TAG_HEARTBEAT = 0x12;
/** Field 6 of Heartbeat, length-delimited. */
const TAG_CONDITIONS = 0x32;
const UINT32_MAX = 0xffff_ffff;

export class HeartbeatReader {
  sequence = 0;
  reportAgeMs = 0;
  flags = 0;
  lastTransition = 0;
  ownLagMs = 0;
  /** Where `varint` goes on; -1 after damage. */
  position = 0;

  /** One of the HEARTBEAT_* constants. Reads `bytes` from `start` to `end`. */
  read(bytes: Uint8Array, start: number, end: number): number {
    if (end - start < 2 || bytes[start] !== TAG_HEARTBEAT) return HEARTBEAT_OTHER;
    this.sequence = 0;
    this.reportAgeMs = 0;
    this.flags = 0;
    this.lastTransition = 0;
    this.ownLagMs = 0;
    this.position = start + 1;
    const length = this.varint(bytes, end);
    if (this.position < 0 || length !== end - this.position) return HEARTBEAT_OTHER;
    let last = 0;
    let conditions = false;
    while (this.position < end) {
      const tag = bytes[this.position] ?? 0;
      // The encoder writes fields in ascending order; so nothing can come twice.
      if (tag <= last && tag !== TAG_CONDITIONS) return HEARTBEAT_OTHER;
      last = tag;
      this.position += 1;
      const value = this.varint(bytes, end);
      if (this.position < 0) return HEARTBEAT_OTHER;
      if (tag === TAG_CONDITIONS) {
        this.position += value;
        conditions = true;
      } else if (!this.take(tag, value)) return HEARTBEAT_OTHER;
    }
    if (this.position !== end) return HEARTBEAT_OTHER;
    return conditions || (this.flags & FLAG_FULL) !== 0 ? HEARTBEAT_FULL : HEARTBEAT_PLAIN;
  }

  private take(tag: number, value: number): boolean {
    if (tag === 0x20) {
      this.lastTransition = value;
      return value <= Number.MAX_SAFE_INTEGER;
    }
    if (value > UINT32_MAX) return false;
    if (tag === 0x08) this.sequence = value;
    else if (tag === 0x10) this.reportAgeMs = value;
    else if (tag === 0x18) this.flags = value;
    else if (tag === 0x28) this.ownLagMs = value;
    else return false;
    return true;
  }

  private varint(bytes: Uint8Array, end: number): number {
    let position = this.position;
    let value = 0;
    let scale = 1;
    while (position < end && scale <= 0x2_0000_0000_0000) {
      const byte = bytes[position] ?? 0;
      position += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        this.position = position;
        return value;
      }
      scale *= 128;
    }
    this.position = -1;
    return 0;
  }
}
