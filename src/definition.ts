/**
 * Model definitions: a pure function from features to logits, with a name and typed options.
 *
 * @module
 */
import type { Tensor } from "./graph/tensor.ts";
import { type FieldWidths, withWidths } from "./model/field_widths.ts";
import type { Input } from "./layers/input.ts";

export type { FieldWidths } from "./model/field_widths.ts";

/**
 * Logits `[B, 1]`, or a record of them by task, whose names are those of the labels. Where labels are times, a record by
 * head has `[B, K]`, and one tensor `[B, 1]` becomes the hazards of all intervals.
 */
export type Logits = Tensor | Readonly<Record<string, Tensor>>;

/** A model function bound to its options. */
export interface Definition {
  /** Slug of the model, for example `deepfm`. */
  readonly name: string;
  /** Options as given, by name in order; they are stored in checkpoints. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Computes the logits. */
  readonly build: (x: Input) => Logits;
  /** Whether the model reads sequences in their order; its schema must have one. @default {false} */
  readonly readsHistories?: boolean;
}

/** Binds options to a model function. */
export interface DefinitionFactory<O extends object = Record<string, unknown>> {
  /** Binds options; those left out take the model's defaults. */
  (options?: O & FieldWidths): Definition;
  /** Slug of the model. */
  readonly slug: string;
}

/**
 * Defines a model from a pure function of its input. Beside its own options, a model has `dims`: the widths of the
 * embeddings of some fields, see {@linkcode FieldWidths}.
 *
 * @param slug name in files, checkpoints and on the command line
 * @param build computes the logits `[B, 1]`, or those of each task, from the input and the options
 * @param traits what the model needs of a schema
 * @example A factorization machine
 * ```ts
 * import { add, defineModel, embedding, fmInteraction, linear } from "./layers/mod.ts";
 * import assert from "node:assert/strict";
 *
 * const tiny = defineModel(
 *   "tiny",
 *   (x, { dim = 8 }: { dim?: number }) => add(linear(x), fmInteraction(embedding(x, dim))),
 * );
 * assert.equal(tiny({ dim: 4 }).name, "tiny");
 * ```
 */
export function defineModel<O extends object>(
  slug: string,
  build: (x: Input, options: O) => Logits,
  traits: Pick<Definition, "readsHistories"> = {},
): DefinitionFactory<O> {
  const factory = (options: O & FieldWidths = {} as O): Definition => ({
    name: slug,
    options: Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))),
    build: (x) => withWidths(slug, x, options.dims, (input) => build(input, options)),
    ...traits,
  });
  return Object.assign(factory, { slug });
}
