/**
 * Requests for inference and their answers, by the Open Inference Protocol and its extension for binary tensors.
 *
 * @module
 */
import { type Inputs, type NamedTensor, tensorsOf } from "./inputs.ts";
import { type Datatype, decodeElements, decodeList, encodeElements, type Tensor } from "./tensor.ts";

const HEADER_LENGTH = "inference-header-content-length";

/** How a request for inference is written. */
export interface InferOptions {
  /** What the request is called; the answer repeats it. */
  readonly id?: string;
  /** Names of the outputs that are wanted. @default {all of them} */
  readonly outputs?: readonly string[];
  /** Whether inputs and outputs are binary rather than JSON. @default {true} */
  readonly binary?: boolean;
  /** How long the rows may wait for a batch, in ms. @default {as the server says} */
  readonly queueTimeoutMs?: number;
}

/** A request as it goes over the wire. */
export interface EncodedRequest {
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** Headers that belong to the body. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Writes a request for inference.
 *
 * @throws {TypeError} when values are of several types, a tensor has other sizes than its elements, or 16-bit floats are to
 * be JSON
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const { body, headers } = encodeInfer({ user: ["u1", "u2"] });
 * const end = Number(headers["inference-header-content-length"]);
 * assert.deepEqual([...body.subarray(end)], [2, 0, 0, 0, 117, 49, 2, 0, 0, 0, 117, 50]);
 * ```
 */
export function encodeInfer(inputs: Inputs, options: InferOptions = {}): EncodedRequest {
  const { id, outputs, binary = true, queueTimeoutMs } = options;
  const tensors = tensorsOf(inputs);
  const parts = binary ? tensors.map(encodeElements) : [];
  const parameters = {
    ...(binary && { binary_data_output: true }),
    ...(queueTimeoutMs !== undefined && { timeout: Math.round(1000 * queueTimeoutMs) }),
  };
  const header = new TextEncoder().encode(JSON.stringify({
    ...(id !== undefined && { id }),
    inputs: tensors.map((tensor, i) => ({
      ...{ name: tensor.name, shape: tensor.shape, datatype: tensor.datatype },
      ...(binary ? { parameters: { binary_data_size: parts[i].length } } : { data: listOf(tensor) }),
    })),
    ...(outputs && { outputs: outputs.map((name) => ({ name })) }),
    ...(Object.keys(parameters).length > 0 && { parameters }),
  }));
  if (!binary) return { body: header, headers: { "content-type": "application/json" } };
  const headers = { "content-type": "application/octet-stream", [HEADER_LENGTH]: `${header.length}` };
  return { body: join([header, ...parts]), headers };
}

function listOf({ name, datatype, data }: NamedTensor): readonly unknown[] {
  if (datatype === "FP16" || datatype === "BF16") {
    throw new TypeError(`Cannot write input "${name}": ${datatype} must be binary`);
  }
  if (datatype === "INT64" || datatype === "UINT64") return Array.from(data, Number);
  return Array.from<unknown>(data);
}

function join(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** An answer to a request for inference. */
export class InferAnswer {
  /** Name of the model. */
  readonly model: string;
  /** Its version, if the server names it. */
  readonly version: string | undefined;
  /** What the request was called. */
  readonly id: string | undefined;
  /** The outputs by name. */
  readonly outputs: ReadonlyMap<string, Tensor>;

  /** Takes what was read. */
  constructor({ model, version, id, outputs }: Pick<InferAnswer, "model" | "version" | "id" | "outputs">) {
    this.model = model;
    this.version = version;
    this.id = id;
    this.outputs = outputs;
  }

  /**
   * Returns an output of float32, as all outputs of Weft are.
   *
   * @throws {TypeError} when there is none of that name and type
   */
  floats(name: string): Float32Array {
    const tensor = this.outputs.get(name);
    if (tensor?.datatype === "FP32") return tensor.data;
    const received = [...this.outputs].map(([name, { datatype }]) => `${name} of ${datatype}`).join(", ");
    throw new TypeError(`Cannot read output "${name}": it must be of FP32, received ${received}`);
  }
}

/**
 * Reads an answer to a request for inference.
 *
 * @throws {SyntaxError} when it is malformed
 */
export async function decodeInfer(response: Response): Promise<InferAnswer> {
  const body = new Uint8Array(await response.arrayBuffer());
  const end = Number(response.headers.get(HEADER_LENGTH) ?? body.length);
  const answer: WireAnswer = JSON.parse(new TextDecoder().decode(body.subarray(0, end)));
  const outputs = new Map<string, Tensor>();
  let at = end;
  for (const { name, datatype, shape, data, parameters } of answer.outputs ?? []) {
    const bytes = parameters?.binary_data_size;
    if (bytes === undefined) outputs.set(name, decodeList(name, datatype, shape, data));
    else {
      outputs.set(name, decodeElements(name, datatype, shape, body.subarray(at, at + bytes)));
      at += bytes;
    }
  }
  if (at !== body.length) {
    throw new SyntaxError(
      `Cannot read the answer: it must end with its last output, received ${body.length - at} more`,
    );
  }
  return new InferAnswer({ model: answer.model_name, version: answer.model_version, id: answer.id, outputs });
}

interface WireAnswer {
  readonly model_name: string;
  readonly model_version?: string;
  readonly id?: string;
  readonly outputs?: readonly {
    readonly name: string;
    readonly datatype: Datatype;
    readonly shape: readonly number[];
    readonly data?: unknown;
    readonly parameters?: { readonly binary_data_size?: number };
  }[];
}
