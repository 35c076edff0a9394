/**
 * Requests for inference and their answers, as the Open Inference Protocol and its extension for binary tensors have them.
 *
 * A body is JSON, and behind it the bytes of the tensors that are binary, in their order. The header
 * `Inference-Header-Content-Length` says where the JSON ends; without it all is JSON.
 *
 * @module
 */
import { formatNames, formatValue } from "../data/format.ts";
import { refuse } from "./error.ts";
import { decodeBinary, decodeJson, type InputTensor, isDatatype, sizeOf } from "./tensor.ts";

/** Where the JSON of a body ends that has binary tensors behind it. */
export const HEADER_LENGTH = "inference-header-content-length";

/** A request for inference. */
export interface InferRequest {
  /** What the client calls the request; the answer repeats it. */
  readonly id?: string;
  /** The inputs. */
  readonly inputs: readonly InputTensor[];
  /** Outputs that are wanted; all of them when absent. */
  readonly outputs?: readonly WantedOutput[];
  /** Whether outputs that do not say are wanted in binary. */
  readonly isBinary: boolean;
  /** How long the rows may wait for a batch, in ms; as the server says when absent. */
  readonly timeoutMs?: number;
}

/** An output that a client wants. */
export interface WantedOutput {
  /** Name of the output. */
  readonly name: string;
  /** Whether it is wanted in binary; as the request says when absent. */
  readonly isBinary?: boolean;
}

/** An output of an answer, of float32. */
export interface OutputTensor {
  /** Name of the output. */
  readonly name: string;
  /** Sizes, the batch first. */
  readonly shape: readonly number[];
  /** Elements, row-major. */
  readonly data: Float32Array<ArrayBuffer>;
}

/** An answer as it goes over the wire. */
export interface EncodedAnswer {
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Bytes of the JSON in front; absent when all is JSON. */
  readonly headerLength?: number;
}

type Json = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Parses JSON of a request.
 *
 * @throws {RequestError} when it is none
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    return refuse(`Cannot read the request: the body must be JSON in UTF-8, received ${(error as Error).message}`);
  }
}

/**
 * Parses the body of a request for inference.
 *
 * @param headerLength value of the header that says where the JSON ends, if the request has it
 * @throws {RequestError} when it is malformed
 */
export function parseInfer(body: Uint8Array, headerLength: string | null): InferRequest {
  const end = headerLength === null ? body.length : parseLength(headerLength, body.length);
  const request = objectOf("the body", parseJson(body.subarray(0, end)));
  const parameters = optionalObject("parameters", request.parameters);
  const binary = new BinaryParts(body.subarray(end));
  const inputs = listOf("inputs", request.inputs).map((input, i) =>
    readInput(objectOf(`inputs[${i}]`, input), i, binary)
  );
  binary.requireEnd();
  const names = inputs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) refuse(`Cannot read the request: each input must be there once, received "${twice}" twice`);
  const { id, outputs } = request;
  if (id !== undefined && typeof id !== "string") {
    refuse(`Cannot read the request: id must be a text, received ${formatValue(id)}`);
  }
  return {
    ...(id !== undefined && { id: id as string }),
    inputs,
    ...(outputs !== undefined && { outputs: listOf("outputs", outputs).map(readWanted) }),
    isBinary: parameters.binary_data_output === true,
    ...timeoutOf(parameters),
  };
}

/** Reads the time that a request may wait; the protocol has microseconds, and 0 for the server's own limit. */
function timeoutOf({ timeout }: Json): { timeoutMs?: number } {
  if (timeout === undefined || timeout === 0) return {};
  if (Number.isSafeInteger(timeout) && timeout as number > 0) return { timeoutMs: (timeout as number) / 1000 };
  return refuse(`Cannot read the request: timeout must be microseconds, received ${formatValue(timeout)}`);
}

function parseLength(text: string, most: number): number {
  const length = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  if (!(length > 0 && length <= most)) {
    refuse(`Cannot read the request: ${HEADER_LENGTH} must be 1 to ${most}, the bytes of the body, received "${text}"`);
  }
  return length;
}

