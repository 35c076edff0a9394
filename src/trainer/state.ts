/**
 * The state of training as a checkpoint holds it, with the recipe that must be equal for a resumption.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import { canonicalJson } from "../checkpoint/canonical_json.ts";
import { crossEntropy, type LossFunction } from "../losses.ts";
import type { Optimizer } from "../optimizer.ts";
import { OPTIMIZER_PARTS, type Rules } from "../optimizer/parts.ts";
import type { PlateauState } from "../schedule.ts";
import type { FitOptions } from "./options.ts";

/** State of training as a checkpoint holds it. */
export interface TrainingState {
  /** What must be equal for a resumption to give the same bytes. */
  readonly recipe: Json;
  /** Names of the kernels' variants that the step runs, by kernel and problem; files of earlier versions have none. */
  kernels?: Readonly<Record<string, string>>;
  /** Epochs done. */
  epoch: number;
  /** Steps done in the epoch. */
  position: number;
  /** Steps done. */
  step: number;
  /** Steps of earlier trainings whose optimizer state this one took up; absent for 0. */
  earlierSteps?: number;
  /** Epoch with the best metrics, from 1. */
  bestEpoch: number;
  /** Steps behind the best metrics; absent in files of versions that evaluated after epochs alone. */
  bestStep?: number;
  /** Weights that were averaged; absent for none. */
  averaged?: number;
  /** State of early stopping. */
  plateau: PlateauState | null;
}

/** Returns the steps behind the optimizer's state, with those of earlier trainings. */
export function stepsBehind({ earlierSteps = 0, step }: TrainingState): number {
  return earlierSteps + step;
}

/** What a recipe holds beside the options. */
export interface RecipeParts {
  /** Rows of the training data. */
  readonly rows: number;
  /** Rows of a batch. */
  readonly batch: number;
  /** Seed of shuffling and dropout. */
  readonly seed: number;
  /** The update rule of each part. */
  readonly rules: Rules;
  /** Share of the occurrences that unseen values replace. */
  readonly unseenShare: number;
  /** Share of the negative rows that an epoch takes. */
  readonly negativeRate: number;
  /** Digest of the rows, where training is to be resumed. */
  readonly rowsDigest: string | undefined;
  /** Digest of given occurrences by row, where training is to be resumed. */
  readonly countsDigest: string | undefined;
  /** Number of tasks. */
  readonly tasks: number;
}

/** Returns what decides the bytes that training gives. */
export function recipeOf(options: FitOptions, parts: RecipeParts): Json {
  const {
    validation,
    l2,
    l1,
    clipNorm,
    clipValue,
    fieldDropout,
    shuffle,
    taskWeights,
    loss,
    averaging,
    evaluateEvery,
  } = options;
  const { rows, rowsDigest, countsDigest, batch, seed, unseenShare, negativeRate, tasks } = parts;
  return {
    rows,
    validationRows: validation?.rows ?? 0,
    ...(rowsDigest !== undefined && { rowsDigest }),
    unseenShare,
    batch,
    seed,
    shuffle: shuffle ?? true,
    optimizer: describeRules(parts.rules),
    l2: {
      embedding: l2?.embedding ?? 0,
      net: l2?.net ?? 0,
      ...(l2?.byCount && { byCount: l2.byCount }),
      ...(l2?.byField && { byField: { ...l2.byField } }),
      ...(countsDigest !== undefined && { counts: countsDigest }),
    },
    clipNorm: clipNorm ?? null,
    l1: { embedding: l1?.embedding ?? 0, net: l1?.net ?? 0 },
    clipValue: clipValue ?? null,
    fieldDropout: fieldDropout ?? 0,
    negativeRate,
    ...(tasks > 1 && { taskWeights: taskWeights ?? null }),
    loss: describeLoss(loss),
    averaging: averaging ? { ...averaging } : null,
    evaluateEvery: evaluateEvery?.steps ?? null,
  };
}

/** Describes the optimizer, or the optimizers by part where they differ. */
function describeRules(rules: Rules): Json {
  const { network, embedding, linear } = rules;
  if (network === embedding && network === linear) return describeRule(network);
  return Object.fromEntries(OPTIMIZER_PARTS.map((part) => [part, describeRule(rules[part])]));
}

function describeRule({ name, lr, embeddingUpdate, constants: { LR: _, ...constants } }: Optimizer): Json {
  // FTRL's LR is lr again.
  return { name, lr, embeddingUpdate, constants };
}

/** Describes a loss; of a function there is only the name. */
function describeLoss(loss: LossFunction = crossEntropy()): Json {
  if (typeof loss === "function") return { name: "function", function: loss.name };
  const { name, smoothing, constants } = loss;
  return { name, smoothing, constants };
}

/** What recipes of files hold that do not say so: they were written before there was such an option. */
const UNSAID: Readonly<Record<string, Json>> = {
  unseenShare: 0,
  loss: describeLoss(),
  l1: { embedding: 0, net: 0 },
  fieldDropout: 0,
  negativeRate: 1,
};

/** Returns a part of a recipe that a checkpoint holds; undefined where it says nothing about it. */
export function recipePart(saved: Json, key: string): Json | undefined {
  return (saved as Record<string, Json | undefined>)[key] ?? UNSAID[key];
}

/**
 * Throws unless two recipes are equal; a digest of rows counts where both have one.
 *
 * @throws {TypeError} when they differ, naming what does
 */
export function requireSameRecipe(saved: Json, wanted: Json): void {
  const [before, now] = [saved, wanted] as Record<string, Json>[];
  for (const key of Object.keys(now)) {
    if (key === "rowsDigest") {
      if (before[key] === undefined || before[key] === now[key]) continue;
      const [old, value] = [before[key], now[key]].map((digest) => String(digest).slice(0, 12));
      throw new TypeError(
        `Cannot resume: the checkpoint was trained on other rows, of digest ${old}, received ${value}`,
      );
    }
    const [old, value] = [recipePart(saved, key), now[key]].map((part) => canonicalJson(part ?? null, key));
    if (old !== value) {
      throw new TypeError(`Cannot resume: the checkpoint was trained with ${key} ${old}, received ${value}`);
    }
  }
}

/** What kernels ran that checkpoints of versions without them do not name. */
const UNNAMED: Readonly<Record<string, string>> = { segment_reduce_pair: "apart" };

/** Returns the kernels that a training is to have which goes on from a checkpoint, by kernel and problem, or by kernel. */
export function kernelsToResume({ kernels }: TrainingState): Readonly<Record<string, string>> {
  return { ...UNNAMED, ...kernels };
}

/**
 * Throws unless a step runs the kernels that a checkpoint names, since others round differently.
 *
 * @throws {TypeError} when one differs, naming the first
 */
export function requireSameKernels({ kernels = {} }: TrainingState, now: Readonly<Record<string, string>>): void {
  const differing = Object.keys(kernels).find((problem) => kernels[problem] !== now[problem]);
  if (differing === undefined) return;
  throw new TypeError(
    `Cannot resume: the checkpoint was trained with kernels ${kernels[differing]} of ${differing}, received ${
      now[differing] ?? "none"
    }; otherKernels (--other-kernels) goes on, to other bytes`,
  );
}
