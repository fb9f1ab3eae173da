/**
 * The little of libvirt's RPC that a liveness probe needs (libvirt.org, "libvirt RPC
 * infrastructure"): big-endian XDR, each message led by its length, counted with itself.
 *
 *   length, program, version, procedure, type, serial, status, body
 *
 * The format is documented and kept stable in practice, though promised only for libvirt's own
 * client. So nothing depends on it alone: a frame that is not understood ends the connection, and
 * the child with libvirt's library keeps reporting.
 */
import type { GuestEvent } from "../../core/guest-facts.ts";
import { lifecycleEvent } from "../../core/libvirt-words.ts";

export const REMOTE_PROGRAM = 0x20008086;
export const KEEPALIVE_PROGRAM = 0x6b656570;
const VERSION = 1;
const HEADER_BYTES = 28;
/** Events and replies that we ask for are below 1 KiB; an error carries texts. */
export const FRAME_BYTES_MAX = 262_144;

export const PROCEDURE = {
  connectOpen: 1,
  authList: 66,
  registerDomainEvent: 316,
  lifecycleEvent: 318,
} as const;

export const KEEPALIVE = { ping: 1, pong: 2 } as const;
const TYPE = { call: 0, reply: 1, message: 2 } as const;
const STATUS_OK = 0;
const FLAG_READ_ONLY = 1;
const AUTH_NONE = 0;
const AUTH_METHODS_MAX = 16;

export interface Frame {
  readonly program: number;
  readonly procedure: number;
  readonly isReply: boolean;
  readonly serial: number;
  readonly isError: boolean;
  readonly body: Buffer;
}

/** Cuts one frame off the front; null when it is not complete yet, "malformed" when it can not be one. */
export function takeFrame(
  buffer: Buffer,
): { readonly frame: Frame; readonly rest: Buffer } | null | "malformed" {
  if (buffer.length < 4) return null;
  const length = buffer.readUInt32BE(0);
  if (length < HEADER_BYTES || length > FRAME_BYTES_MAX) return "malformed";
  if (buffer.length < length) return null;
  const frame: Frame = {
    program: buffer.readUInt32BE(4),
    procedure: buffer.readUInt32BE(12),
    isReply: buffer.readUInt32BE(16) === TYPE.reply,
    serial: buffer.readUInt32BE(20),
    isError: buffer.readUInt32BE(24) !== STATUS_OK,
    body: buffer.subarray(HEADER_BYTES, length),
  };
  return { frame, rest: buffer.subarray(length) };
}

export function keepaliveFrame(procedure: number): Buffer {
  return encode(KEEPALIVE_PROGRAM, procedure, TYPE.message, 0, Buffer.alloc(0));
}

export function authListCall(serial: number): Buffer {
  return encode(REMOTE_PROGRAM, PROCEDURE.authList, TYPE.call, serial, Buffer.alloc(0));
}

/** Opens `uri` (the driver's name, such as `qemu:///system`) without any right to change things. */
export function connectOpenCall(serial: number, uri: string): Buffer {
  const name = Buffer.from(uri);
  const body = Buffer.alloc(8 + padded(name.length) + 4);
  body.writeUInt32BE(1, 0);
  body.writeUInt32BE(name.length, 4);
  name.copy(body, 8);
  body.writeUInt32BE(FLAG_READ_ONLY, body.length - 4);
  return encode(REMOTE_PROGRAM, PROCEDURE.connectOpen, TYPE.call, serial, body);
}

/** Subscribes to the lifecycle of every domain. */
export function registerLifecycleCall(serial: number): Buffer {
  // Event id 0, no particular domain.
  return encode(REMOTE_PROGRAM, PROCEDURE.registerDomainEvent, TYPE.call, serial, Buffer.alloc(8));
}

/** True when the daemon lets us in without more ado. */
export function acceptsWithoutAuthentication(body: Buffer): boolean {
  if (body.length < 4) return false;
  const count = body.readUInt32BE(0);
  if (count > AUTH_METHODS_MAX || body.length < 4 + 4 * count) return false;
  for (let index = 0; index < count; index++) {
    if (body.readUInt32BE(4 + 4 * index) === AUTH_NONE) return true;
  }
  return count === 0;
}

/** Body: callback id, domain (name, 16 bytes UUID, id), event, detail. Null when it is not that. */
export function readLifecycleEvent(body: Buffer): GuestEvent | null {
  if (body.length < 8) return null;
  const nameBytes = body.readUInt32BE(4);
  const uuidAt = 8 + padded(nameBytes);
  const eventAt = uuidAt + 16 + 4;
  if (nameBytes > FRAME_BYTES_MAX || body.length < eventAt + 8) return null;
  const uuid = uuidText(body.subarray(uuidAt, uuidAt + 16));
  return lifecycleEvent(uuid, body.readInt32BE(eventAt), body.readInt32BE(eventAt + 4));
}

function uuidText(bytes: Buffer): string {
  const hex = bytes.toString("hex");
  const cuts = [0, 8, 12, 16, 20, 32];
  return cuts
    .slice(1)
    .map((end, index) => hex.slice(cuts[index], end))
    .join("-");
}

/** XDR aligns everything to four bytes. */
function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function encode(
  program: number,
  procedure: number,
  type: number,
  serial: number,
  body: Buffer,
): Buffer {
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  const header = [frame.length, program, VERSION, procedure, type, serial, STATUS_OK];
  for (const [index, word] of header.entries()) frame.writeUInt32BE(word, 4 * index);
  body.copy(frame, HEADER_BYTES);
  return frame;
}
