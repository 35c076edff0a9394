/**
 * What training is told, and what it tells.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import type { Profiler } from "../gpu/profiler.ts";
import type { PlanDescription } from "../graph/plan.ts";
import type { TuningEvent } from "../kernels/tuner.ts";
import type { LossFunction } from "../losses.ts";
import type { AnyOptimizer } from "../optimizer/parts.ts";
import type { Evaluation, FurtherMetric } from "../metrics.ts";
import type { EvaluateOptions } from "../model/evaluation_columns.ts";
import type { PlateauOptions, StepSchedule } from "../schedule.ts";
import type { L1, L2 } from "../store.ts";
import type { InitialBias } from "./start_bias.ts";
import type { TaskWeights } from "./tasks.ts";

/** What early stopping watches and how long it waits. */
export type EarlyStopping = Omit<PlateauOptions, "lr">;

/** What a step came to. */
export interface StepLoss {
  /** Step of the whole training, from 1. */
  readonly step: number;
  /** Rows of its batch. */
  readonly rows: number;
  /** Their mean loss. */
  readonly loss: number;
  /** Its learning rate. */
  readonly lr: number;
}

/** What {@linkcode FitOptions.onProgress} is told. */
export interface ProgressEvent {
  /** Epoch, from 1. */
  readonly epoch: number;
  /** Steps done in this epoch. */
  readonly step: number;
  /** Steps of an epoch. */
  readonly steps: number;
  /** Mean loss over the rows since the epoch began, as far as it was read back; NaN before that. */
  readonly loss: number;
  /** The steps whose loss was read back since the last such event, in order. */
  readonly recent: readonly StepLoss[];
}

/** What one epoch came to. */
export interface EpochReport {
  /** Epoch, from 1. */
  readonly epoch: number;
  /** Mean training loss, with what a model adds to it, without L2; that of several tasks is their weighted sum. */
  readonly loss: number;
  /** Learning rate of the epoch's last step. */
  readonly lr: number;
  /** Metrics on the validation data, where given. */
  readonly validation: Evaluation | undefined;
  /** Whether this epoch is the best so far. */
  readonly improved: boolean;
  /** Seconds of training, evaluation left out. */
  readonly seconds: number;
  /** Training rows per second. */
  readonly rowsPerSecond: number;
}

/** What {@linkcode Model.fit} returns. */
export interface History {
  /** A report for each epoch. */
  readonly epochs: readonly EpochReport[];
  /** Epoch whose parameters the model now has, from 1. */
  readonly bestEpoch: number;
  /** Steps behind these parameters; within the epoch where evaluations are. */
  readonly bestStep: number;
  /** Their metrics on the validation data; absent without such data, and when an earlier run found them. */
  readonly bestMetrics: Evaluation | undefined;
  /** Why training ended. */
  readonly ended: "epochs" | "early stopping" | "interrupted";
}

/** The folder of a run, and what goes into it. */
export interface RunOptions {
  /** Its path; it is created where there is none. */
  folder: string;
  /** Whether to go on with the unfinished run that it holds, from its checkpoint. @default {false} */
  continue?: boolean;
  /** Rows that the trained model is evaluated on; their metrics are kept with the run. */
  test?: Dataset;
  /** Whether to write the events that TensorBoard shows. @default {true} */
  tensorboard?: boolean;
}

