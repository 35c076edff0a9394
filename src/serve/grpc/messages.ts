/**
 * Messages of the protocol over gRPC, and how those of inference become requests over HTTP and back.
 *
 * Both forms of the protocol have the same parts. So a message becomes a request with binary tensors, which the server's
 * handler answers: both forms are checked, counted and limited by the same code.
 *
 * @module
 */
import { RequestError } from "../error.ts";
import { HEADER_LENGTH } from "../infer.ts";
import { encodeContents, type TensorContents } from "./contents.ts";

/** A parameter: one of its fields, and the name of that field. Integers of 64 bits are texts. */
export interface Parameter {
  /** Name of the field that is set. */
  readonly parameter_choice?: string;
  readonly [field: string]: unknown;
}

/** Parameters by name. */
export type Parameters = Readonly<Record<string, Parameter>>;

/** `ModelInferRequest`. Integers of 64 bits are texts. */
export interface InferMessage {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly {
    readonly name: string;
    readonly datatype: string;
    readonly shape: readonly string[];
    readonly parameters: Parameters;
    readonly contents: TensorContents | null;
  }[];
  readonly outputs: readonly { readonly name: string }[];
  readonly raw_input_contents: readonly Uint8Array[];
}

/** `ModelInferResponse`. */
export interface InferAnswer {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly raw_output_contents: readonly Uint8Array[];
}

/** Body and headers of a request over HTTP. */
export interface HttpRequest {
  /** The body. */
  readonly body: Uint8Array<ArrayBuffer>;
  /** The headers. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Makes the request over HTTP for a message.
 *
 * @param leftMs time until the call's deadline, in ms
 * @throws {RequestError} when tensors are there in both forms, or contents do not fit their type
 */
export function toHttp(message: InferMessage, leftMs: number): HttpRequest {
  const { id, inputs, outputs, raw_input_contents: raw } = message;
  const isRaw = raw.length > 0;
  if (isRaw && raw.length !== inputs.length) {
    throw new RequestError(
      400,
      `Cannot read the request: raw_input_contents must have ${inputs.length} tensors as inputs has, received ${raw.length}`,
    );
  }
  const tensors = inputs.map(({ name, datatype, contents }, i) => {
    const hasContents = contents !== null && Object.values(contents).some((values) => values.length > 0);
    if (!isRaw) return encodeContents(name, datatype, contents ?? {});
    if (!hasContents) return raw[i];
    throw new RequestError(400, `Cannot read input "${name}": it must have contents or raw contents, received both`);
  });
  const header = new TextEncoder().encode(JSON.stringify({
    ...(id !== "" && { id }),
    parameters: { ...valuesOf(message.parameters), ...timeoutOf(message, leftMs), binary_data_output: true },
    inputs: inputs.map(({ name, datatype, shape, parameters }, i) => ({
      ...{ name, datatype, shape: shape.map(Number) },
      parameters: { ...valuesOf(parameters), binary_data_size: tensors[i].length },
    })),
    ...(outputs.length > 0 && { outputs: outputs.map(({ name }) => ({ name })) }),
  }));
  const body = new Uint8Array(header.length + tensors.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of [header, ...tensors]) {
    body.set(part, at);
    at += part.length;
  }
  return { body, headers: { [HEADER_LENGTH]: `${header.length}` } };
}

/** Reads the answer over HTTP to {@linkcode toHttp}'s request. */
export function fromHttp(body: Uint8Array, headerLength: number): InferAnswer {
  const { id = "", ...header } = JSON.parse(new TextDecoder().decode(body.subarray(0, headerLength)));
  let at = headerLength;
  const raw = header.outputs.map(({ parameters }: { parameters: { binary_data_size: number } }) => {
    at += parameters.binary_data_size;
    return body.subarray(at - parameters.binary_data_size, at);
  });
  return {
    ...{ model_name: header.model_name, model_version: header.model_version, id, raw_output_contents: raw },
    outputs: header.outputs.map(({ name, datatype, shape }: InferAnswer["outputs"][number]) => ({
      name,
      datatype,
      shape,
    })),
  };
}

/** Returns parameters as JSON has them; integers of 64 bits are numbers there. */
export function valuesOf(parameters: Parameters): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const { parameter_choice: field = "" } = parameter;
      const isLong = field === "int64_param" || field === "uint64_param";
      return [name, isLong ? Number(parameter[field]) : parameter[field]];
    }),
  );
}

/** The smaller one of the time that the client's parameter gives and that until its deadline, in µs. */
function timeoutOf({ parameters }: InferMessage, leftMs: number): { timeout?: number } {
  const { timeout } = valuesOf(parameters);
  if (leftMs === Infinity) return {};
  const left = Math.max(1, Math.floor(1000 * leftMs));
  return typeof timeout === "number" && timeout > 0 && timeout < left ? {} : { timeout: left };
}
