/**
 * Weft trains click-through-rate models, and serves them, on any GPU that WebGPU reaches.
 *
 * Rows become a {@linkcode Dataset} through a schema; a model function bound to its options becomes a
 * {@linkcode Model} on a device; {@linkcode Model.fit} trains it. Models are here under their slugs. Layers, for models of
 * your own, are in `src/layers/mod.ts`, all metrics in `src/metrics.ts`, devices and kernel times in `src/gpu/mod.ts`.
 *
 * @example Training on three columns
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, categorical, deepfm, Model, numeric, readCsvSplit } from "./mod.ts";
 *
 * // Clicks that depend on user and item together, and on neither alone.
 * const lines = Array.from({ length: 512 }, (_, row) => {
 *   const [user, item] = [row % 2, (row >> 1) % 2];
 *   return `${user ^ item},u${user},i${item},${row % 7}`;
 * });
 * const file = new File([["click,user,item,price", ...lines].join("\n")], "clicks.csv");
 *
 * const features = [categorical("user"), categorical("item"), numeric("price", { scale: "log" })];
 * const [training, test] = await readCsvSplit(file, { label: "click", features }, [0.75, 0.25], { seed: 1 });
 *
 * await using model = await Model.create(deepfm({ dim: 4, hidden: [16] }), training.schema, { seed: 1 });
 * await model.fit(training, { epochs: 20, batchSize: 64, optimizer: adam({ lr: 0.02 }) });
 * const { auc } = await model.evaluate(test);
 * assert(auc > 0.99);
 * ```
 *
 * @module
 */
export {
  type Content,
  type CreateOptions,
  type EvaluateOptions,
  type ExtendOptions,
  type InspectOptions,
  type LoadOptions,
  Model,
  type ModelOptions,
  type PredictOptions,
  type PretrainedVectors,
  type QuantizedStorage,
  type RowStorage,
  type StorageByTable,
  type TaskProbabilities,
} from "./src/model.ts";
export { serve, type Server } from "./src/serve/server.ts";
export type { ServeOptions } from "./src/serve/options.ts";
export type { ListenOptions } from "./src/host/mod.ts";
export type { AnyFactory } from "./src/model/header.ts";
export { PredictionError } from "./src/model/requirements.ts";
export type { Calibration, SliceShifts, TaskCalibration } from "./src/calibration/calibration.ts";
export type { CalibrateOptions, CalibrationMethod } from "./src/calibration/calibrate.ts";
export type { CalibrationCurve, IsotonicCurve, LogisticCurve } from "./src/calibration/curve.ts";
export { DivergenceError } from "./src/trainer/checks.ts";
export type { InitialBias } from "./src/trainer/start_bias.ts";
export { crossEntropy, focal, squared } from "./src/losses.ts";
export type {
  CrossEntropyOptions,
  CustomLoss,
  FocalOptions,
  LabelLoss,
  LossFunction,
  LossName,
  SmoothingOptions,
} from "./src/losses.ts";
export type { TaskWeights } from "./src/trainer/tasks.ts";
export type {
  EarlyStopping,
  EpochReport,
  FitOptions,
  History,
  ProgressEvent,
  RunOptions,
  StepLoss,
} from "./src/trainer/options.ts";
export type { PlanDescription } from "./src/graph/plan.ts";
export type { TunedProblem, TuningEvent } from "./src/kernels/tuner.ts";
export type { TuningOptions } from "./src/trainer/tuning.ts";
export type { L1, L2 } from "./src/store.ts";
export type { CheckpointTensor, Json, TensorData } from "./src/checkpoint/content.ts";

export * from "./models/mod.ts";
export { initializeFromFm } from "./src/transfer.ts";
export type { Initializer, InitializerInfo } from "./src/initializer.ts";

export { Dataset } from "./src/data/dataset.ts";
export { countRows } from "./src/data/row_counts.ts";
export type { SplitOptions } from "./src/data/split.ts";
export { readCsv, type ReadCsvOptions, type Source } from "./src/data/csv.ts";
export { describe } from "./src/data/describe.ts";
export { kFold } from "./src/data/folds.ts";
export type { GrowOptions } from "./src/data/grow.ts";
export { readDataGrown } from "./src/data/refit_grown.ts";
export { readCsvFolds, readCsvSplit, type ReadCsvSplitOptions, readDataSplit } from "./src/data/refit.ts";
export { readData, type ReadDataOptions } from "./src/data/read_data.ts";
export { readLibsvm, type ReadLibsvmOptions } from "./src/data/libsvm.ts";
export { readJsonLines, type ReadJsonLinesOptions } from "./src/data/json_lines.ts";
export { readRows, type ReadRowsOptions, type Row, type RowValue } from "./src/data/rows.ts";
export { type EventOptions, sequencesFrom } from "./src/data/event_log.ts";
export {
  readEvents,
  type ReadEventsOptions,
  readEventsSplit,
  type ReadEventsSplitOptions,
} from "./src/data/read_events.ts";
export { type NegativeOptions, sampleNegatives } from "./src/data/negatives.ts";
export { FittedSchema } from "./src/data/fitted_schema.ts";
export { cross, type CrossOptions } from "./src/data/derived/cross.ts";
export { type DateOptions, dateParts } from "./src/data/derived/dates.ts";
export { pastCount, type PastCountOptions, pastRate, type PastRateOptions } from "./src/data/derived/past.ts";
export {
  categorical,
  type CategoricalFeature,
  type CategoricalOptions,
  type Feature,
  numeric,
  type NumericFeature,
  type NumericOptions,
  parseSchema,
  type Schema,
  sequence,
  type SequenceFeature,
  type SequenceOptions,
  type TextRules,
} from "./src/data/schema.ts";

export {
  adagrad,
  type AdagradOptions,
  adam,
  type AdamOptions,
  adamw,
  type AdamwOptions,
  type AnyOptimizer,
  type CommonOptions,
  type EmbeddingUpdate,
  ftrl,
  type FtrlOptions,
  lamb,
  type LambOptions,
  lion,
  type LionOptions,
  type Optimizer,
  type OptimizerByPart,
  type OptimizerName,
  rmsprop,
  type RmspropOptions,
  rowwiseAdagrad,
  sgd,
  type SgdOptions,
} from "./src/optimizer.ts";
export {
  constant as constantRate,
  cosine,
  type Metrics,
  oneCycle,
  type OneCycleOptions,
  type PlateauOptions,
  polynomial,
  type StepSchedule,
  warmup,
} from "./src/schedule.ts";
export { auc, evaluatePredictions, type Evaluation, logloss, type SurvivalCurves } from "./src/metrics.ts";
export { createProgress, type Progress, type ProgressOptions, type ProgressStream } from "./src/progress.ts";

export { requestAdapter } from "./src/host/mod.ts";
export type { AdapterKind, AdapterOptions, FoundAdapter } from "./src/host/adapter_types.ts";
export { type AdapterDescription, Gpu, type GpuOptions } from "./src/gpu/device.ts";
export { GpuError } from "./src/gpu/error.ts";
export { type KernelTime, Profiler, type ProfilerOptions } from "./src/gpu/profiler.ts";
