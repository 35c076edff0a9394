/**
 * A writer of protocol buffers: varints, 32-bit floats and bytes with a length before them are all that ONNX needs.
 *
 * @module
 */

/** Bytes of a message beyond this are kept where they are and not copied. */
const MOST_COPIED = 1 << 12;

const encoder = new TextEncoder();

/** Kinds of what follows a field's number. */
const WIRE = { varint: 0, bytes: 2, fixed32: 5 } as const;

/** A message of protocol buffers, field by field. */
export class Message {
  readonly #parts: Uint8Array[] = [];
  #tail = new Uint8Array(64);
  #used = 0;
  #length = 0;

  /** Bytes so far. */
  get length(): number {
    return this.#length + this.#used;
  }

  /** The bytes, cut in parts. */
  get parts(): readonly Uint8Array[] {
    this.#seal();
    return this.#parts;
  }

  /** Writes an integer; negative ones take ten bytes. */
  int(field: number, value: number | bigint): this {
    this.#tag(field, WIRE.varint);
    this.#varint(BigInt(value));
    return this;
  }

  /** Writes integers without their field's number between them. */
  ints(field: number, values: Iterable<number | bigint>): this {
    const packed = new Message();
    for (const value of values) packed.#varint(BigInt(value));
    return this.message(field, packed);
  }

  /** Writes a 32-bit float. */
  float(field: number, value: number): this {
    this.#tag(field, WIRE.fixed32);
    const at = this.#room(4);
    new DataView(this.#tail.buffer).setFloat32(at, value, true);
    return this;
  }

  /** Writes a text. */
  text(field: number, value: string): this {
    return this.bytes(field, encoder.encode(value));
  }

  /** Writes bytes, which must not change from here on. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, WIRE.bytes);
    this.#varint(BigInt(value.length));
    this.#append(value);
    return this;
  }

  /** Writes another message, which must not change from here on. */
  message(field: number, value: Message): this {
    this.#tag(field, WIRE.bytes);
    this.#varint(BigInt(value.length));
    for (const part of value.parts) this.#append(part);
    return this;
  }

  #tag(field: number, wire: number): void {
    this.#varint(BigInt(field * 8 + wire));
  }

  #varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    for (; rest > 127n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128);
    this.#byte(Number(rest));
  }

  #byte(value: number): void {
    // Where it goes comes first, since making room may move all bytes.
    const at = this.#room(1);
    this.#tail[at] = value;
  }

  #append(bytes: Uint8Array): void {
    if (bytes.length <= MOST_COPIED) {
      const at = this.#room(bytes.length);
      this.#tail.set(bytes, at);
    } else {
      this.#seal();
      this.#parts.push(bytes);
      this.#length += bytes.length;
    }
  }

  /** Makes room for bytes and returns where they go. */
  #room(bytes: number): number {
    if (this.#used + bytes > this.#tail.length) {
      const wider = new Uint8Array(2 * (this.#used + bytes));
      wider.set(this.#tail.subarray(0, this.#used));
      this.#tail = wider;
    }
    this.#used += bytes;
    return this.#used - bytes;
  }

  #seal(): void {
    if (this.#used === 0) return;
    this.#parts.push(this.#tail.slice(0, this.#used));
    this.#length += this.#used;
    this.#used = 0;
  }
}
