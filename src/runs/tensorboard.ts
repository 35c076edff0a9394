/**
 * Event files that TensorBoard shows: a run's losses, learning rates and metrics by step.
 *
 * A file is a sequence of records of TFRecord: `u64 length | u32 crc | payload | u32 crc`, little-endian, each checksum
 * CRC-32C, masked. A payload is an `Event` of protocol buffers, written here field by field.
 *
 * @module
 */
import type { RunEvent } from "./events.ts";

/** Reflected polynomial of CRC-32C (Castagnoli). */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/**
 * Computes the CRC-32C of bytes.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.equal(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * ```
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}

/** Rotates a checksum and adds a constant, so that data which holds checksums has none of zeros. */
function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** Frames a payload as a record. */
function record(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(payload.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, mask(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(payload, 12);
  view.setUint32(12 + payload.length, mask(crc32c(payload)), true);
  return bytes;
}

/** Wire types of protocol buffers. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

const encoder = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

const tag = (field: number, type: number): number[] => varint(8 * field + type);
const integer = (field: number, value: number): number[] => [...tag(field, VARINT), ...varint(value)];
const message = (field: number, bytes: ArrayLike<number>): number[] => [
  ...tag(field, BYTES),
  ...varint(bytes.length),
  ...Array.from(bytes),
];
const text = (field: number, value: string): number[] => message(field, encoder.encode(value));
const double = (field: number, value: number): number[] => [
  ...tag(field, FIXED64),
  ...new Uint8Array(Float64Array.of(value).buffer),
];
const float = (field: number, value: number): number[] => [
  ...tag(field, FIXED32),
  ...new Uint8Array(Float32Array.of(value).buffer),
];

/** Writes an `Event`: 1 wall time in seconds, 2 step, and what happened. */
function eventMessage(seconds: number, step: number, what: readonly number[]): Uint8Array {
  return record(Uint8Array.from([...double(1, seconds), ...(step > 0 ? integer(2, step) : []), ...what]));
}

/** Writes a `Summary`: 1 values, each of 1 tag and 2 number. */
function summary(numbers: Readonly<Record<string, number>>): number[] {
  const values = Object.entries(numbers).flatMap(([name, value]) => message(1, [...text(1, name), ...float(2, value)]));
  return message(5, values);
}

/** Names an event file; TensorBoard finds it by its beginning. */
export function nameEventFile(seconds: number): string {
  return `${EVENT_FILES}${Math.floor(seconds)}.weft`;
}

/** What names of event files begin with. */
export const EVENT_FILES = "events.out.tfevents.";

/** Writes what a file begins with: its version, and a start that takes the place of an earlier one. */
export function eventFileStart(seconds: number): Uint8Array[] {
  return [eventMessage(seconds, 0, text(3, "brain.Event:2")), eventMessage(seconds, 0, message(7, integer(1, 1)))];
}

/**
 * Writes an event of a run as a record.
 *
 * @param started when the run started, in seconds since 1970
 * @param last the event of the run before a test, which has no step of its own
 */
export function eventRecord(event: RunEvent, started: number, last?: RunEvent): Uint8Array {
  const place = event.kind === "test" ? last : event;
  const { step, seconds } = place && place.kind !== "test" ? place : { step: 0, seconds: 0 };
  return eventMessage(started + seconds, step, summary(numbersByTag(event)));
}

function numbersByTag(event: RunEvent): Record<string, number> {
  if (event.kind === "step") return { "train/loss": event.loss, "train/lr": event.lr };
  const part = event.kind === "test" ? "test" : "validation";
  const metrics = Object.entries(event.metrics).filter(([name]) => !/^rows(\.|$)/.test(name));
  return {
    ...Object.fromEntries(metrics.map(([name, value]) => [`${part}/${name}`, value])),
    ...(event.kind === "epoch" && {
      "epoch/epoch": event.epoch,
      ...(event.loss !== undefined && { "epoch/loss": event.loss }),
    }),
  };
}
