/** A reader of event files that shares nothing with their writer. */
import { assertEquals } from "@std/assert";

/** Reads a field of a protocol buffer at a time: its number, and its value. */
function* fields(bytes: Uint8Array): Generator<[number, number | Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++];
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const number = Math.floor(key / 8);
    if (key % 8 === 0) yield [number, varint()];
    else if (key % 8 === 1) yield [number, view.getFloat64((at += 8) - 8, true)];
    else if (key % 8 === 5) yield [number, view.getFloat32((at += 4) - 4, true)];
    else {
      const length = varint();
      yield [number, bytes.subarray(at, at += length)];
    }
  }
}

/** An event, as TensorBoard reads it. */
export interface Decoded {
  time: number;
  step: number;
  version?: string;
  session?: number;
  values: Record<string, number>;
}

const textOf = (bytes: unknown): string => new TextDecoder().decode(bytes as Uint8Array);

function decode(payload: Uint8Array): Decoded {
  const event: Decoded = { time: NaN, step: 0, values: {} };
  for (const [number, value] of fields(payload)) {
    if (number === 1) event.time = value as number;
    else if (number === 2) event.step = value as number;
    else if (number === 3) event.version = textOf(value);
    else if (number === 7) event.session = Object.fromEntries(fields(value as Uint8Array))[1] as number;
    else if (number === 5) {
      for (const [, summary] of fields(value as Uint8Array)) {
        const { 1: tag, 2: scalar } = Object.fromEntries(fields(summary as Uint8Array));
        event.values[textOf(tag)] = scalar as number;
      }
    }
  }
  return event;
}

/** CRC-32C bit by bit, as a long division. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
  }
  return Number(crc ^ 0xffffffffn);
}

/** Undoes the mask of a checksum. */
function unmask(masked: number): number {
  const rotated = BigInt((masked - 0xa282ead8 + 2 ** 32) % 2 ** 32);
  return Number(((rotated >> 17n) | (rotated << 15n)) & 0xffffffffn);
}

/** Reads the records of a file and verifies their checksums. */
export function eventsOfFile(file: Uint8Array): Decoded[] {
  const view = new DataView(file.buffer, file.byteOffset);
  const events: Decoded[] = [];
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    assertEquals(unmask(view.getUint32(at + 8, true)), slowCrc(file.subarray(at, at + 8)));
    const payload = file.subarray(at + 12, at + 12 + length);
    assertEquals(unmask(view.getUint32(at + 12 + length, true)), slowCrc(payload));
    events.push(decode(payload));
    at += 16 + length;
  }
  return events;
}