function readInput(input: Json, place: number, binary: BinaryParts): InputTensor {
  const { name, datatype, shape, data } = input;
  if (typeof name !== "string") {
    refuse(`Cannot read inputs[${place}]: name must be a text, received ${formatValue(name)}`);
  }
  const label = `input "${name}"`;
  if (!isDatatype(datatype)) {
    refuse(`Cannot read ${label}: datatype must be one of the protocol, received ${formatValue(datatype)}`);
  }
  const sizes = listOf(`the shape of ${label}`, shape);
  if (!sizes.every((size) => Number.isSafeInteger(size) && size as number >= 0)) {
    refuse(`Cannot read ${label}: shape must be of sizes, received ${formatValue(shape)}`);
  }
  const count = sizeOf(sizes as number[]);
  const size = optionalObject(`the parameters of ${label}`, input.parameters).binary_data_size;
  if (size !== undefined && data !== undefined) {
    refuse(`Cannot read ${label}: it must have data or binary_data_size, received both`);
  }
  const elements = size === undefined
    ? decodeJson(label, datatype, data, count)
    : decodeBinary(label, datatype, binary.take(label, size), count);
  return { name: name as string, datatype, shape: sizes as number[], elements };
}

function readWanted(output: unknown, place: number): WantedOutput {
  const { name, parameters } = objectOf(`outputs[${place}]`, output);
  if (typeof name !== "string") {
    refuse(`Cannot read outputs[${place}]: name must be a text, received ${formatValue(name)}`);
  }
  const { binary_data: isBinary } = optionalObject(`the parameters of output "${name}"`, parameters);
  return { name: name as string, ...(typeof isBinary === "boolean" && { isBinary }) };
}

/** The bytes behind the JSON, handed out from the front. */
class BinaryParts {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(input: string, size: unknown): Uint8Array {
    const left = this.#bytes.length - this.#at;
    if (!(Number.isSafeInteger(size) && size as number >= 0 && size as number <= left)) {
      refuse(
        `Cannot read ${input}: binary_data_size must be 0 to ${left}, the bytes left, received ${formatValue(size)}`,
      );
    }
    this.#at += size as number;
    return this.#bytes.subarray(this.#at - (size as number), this.#at);
  }

  requireEnd(): void {
    const left = this.#bytes.length - this.#at;
    if (left > 0) refuse(`Cannot read the request: the body must end with its last input, received ${left} more bytes`);
  }
}

/**
 * Writes an answer.
 *
 * @throws {RequestError} when an output is wanted that is none of these
 */
export function formatInfer(
  head: Readonly<Record<string, string>>,
  outputs: readonly OutputTensor[],
  { id, outputs: wanted, isBinary }: Pick<InferRequest, "id" | "outputs" | "isBinary">,
): EncodedAnswer {
  const chosen = (wanted ?? outputs).map((output) => {
    const tensor = outputs.find(({ name }) => name === output.name);
    if (!tensor) {
      const known = formatNames(outputs.map(({ name }) => name));
      return refuse(`Cannot answer: outputs are ${known}, received ${formatValue(output.name)}`);
    }
    return { ...tensor, inBinary: (output as WantedOutput).isBinary ?? isBinary };
  });
  const described = chosen.map(({ name, shape, data, inBinary }) => ({
    ...{ name, datatype: "FP32", shape },
    ...(inBinary ? { parameters: { binary_data_size: data.byteLength } } : { data: Array.from(data) }),
  }));
  const header = new TextEncoder().encode(
    JSON.stringify({ ...head, ...(id !== undefined && { id }), outputs: described }),
  );
  const binary = chosen.filter(({ inBinary }) => inBinary);
  if (binary.length === 0) return { body: header };
  const body = new Uint8Array(header.length + binary.reduce((sum, { data }) => sum + data.byteLength, 0));
  body.set(header);
  let at = header.length;
  for (const { data } of binary) {
    // Float32Array has the machine's order of bytes; the protocol's is little-endian.
    const view = new DataView(body.buffer, at, data.byteLength);
    for (let i = 0; i < data.length; i++) view.setFloat32(4 * i, data[i], true);
    at += data.byteLength;
  }
  return { body, headerLength: header.length };
}

/**
 * Returns a value of JSON that is to be an object.
 *
 * @throws {RequestError} when it is none
 */
export function objectOf(what: string, value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  return refuse(`Cannot read the request: ${what} must be an object, received ${formatValue(value)}`);
}

function optionalObject(what: string, value: unknown): Json {
  return value === undefined || value === null ? {} : objectOf(what, value);
}

/**
 * Returns a value of JSON that is to be a list.
 *
 * @throws {RequestError} when it is none
 */
export function listOf(what: string, value: unknown): readonly unknown[] {
  return Array.isArray(value)
    ? value
    : refuse(`Cannot read the request: ${what} must be a list, received ${formatValue(value)}`);
}
