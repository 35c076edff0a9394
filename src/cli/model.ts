/**
 * The model and the optimizer that flags declare.
 *
 * @module
 */
import { models } from "../../models/mod.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import { parseNumber } from "../data/scaling.ts";
import type { Definition } from "../definition.ts";
import { Declarations } from "../graph/parameter.ts";
import { crossEntropy, focal, type LabelLoss, squared } from "../losses.ts";
import type { EmbeddingUpdate, Optimizer, OptimizerName } from "../optimizer.ts";
import { parseOptimizer } from "../optimizer/parse.ts";
import { type AnyOptimizer, OPTIMIZER_PARTS, type OptimizerPart, rulesOf } from "../optimizer/parts.ts";
import type { L1, L2 } from "../store.ts";
import { spaceOf, traceModel } from "../trace.ts";
import type { OptionGroups, Options } from "./options.ts";
import { wrap } from "./table.ts";

/** Options that declare a model. */
export const MODEL_OPTIONS = {
  model: { value: "NAME", help: wrap(`${Object.keys(models).join(", ")} (default deepfm)`, 80).join("\n") },
  dim: { value: "D", help: "width of an embedding (default 16)" },
  dims: { value: "LIST", help: "widths of the embeddings of some fields, in place of --dim, such as\nuser=4,item=32" },
  hidden: { value: "WIDTHS", help: "widths of the hidden layers (default 400,400,400)" },
  dropout: { value: "P", help: "probability of zeroing a hidden unit in training (default 0)" },
  "batch-norm": { help: "batch-normalize the hidden layers" },
  "model-options": { value: "JSON", help: 'other options of the model, such as {"dim": 8}' },
} as const satisfies OptionGroups[string];

/** Options that declare an optimizer. */
export const OPTIMIZER_OPTIONS = {
  optimizer: {
    value: "NAME",
    help: "adam (default), adamw, lamb, lion, rmsprop, sgd, adagrad, rowwise_adagrad or ftrl",
  },
  lr: { value: "RATE", help: "learning rate (default: the optimizer's, 0.001 for adam)" },
  "optimizer-options": { value: "LIST", help: "other options by name, such as momentum=0.9,nesterov=true" },
  "optimizer-of": {
    value: "LIST",
    help:
      "optimizer of a part, such as linear=ftrl,lr=0.05; parts are network, embedding\nand linear (first-order weights)",
  },
  "embedding-update": {
    value: "HOW",
    help: "lazy (default) updates the embedding rows of the batch,\ndense all rows at every step",
  },
  "l2-embedding": { value: "L2", help: "L2 strength over embeddings and first-order weights (default 0)" },
  "l2-by-count": {
    value: "L2",
    help:
      "L2 strength over the embedding rows of the batch, each divided by\nits occurrences in the training data (default 0)",
  },
  "l2-by-field": {
    value: "LIST",
    help: "L2 strength over the rows of some fields, in place of --l2-embedding, such as\nuser=1e-4,item=0",
  },
  "l2-net": { value: "L2", help: "L2 strength over all other parameters (default 0)" },
  "l1-embedding": { value: "L1", help: "L1 strength over embeddings and first-order weights (default 0)" },
  "l1-net": { value: "L1", help: "L1 strength over all other parameters (default 0)" },
  "clip-norm": { value: "NORM", help: "largest norm of the gradient (default: unlimited)" },
  "clip-value": { value: "X", help: "largest number of the gradient (default: unlimited)" },
} as const satisfies OptionGroups[string];

/** Options that declare a loss. */
export const LOSS_OPTIONS = {
  loss: { value: "NAME", help: "cross_entropy (default) or focal; squared (default) with --real" },
  "loss-options": {
    value: "LIST",
    help: "positiveWeight=W of cross_entropy, gamma=G and alpha=A of focal,\nsmoothing=S and smoothTo=T of both",
  },
} as const satisfies OptionGroups[string];

const LOSSES = {
  cross_entropy: { make: crossEntropy, options: ["positiveWeight", "smoothing", "smoothTo"] },
  focal: { make: focal, options: ["gamma", "alpha", "smoothing", "smoothTo"] },
  squared: { make: squared, options: [] },
} as const;

