/**
 * How an op of Weft becomes operators of ONNX.
 *
 * @module
 */
import type { Node } from "../../graph/node.ts";
import type { Shape } from "../../graph/tensor.ts";
import type { OnnxGraph, Value } from "./graph.ts";

/** An application of an op, of whose sizes a translation takes what it needs. */
export interface Call<A> {
  /** What the op is specialized by. */
  readonly attributes: A;
  /** Sizes of what it reads. */
  readonly shapes: readonly Shape[];
  /** Sizes of what it writes. */
  readonly outputs: readonly Shape[];
  /** The application. */
  readonly node: Node;
}

/**
 * Adds the operators that compute what an op writes.
 *
 * @returns its outputs; those that only a backward pass or a person reads are left out
 */
export type Translation<A = unknown> = (
  g: OnnxGraph,
  inputs: readonly Value[],
  call: Call<A>,
) => Value | readonly Value[];

/** Translations by the names of ops. */
export type Translations = Readonly<Record<string, Translation>>;

/** Declares a translation of an op with attributes of a known type. */
export function translation<A>(translate: Translation<A>): Translation {
  return translate as Translation;
}

/** Returns a size that does not depend on the batch; those from the end have negative numbers. */
export function sizeAt(shape: Shape, axis: number): number {
  return Number(shape.at(axis));
}
