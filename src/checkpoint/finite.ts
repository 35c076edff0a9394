/**
 * A look for numbers that are not finite, before they take the place of good ones in a file.
 *
 * @module
 */
import type { CheckpointTensor } from "./content.ts";

/** A number that is not finite. */
export interface NotFinite {
  /** Name of the tensor. */
  readonly tensor: string;
  /** Index in each dimension. */
  readonly index: readonly number[];
  /** The number: NaN or an infinity. */
  readonly value: number;
}

/** Returns the first number that is not finite, tensors taken by name; nothing when all are. */
export function findNotFinite(tensors: Readonly<Record<string, CheckpointTensor>>): NotFinite | undefined {
  for (const name of Object.keys(tensors).sort()) {
    const { data, shape } = tensors[name];
    if (!(data instanceof Float32Array || data instanceof Float64Array)) continue;
    const at = firstNotFinite(data);
    if (at >= 0) return { tensor: name, index: indexOf(at, shape), value: data[at] };
  }
}

/** Says which number is not finite: `"embedding" must be finite, received NaN at [12, 3]`. */
export function describeNotFinite({ tensor, index, value }: NotFinite): string {
  return `"${tensor}" must be finite, received ${value} at [${index.join(", ")}]`;
}

function firstNotFinite(data: Float32Array | Float64Array): number {
  // x - x is 0 for finite numbers only; a plain loop, because tables have hundreds of millions of numbers.
  for (let i = 0; i < data.length; i++) if (data[i] - data[i] !== 0) return i;
  return -1;
}

function indexOf(at: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let d = shape.length - 1; d >= 0; d--) {
    index.unshift(at % shape[d]);
    at = Math.floor(at / shape[d]);
  }
  return index;
}