const OPTIMIZERS: readonly OptimizerName[] = [
  "adam",
  "adamw",
  "lamb",
  "lion",
  "rmsprop",
  "sgd",
  "adagrad",
  "rowwise_adagrad",
  "ftrl",
];

type ModelOption = keyof typeof MODEL_OPTIONS;
type OptimizerOption = keyof typeof OPTIMIZER_OPTIONS;
type LossOption = keyof typeof LOSS_OPTIONS;

/** A model with a check of its options. */
export interface DeclaredModel {
  /** The model function, bound to its options. */
  readonly definition: Definition;
  /**
   * Traces the model over the fields of a schema.
   *
   * @throws {UsageError} when an option was given that the model function does not read
   */
  readonly check: (schema: FittedSchema) => void;
}

/**
 * Binds the options to the model function.
 *
 * @throws {UsageError} when the model is unknown or an option is out of range
 */
export function readModel(options: Options<ModelOption>): DeclaredModel {
  const name = options.choice("model", Object.keys(models)) ?? "deepfm";
  const given = readModelOptions(options);
  const used = new Set<PropertyKey>();
  const watched = new Proxy(given, {
    get(target, key) {
      used.add(key);
      return Reflect.get(target, key);
    },
  });
  const definition = models[name](watched);
  const check = (schema: FittedSchema): void => {
    used.clear();
    traceModel(definition, "train", new Declarations(), spaceOf(schema), 1);
    const surplus = Object.keys(given).find((key) => !used.has(key));
    if (surplus === undefined) return;
    const known = [...used].map(String);
    const list = known.length > 0 ? `it has ${known.join(", ")}` : "it has none";
    options.refuse(`model ${name} has no option "${surplus}", ${list}`);
  };
  return { definition, check };
}

function readModelOptions(options: Options<ModelOption>): Record<string, unknown> {
  const hidden = options.numbers("hidden", 1);
  if (hidden && !hidden.every(Number.isInteger)) {
    options.refuse(`option "--hidden" must be widths such as 400,400, received "${options.text("hidden")}"`);
  }
  const dropout = options.number("dropout", 0, 1);
  if (dropout === 1) options.refuse('option "--dropout" must be below 1, received "1"');
  return {
    ...(options.has("dim") && { dim: options.integer("dim", 1) }),
    ...(options.has("dims") && { dims: readDims(options) }),
    ...(hidden && { hidden }),
    ...(dropout !== undefined && { dropout }),
    ...(options.has("batch-norm") && { batchNorm: true }),
    ...parseObject(options),
  };
}

/** Reads the widths of fields. */
function readDims(options: Options<ModelOption>): Record<string, number> {
  const pairs = readPairs(options, "dims", "user=4").map(([field, text]): [string, number] => {
    const dim = parseNumber(text);
    if (Number.isInteger(dim) && dim >= 1) return [field, dim];
    return options.refuse(`option "--dims" must give "${field}" a positive integer, received "${text}"`);
  });
  return Object.fromEntries(pairs);
}

