/**
 * Options of a model's calls.
 *
 * @module
 */
import type { FittedSchema } from "../data/fitted_schema.ts";
import { formatValue } from "../data/format.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Initializer } from "../initializer.ts";
import type { PretrainedVectors } from "../pretrained/options.ts";
import type { FieldVectors } from "../pretrained/vectors.ts";
import { requireCount } from "./requirements.ts";

/** Options of {@linkcode Model.create} and {@linkcode Model.load}. */
export interface ModelOptions {
  /** Seed of the first parameters, and of training where none is given there. @default {1} */
  seed?: number;
  /** Device to run on, which the caller destroys; one is requested, and destroyed with the model, when absent. */
  device?: GPUDevice | Gpu;
  /** Told in one line when no hardware adapter was found and a slower one is used. */
  announce?: (line: string) => void;
}

/** Options of {@linkcode Model.load}. */
export interface LoadOptions extends ModelOptions {
  /**
   * Keeps the optimizer's state that a checkpoint holds, for the first `fit` with `optimizerState: "keep"`. Finished models
   * have none. @default {"fresh"}
   */
  optimizerState?: "fresh" | "keep";
}

/** Options of {@linkcode Model.create}. */
export interface CreateOptions extends ModelOptions {
  /**
   * First values of all embeddings; first-order weights and whatever else has one number a row keep theirs. Where models
   * multiply embeddings, products of very small ones are slow to learn from. @default {what the model gives, normal(1e-4) in most}
   */
  embeddingInitializer?: Initializer;
  /**
   * Vectors of files by field, as rows of the embedding table to start from, or to stay as they are: see
   * {@linkcode PretrainedVectors}. Values that a file lacks have their first numbers from the initializer.
   *
   * @default {none}
   */
  pretrained?: Readonly<Record<string, PretrainedVectors>>;
}

/** Options of {@linkcode Model.predict} and {@linkcode Model.evaluate}. */
export interface PredictOptions {
  /** Rows that the device computes at a time; a pass is compiled for each size. @default {4096} */
  batchSize?: number;
  /** Whether the model's calibration is applied, where it has one; else probabilities are sigmoid(z). @default {true} */
  calibrated?: boolean;
}

/** Options of {@linkcode Model.inspect}. */
export interface InspectOptions {
  /** Rows that the device computes at a time. @default the number of rows up to the next power of two, at most 1024 */
  batchSize?: number;
  /**
   * What is read: what layers expose, or the outputs of those that end in ReLU, by the name of their parameters.
   *
   * @default {"exposed"}
   */
  what?: "exposed" | "relu";
}

/**
 * Returns the initializer that options give for embeddings.
 *
 * @throws {TypeError} when it is none
 */
export function embeddingInitializerOf({ embeddingInitializer }: CreateOptions): Initializer | undefined {
  if (embeddingInitializer === undefined || typeof embeddingInitializer?.fill === "function") {
    return embeddingInitializer;
  }
  throw new TypeError(
    `Cannot create model: embeddingInitializer must be an initializer such as normal(0.01), received ${
      formatValue(embeddingInitializer)
    }`,
  );
}

/** Reads the pretrained vectors that options name; none where they name none. */
export async function readVectors(schema: FittedSchema, { pretrained }: CreateOptions): Promise<FieldVectors[]> {
  if (pretrained === undefined) return [];
  // Imported on use, because a model without such files needs no readers of them.
  const { readPretrained } = await import("../pretrained/vectors.ts");
  return await readPretrained(schema, pretrained);
}

/** Rows of a pass of `predict` and `evaluate`, where their options do not say. */
export const PREDICTED_ROWS = 4096;

/**
 * Returns the batch size that options give.
 *
 * @param action what is done with it, as in `Cannot <action>`
 * @param otherwise the batch size where they give none
 * @throws {TypeError} when the options are not an object
 * @throws {RangeError} when the batch size is not a positive integer
 */
export function batchSizeOf(
  action: string,
  options: Pick<PredictOptions, "batchSize">,
  otherwise = PREDICTED_ROWS,
): number {
  if (typeof options !== "object" || options === null) {
    const received = formatValue(options);
    throw new TypeError(`Cannot ${action}: options must be an object such as { batchSize: 64 }, received ${received}`);
  }
  return requireCount(action, "batchSize", options.batchSize ?? otherwise);
}

/**
 * Returns what options ask to inspect.
 *
 * @throws {RangeError} when there is no such thing
 */
export function inspectedOf({ what = "exposed" }: InspectOptions): "exposed" | "relu" {
  if (what === "exposed" || what === "relu") return what;
  throw new RangeError(`Cannot inspect: what must be "exposed" or "relu", received ${formatValue(what)}`);
}
