/** Bytes as a client of the Open Inference Protocol writes them. */

/** A text tensor in binary: each text's length as a 32-bit integer, then its bytes. */
export function texts(...values: string[]): Uint8Array {
  const encoded = values.map((value) => new TextEncoder().encode(value));
  const bytes = new Uint8Array(encoded.reduce((sum, { length }) => sum + 4 + length, 0));
  let at = 0;
  for (const text of encoded) {
    new DataView(bytes.buffer).setUint32(at, text.length, true);
    bytes.set(text, at + 4);
    at += 4 + text.length;
  }
  return bytes;
}

/** Numbers in binary, written by one of DataView's setters. */
export function numbers<T>(
  size: number,
  values: readonly T[],
  set: (view: DataView, at: number, value: T) => void,
): Uint8Array {
  const bytes = new Uint8Array(size * values.length);
  values.forEach((value, i) => set(new DataView(bytes.buffer), size * i, value));
  return bytes;
}

/** Float32 numbers in binary. */
export const floats = (...values: number[]): Uint8Array =>
  numbers(4, values, (view, at, value) => view.setFloat32(at, value, true));

/** Integers of 64 bits in binary. */
export const longs = (...values: bigint[]): Uint8Array =>
  numbers(8, values, (view, at, value) => view.setBigInt64(at, value, true));

/** Joins parts of a body. */
export function join(...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoded = parts.map((part) => typeof part === "string" ? new TextEncoder().encode(part) : part);
  const body = new Uint8Array(encoded.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of encoded) {
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** Reads an answer of binary tensors: its JSON and the numbers of each output. */
export async function readBinary(response: Response): Promise<{ header: Answer; outputs: Record<string, number[]> }> {
  const body = new Uint8Array(await response.arrayBuffer());
  const end = Number(response.headers.get("inference-header-content-length"));
  const header = JSON.parse(new TextDecoder().decode(body.subarray(0, end))) as Answer;
  const outputs: Record<string, number[]> = {};
  let at = end;
  for (const { name, parameters } of header.outputs) {
    const view = new DataView(body.buffer, at, parameters!.binary_data_size);
    outputs[name] = Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true));
    at += view.byteLength;
  }
  if (at !== body.length) throw new Error(`the answer has ${body.length - at} bytes behind its last output`);
  return { header, outputs };
}

/** JSON of an answer. */
export interface Answer {
  model_name: string;
  model_version: string;
  id?: string;
  outputs: {
    name: string;
    datatype: string;
    shape: number[];
    data?: number[];
    parameters?: { binary_data_size: number };
  }[];
}
