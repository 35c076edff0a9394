/**
 * Inputs of a request for inference, from the values that a program has.
 *
 * @module
 */
import { sizeOf, type Tensor, type TensorOf } from "./tensor.ts";

/** A typed array whose type says that of the tensor. */
export type NumberArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

/**
 * Values of a column: one for each row; a list for each row where the column is a sequence; or a tensor.
 *
 * Texts become `BYTES`, numbers `FP64`, truth values `BOOL`, typed arrays what they are. Lists are padded to the longest
 * one, and an input `NAME_length` says how many values each row has, as servers of Weft read it.
 */
export type InputValues =
  | readonly string[]
  | readonly number[]
  | readonly boolean[]
  | readonly (readonly string[])[]
  | readonly (readonly number[])[]
  | NumberArray
  | Tensor;

/** Values by the input's name. */
export type Inputs = Readonly<Record<string, InputValues>>;

/** A tensor with its name. */
export type NamedTensor = Tensor & {
  /** Name of the input or output. */
  readonly name: string;
};

const ARRAY_TYPES = [
  ...[["UINT8", Uint8Array], ["UINT16", Uint16Array], ["UINT32", Uint32Array], ["UINT64", BigUint64Array]] as const,
  ...[["INT8", Int8Array], ["INT16", Int16Array], ["INT32", Int32Array], ["INT64", BigInt64Array]] as const,
  ...[["FP32", Float32Array], ["FP64", Float64Array]] as const,
] as const;

/**
 * Returns the tensors of inputs.
 *
 * @throws {TypeError} when values are of several types, or a tensor has other sizes than its elements
 */
export function tensorsOf(inputs: Inputs): NamedTensor[] {
  return Object.entries(inputs).flatMap(([name, values]) => toTensors(name, values));
}

function toTensors(name: string, values: InputValues): NamedTensor[] {
  if (ArrayBuffer.isView(values)) {
    const [datatype] = ARRAY_TYPES.find(([, type]) => values instanceof type)!;
    return [{ name, datatype, shape: [values.length], data: values } as NamedTensor];
  }
  if ("datatype" in values) {
    if (sizeOf(values.shape) === values.data.length) return [{ name, ...values }];
    const received = `${values.data.length} elements`;
    throw new TypeError(`Cannot write input "${name}": shape [${values.shape}] must be theirs, received ${received}`);
  }
  if (values.some((value) => Array.isArray(value))) return padded(name, values as readonly (readonly string[])[]);
  return [{ name, ...plain(name, values as readonly string[], [values.length]) }];
}

/** Puts lists of several lengths into one tensor `[B, L]`, with their lengths beside it. */
function padded(name: string, lists: readonly (readonly (string | number)[])[]): NamedTensor[] {
  const most = lists.reduce((most, { length }) => Math.max(most, length), 1);
  const filler = lists.some((list) => typeof list[0] === "number") ? 0 : "";
  const flat = lists.flatMap((list) => Array.from({ length: most }, (_, i) => list[i] ?? filler));
  const lengths = Int32Array.from(lists, (list) => list.length);
  return [
    { name, ...plain(name, flat, [lists.length, most]) },
    { name: `${name}_length`, datatype: "INT32", shape: [lists.length], data: lengths },
  ];
}

function plain(
  name: string,
  values: readonly unknown[],
  shape: readonly number[],
): TensorOf<"BYTES"> | TensorOf<"BOOL"> | TensorOf<"FP64"> {
  const kinds = values.map((value): string => typeof value);
  const [kind = "string"] = kinds;
  const other = kinds.findIndex((each) => each !== kind);
  if (other >= 0 || !["string", "number", "boolean"].includes(kind)) {
    const at = Math.max(other, 0);
    const received = `${kinds[at]} at ${at}`;
    throw new TypeError(
      `Cannot write input "${name}": values must be texts, numbers or booleans, received ${received}`,
    );
  }
  if (kind === "number") return { datatype: "FP64", shape, data: Float64Array.from(values as number[]) };
  if (kind === "boolean") return { datatype: "BOOL", shape, data: values as boolean[] };
  return { datatype: "BYTES", shape, data: values as string[] };
}
