/**
 * A graph of ONNX operators under construction.
 *
 * @module
 */
import type { Shape } from "../../graph/tensor.ts";
import { type Domain, ELEMENT, type Element, type OnnxAttributes } from "./proto.ts";
import type { OnnxBody, OnnxNode, OnnxPort, OnnxTensor } from "./proto.ts";

/** Name of a tensor in the graph. */
export type Value = string;

/** What an operator reads: a tensor, or a number that stands for a float constant. */
export type Operand = Value | number;

/** Options of an application of an operator. */
export interface CallOptions {
  /** Attributes. @default {none} */
  readonly attributes?: OnnxAttributes;
  /** The set of operators that it is of. @default {the standard one} */
  readonly domain?: Domain;
}

const BYTES: Readonly<Record<"float" | "int64" | "double", (values: readonly number[]) => Uint8Array>> = {
  float: (values) => bytesOf(Float32Array.from(values)),
  int64: (values) => bytesOf(BigInt64Array.from(values, BigInt)),
  double: (values) => bytesOf(Float64Array.from(values)),
};

/** Returns what an operator reads, its body included. */
function readsOf({ inputs, attributes }: OnnxNode): readonly Value[] {
  const bodies = Object.values(attributes).filter((value) => typeof value === "object" && "nodes" in value);
  return [...inputs, ...bodies.flatMap(({ nodes }) => nodes.flatMap(readsOf))];
}

/** Views numbers as bytes. */
export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Writes sizes as ONNX reshapes to them: the batch is what is left. */
export function sizesOf(shape: Shape): number[] {
  return shape.map((size) => size === "B" ? -1 : size);
}

/** Collects operators, constants, inputs and outputs. */
export class OnnxGraph {
  readonly tensors: OnnxTensor[] = [];
  readonly inputs: OnnxPort[] = [];
  readonly outputs: OnnxPort[] = [];
  /** Operators of the graph, or of the body of one of them while it is made. */
  #nodes: OnnxNode[] = [];
  readonly #names = new Set<string>();
  /** Tensors whose names begin alike. */
  readonly #counts = new Map<string, number>();
  readonly #constants = new Map<string, Value>();

  /** Declares an input. */
  input(name: string, element: Element, shape: OnnxPort["shape"]): Value {
    this.inputs.push({ name, element, shape });
    return this.reserve(name);
  }

  /** Declares that a tensor, of a name that was reserved, is an output. */
  output(from: Value, name: string, element: Element, shape: OnnxPort["shape"]): void {
    this.outputs.push({ name, element, shape });
    this.#nodes.push({ type: "Identity", domain: "", inputs: [from], outputs: [name], attributes: {} });
  }

  /**
   * Keeps a name for one tensor.
   *
   * @throws {RangeError} when another has it
   */
  reserve(name: string): Value {
    if (this.#names.has(name)) {
      throw new RangeError(`Cannot export to ONNX: names of inputs and outputs must differ, received "${name}" twice`);
    }
    this.#names.add(name);
    return name;
  }

  /** Adds a tensor of 32-bit floats under its name, or one like it. */
  tensor(name: string, shape: readonly number[], data: ArrayBufferView): Value {
    const free = this.#free(name);
    this.tensors.push({ name: free, element: "float", shape, bytes: bytesOf(data), isParameter: true });
    return free;
  }

