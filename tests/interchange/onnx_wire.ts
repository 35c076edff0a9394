/** Protocol buffers taken apart without a schema. */

/** Values of a message by the numbers of its fields, in order: integers, 32-bit words, or bytes. */
export type Fields = Map<number, (bigint | Uint8Array)[]>;

/**
 * Reads a message.
 *
 * @throws {RangeError} when it does not end where its last field does, or a field is of another kind
 */
export function readMessage(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError(`Cannot read ${length} bytes of ${bytes.length - at}`);
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const [field, wire] = [Number(tag >> 3n), Number(tag & 7n)];
    if (![0, 2, 5].includes(wire)) throw new RangeError(`Cannot read field ${field} of kind ${wire}`);
    const value = wire === 0 ? varint() : take(wire === 5 ? 4 : Number(varint()));
    fields.set(field, [...fields.get(field) ?? [], value]);
  }
  return fields;
}

/** Returns the messages in a field. */
export function messagesOf(fields: Fields, field: number): Fields[] {
  return (fields.get(field) ?? []).map((value) => readMessage(value as Uint8Array));
}

/** Returns the texts in a field. */
export function textsOf(fields: Fields, field: number): string[] {
  return (fields.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
}