function parseObject(options: Options<ModelOption>): object {
  const text = options.text("model-options");
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    options.refuse(`option "--model-options" must be JSON, received "${text}": ${(error as Error).message}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  return options.refuse(`option "--model-options" must be an object such as {"dim": 8}, received "${text}"`);
}

/**
 * Makes the optimizer, or the optimizers by part.
 *
 * @throws {UsageError} when an optimizer or one of its options is unknown or out of range
 */
export function readOptimizer(options: Options<OptimizerOption>): AnyOptimizer {
  const name = options.choice("optimizer", OPTIMIZERS) ?? "adam";
  const embeddingUpdate = options.choice("embedding-update", ["lazy", "dense"]);
  const given = Object.fromEntries(readPairs(options, "optimizer-options", "momentum=0.9"));
  const rest = makeOptimizer(options, name, { ...given, lr: options.number("lr"), embeddingUpdate });
  const own = options.texts("optimizer-of").map((text) => readPart(options, text, embeddingUpdate));
  if (own.length === 0) return rest;
  const twice = own.find(([part], i) => own.some(([other], j) => j < i && other === part));
  if (twice) options.refuse(`option "--optimizer-of" must name "${twice[0]}" once, received two optimizers`);
  return { ...rulesOf(rest), ...Object.fromEntries(own) };
}

/** Reads a part with its optimizer, such as `linear=ftrl,lr=0.05`. */
function readPart(
  options: Options<OptimizerOption>,
  text: string,
  embeddingUpdate: EmbeddingUpdate | undefined,
): [OptimizerPart, Optimizer] {
  const [[part, name], ...given] = pairsOf(options, "optimizer-of", text.split(","), "linear=ftrl,lr=0.05");
  if (!(OPTIMIZER_PARTS as readonly string[]).includes(part)) {
    options.refuse(`option "--optimizer-of" must begin with ${OPTIMIZER_PARTS.join(", ")}, received "${part}"`);
  }
  return [part as OptimizerPart, makeOptimizer(options, name, { embeddingUpdate, ...Object.fromEntries(given) })];
}

function makeOptimizer(
  options: Options<OptimizerOption>,
  name: string,
  given: Readonly<Record<string, unknown>>,
): Optimizer {
  try {
    return parseOptimizer(name, given);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return options.refuse(error.message.replace(/^Cannot make /, "optimizer "));
  }
}

function readByField(options: Options<OptimizerOption>): Record<string, number> {
  const pairs = readPairs(options, "l2-by-field", "user=1e-4").map(([name, text]): [string, number] => {
    const strength = parseNumber(text);
    return strength >= 0
      ? [name, strength]
      : options.refuse(`option "--l2-by-field" of "${name}" must be a number of at least 0, received "${text}"`);
  });
  return Object.fromEntries(pairs);
}

/** Reads the strengths of L2. */
export function readL2(options: Options<OptimizerOption>): L2 {
  return {
    embedding: options.number("l2-embedding", 0),
    byCount: options.number("l2-by-count", 0),
    net: options.number("l2-net", 0),
    ...(options.has("l2-by-field") && { byField: readByField(options) }),
  };
}

/** Reads the strengths of L1. */
export function readL1(options: Options<OptimizerOption>): L1 {
  return { embedding: options.number("l1-embedding", 0), net: options.number("l1-net", 0) };
}

/**
 * Makes the loss; undefined where no option asks for one.
 *
 * @throws {UsageError} when the loss or one of its options is unknown or out of range
 */
export function readLoss(options: Options<LossOption>): LabelLoss | undefined {
  const pairs = readPairs(options, "loss-options", "gamma=2");
  const name = options.choice("loss", ["cross_entropy", "focal", "squared"]) ??
    (pairs.length > 0 ? "cross_entropy" : undefined);
  if (name === undefined) return undefined;
  const { make, options: known } = LOSSES[name];
  const given = pairs.map(([option, text]) => {
    if (!(known as readonly string[]).includes(option)) {
      options.refuse(`loss ${name} has no option "${option}", it has ${known.join(", ")}`);
    }
    return [option, option === "alpha" && text === "null" ? null : Number(text.trim() || NaN)];
  });
  try {
    return (make as (options: object) => LabelLoss)(Object.fromEntries(given));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return options.refuse(error.message.replace(/^Cannot make /, "loss "));
  }
}

/** Reads a list of names with values. */
function readPairs<N extends string>(options: Options<N>, name: N, example: string): [string, string][] {
  return pairsOf(options, name, options.list(name), example);
}

function pairsOf<N extends string>(
  options: Options<N>,
  name: N,
  pairs: readonly string[],
  example: string,
): [string, string][] {
  return pairs.map((pair) => {
    const equals = pair.indexOf("=");
    if (equals < 1) options.refuse(`option "--${name}" must be like ${example}, received "${pair}"`);
    return [pair.slice(0, equals).trim(), pair.slice(equals + 1).trim()];
  });
}