  /** Returns a constant of floats. */
  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant("float", values, shape);
  }

  /** Returns a constant of integers. */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.constant("int64", values, shape);
  }

  /** Returns a single integer. */
  int(value: number): Value {
    return this.ints([value], []);
  }

  /** Returns a constant; equal ones are there once. */
  constant(element: "float" | "int64" | "double", values: readonly number[], shape: readonly number[]): Value {
    const key = `${element} ${shape} ${values}`;
    let known = this.#constants.get(key);
    if (known === undefined) {
      known = this.#free(`constant_${this.#constants.size}`);
      this.#constants.set(key, known);
      this.tensors.push({ name: known, element, shape, bytes: BYTES[element](values), isParameter: false });
    }
    return known;
  }

  /** Applies an operator and returns its output. */
  op(type: string, inputs: readonly Operand[], attributes: OnnxAttributes = {}): Value {
    return this.ops(type, inputs, 1, { attributes })[0];
  }

  /** Applies an operator of so many outputs. */
  ops(
    type: string,
    inputs: readonly Operand[],
    outputs: number,
    { attributes = {}, domain = "" }: CallOptions = {},
  ): Value[] {
    const names = Array.from({ length: outputs }, () => this.#free(type));
    const read = inputs.map((input) => typeof input === "number" ? this.floats([input], []) : input);
    this.#nodes.push({ type, domain, inputs: read, outputs: names, attributes });
    return names;
  }

  /**
   * Makes a graph for an operator to run; what is applied meanwhile belongs to it.
   *
   * @param ports what it is given
   * @param build returns what it gives, of the tensors that stand for the ports
   */
  body(ports: readonly Omit<OnnxPort, "name">[], build: (values: readonly Value[]) => readonly OnnxPort[]): OnnxBody {
    const around = this.#nodes;
    const nodes: OnnxNode[] = this.#nodes = [];
    try {
      const inputs = ports.map((port) => ({ ...port, name: this.#free("given") }));
      return { nodes, inputs, outputs: build(inputs.map(({ name }) => name)) };
    } finally {
      this.#nodes = around;
    }
  }

  /** Returns the operators and tensors that an output depends on. */
  live(): { readonly nodes: readonly OnnxNode[]; readonly tensors: readonly OnnxTensor[] } {
    const read = new Set(this.outputs.map(({ name }) => name));
    const nodes = this.#nodes.toReversed().filter((node) => {
      const isRead = node.outputs.some((output) => read.has(output));
      if (isRead) { for (const input of readsOf(node)) read.add(input); }
      return isRead;
    });
    return { nodes: nodes.toReversed(), tensors: this.tensors.filter(({ name }) => read.has(name)) };
  }

  /** Gives a tensor another shape; the batch is what is left. */
  reshape(x: Value, shape: Shape): Value {
    return this.op("Reshape", [x, this.ints(sizesOf(shape))]);
  }

  /** Orders the dimensions anew. */
  transpose(x: Value, ...perm: number[]): Value {
    return this.op("Transpose", [x], { perm });
  }

  /** Inserts dimensions of one. */
  unsqueeze(x: Value, ...axes: number[]): Value {
    return this.op("Unsqueeze", [x, this.ints(axes)]);
  }

  /** Drops dimensions of one. */
  squeeze(x: Value, ...axes: number[]): Value {
    return this.op("Squeeze", [x, this.ints(axes)]);
  }

  /** Sums over dimensions, which stay as ones if they are to. */
  sum(x: Value, axes: readonly number[], keeps = false): Value {
    return this.op("ReduceSum", [x, this.ints(axes)], { keepdims: Number(keeps) });
  }

  /** Averages over dimensions, which stay as ones if they are to. */
  mean(x: Value, axes: readonly number[], keeps = false): Value {
    return this.op("ReduceMean", [x], { axes, keepdims: Number(keeps) });
  }

  /** Cuts a dimension from one place to before another. */
  slice(x: Value, axis: number, from: number, to: number): Value {
    return this.op("Slice", [x, ...[from, to, axis].map((value) => this.ints([value]))]);
  }

  /** Appends zeros to the last dimension, which then has so many numbers. */
  padLast(x: Value, shape: Shape, width: number): Value {
    const more = width - Number(shape.at(-1));
    const before = Array(2 * shape.length - 1).fill(0);
    return more === 0 ? x : this.op("Pad", [x, this.ints([...before, more])], { mode: "constant" });
  }

  /** Puts tensors side by side. */
  concat(parts: readonly Value[], axis: number): Value {
    return parts.length === 1 ? parts[0] : this.op("Concat", parts, { axis });
  }

  /** Picks slices of a dimension by their numbers. */
  gather(x: Value, indices: readonly number[], axis: number): Value {
    return this.op("Gather", [x, this.ints(indices)], { axis });
  }

  /** Turns numbers into others of another element type. */
  cast(x: Value, element: Element): Value {
    return this.op("Cast", [x], { to: ELEMENT[element] });
  }

  /** Returns `yes` where a condition holds, else `no`. */
  where(condition: Value, yes: Operand, no: Operand): Value {
    return this.op("Where", [condition, yes, no]);
  }

  #free(base: string): Value {
    let name = base;
    for (let i = this.#counts.get(base) ?? 0; this.#names.has(name); i++) {
      name = `${base}_${i}`;
      this.#counts.set(base, i + 1);
    }
    this.#names.add(name);
    return name;
  }
}