/** Options of {@linkcode Model.fit}. */
export interface FitOptions {
  /** Data evaluated after each epoch. */
  validation?: Dataset;
  /**
   * Evaluates the validation data every `steps` steps of the whole training as well. Early stopping counts each evaluation,
   * and the best of them is kept.
   */
  evaluateEvery?: { steps: number };
  /**
   * Further metrics of each evaluation. Those that early stopping monitors are computed anyhow; an epoch takes the longer
   * the more there are.
   *
   * @default {none, or with a group `["gauc"]`}
   */
  metrics?: readonly FurtherMetric[];
  /** What groups the validation rows for metrics of groups, such as `gauc`: see {@linkcode Model.evaluate}. */
  group?: EvaluateOptions["group"];
  /** Passes over the training data at most. @default {1} */
  epochs?: number;
  /** Rows of a batch. @default {4096} */
  batchSize?: number;
  /** The update rule, or one for each part: `{ linear: ftrl(), embedding: adam(), network: adam() }`. @default {adam()} */
  optimizer?: AnyOptimizer;
  /**
   * What becomes of the optimizer's state (momentum, accumulated squares, the number of steps behind them). `"fresh"`
   * starts with none and releases it in the end. `"keep"` leaves it on the device, and starts with what an earlier `fit`
   * of the same kind of optimizer left there; the learning rate may be another one. State that does not belong to the
   * model's parameters is not kept: {@linkcode Model.setParameters} releases it, and so does early stopping when the
   * model gets the parameters of an epoch before the last one. Of files, checkpoints alone have state: see `resume`, and
   * `optimizerState` of {@linkcode Model.load}.
   *
   * @default {"fresh"}
   */
  optimizerState?: "fresh" | "keep";
  /** Strengths of the L2 regularizer. @default none */
  l2?: L2;
  /**
   * Weights of the tasks' losses by name, 1 for those left out: the loss is L = sum_t u_t L_t. With `"uncertainty"` they
   * are learned: L = sum_t exp(-s_t) L_t + s_t / 2 from s = 0 (Kendall et al., CVPR 2018).
   *
   * @default the sum of the tasks' losses
   */
  taskWeights?: TaskWeights;
  /**
   * What a probability costs beside a label: `crossEntropy()`, `focal()`, or a function that makes the loss of each label
   * out of ops of `./layers`. Terms that a model adds to the loss stay as they are, and so does the evaluation.
   *
   * @default {crossEntropy()}
   */
  loss?: LossFunction;
  /**
   * Strengths of the L1 regularizer, whose proximal step follows each update: w = sign(w) max(|w| - lr l1, 0), so that
   * weights become exactly 0. With lazy updates it takes the rows of the batch. FTRL has an `l1` of its own.
   *
   * @default none
   */
  l1?: L1;
  /**
   * Probability, in [0, 1), that a field of a row is dropped in training; fields that stay count 1 / (1 - p) instead of 1.
   * Sequences stay. @default {0}
   */
  fieldDropout?: number;
  /**
   * Largest number of the gradient, as in `clip_grad_value_`: numbers beyond it become it, L2 included and after
   * `clipNorm`. @default unlimited
   */
  clipValue?: number;
  /** Largest norm of the whole gradient, as in `clip_grad_norm_`; unlimited when absent. */
  clipNorm?: number;
  /** Stop when the monitored metric has ceased to improve, and cut the learning rate on the way. */
  earlyStopping?: EarlyStopping;
  /**
   * Averages the weights over steps. The average takes the place of the weights in evaluations, early stopping and the
   * trained model; training itself goes on from the weights.
   *
   * - `"ema"`: every `every` steps (default 16), average += (1 - decay^every) (weights - average); the first ones have equal
   *   weights (Polyak and Juditsky, 1992).
   * - `"swa"`: the mean of the weights at the ends of epoch `from` and later ones (Izmailov et al., UAI 2018).
   *
   * It takes as much memory as the weights. An update reads and writes all rows of all tables, which for tables that are
   * updated lazily is far more than a step: hence not every step.
   *
   * @default none
   */
  averaging?: { kind: "ema"; decay: number; every?: number } | { kind: "swa"; from: number };
  /** Learning rate by step, from 0; replaces the optimizer's and that of early stopping. */
  schedule?: StepSchedule;
  /**
   * Bias of the logits before the first step: `"log-odds"` of the training labels, so that a model without any evidence
   * says their rate, or as it is. Models without such a bias (MLR, FFM with instance norm) keep their parameters.
   *
   * @default {"log-odds"} for a new model, `"keep"` for one that was loaded, given parameters or trained
   */
  initialBias?: InitialBias;
  /**
   * Share of the occurrences of names and buckets, in [0, 0.5], that is replaced by values not in the data, so that the
   * rows that such values get in prediction learn as well: with 0.01, 2 % of the rows lose half of their values on
   * average. A field whose rare values (`minCount`) make up that share already is left alone; 0 replaces nothing.
   *
   * @default {0.01}
   */
  unseenShare?: number;
  /**
   * Share of the negative rows that an epoch takes, in (0, 1], beside all positive ones. Each epoch goes on where the one
   * before ended, so that all negative rows have their turn; the model's probabilities are corrected by its logarithm. For
   * rows with one label.
   *
   * @default {1}
   */
  negativeRate?: number;
  /**
   * Whether rows are shuffled each epoch. `"window"` is for rows that do not fit in memory: blocks of 8,192 rows come in
   * random order, and the rows of each 32 blocks in random order among each other, so that a pass reads each part of a
   * file once.
   *
   * @default {true}
   */
  shuffle?: boolean | "window";
  /** Seed of shuffling and dropout. @default the model's seed */
  seed?: number;
  /** Bytes of device memory for training rows; more of them stream in chunks. @default half of the largest buffer */
  memoryBudget?: number;
  /** Where occurrences are sorted; the results are the same bits. @default {"auto"} */
  sort?: "auto" | "host" | "gpu";
  /** Checkpoint to write after each epoch, every `everySteps` steps and on interruption. */
  checkpoint?: { path: string; everySteps?: number };
  /** Checkpoint of an earlier run of the same training to go on from. */
  resume?: string;
  /**
   * Whether training may go on with other kernels than the checkpoint's, for example on another device; they round
   * differently, so the bytes are not those of a run that was never interrupted. @default {false}
   */
  otherKernels?: boolean;
  /**
   * Whether to time the variants of the step's kernels first and to train with the fastest ones, which round differently:
   * the bytes of the run then depend on the times. What was measured on this adapter before is not timed again; it is in
   * a file, `weft/tuning.json` in the user's folder for caches unless `path` names another one, or in a page in memory. A
   * resumed run takes the kernels of its checkpoint instead.
   *
   * @default {false}
   */
  tuneKernels?: boolean | { path: string };
  /**
   * Folder of the run, or more about it. It gets `run.json`, `metrics.jsonl`, event files for TensorBoard, the declared
   * schema, checkpoints and the trained model; `weft runs` lists such folders. Callbacks are called as well.
   */
  run?: string | RunOptions;
  /** Interrupts training after the current step. */
  signal?: AbortSignal;
  /** Called now and then with the state of the epoch. */
  onProgress?: (event: ProgressEvent) => void;
  /** Called while kernels are timed, before each pass over their variants. */
  onTuning?: (event: TuningEvent) => void;
  /** Called after each epoch. */
  onEpoch?: (report: EpochReport) => void;
  /** Called after each evaluation within an epoch; `loss` is that since the epoch began. */
  onEvaluation?: (report: Omit<EpochReport, "seconds" | "rowsPerSecond"> & { readonly step: number }) => void;
  /** Told what to know before training begins, such as that validation rows of one class have no AUC. @default console.warn */
  onWarning?: (message: string) => void;
  /** Collects the time of each kernel. */
  profiler?: Profiler;
  /** Told what a step runs and how much memory it takes, once it is compiled. */
  onPlan?: (plan: PlanDescription) => void;
}
