/**
 * Weft trains click-through-rate models, and predicts with them, on any GPU that WebGPU reaches.
 *
 * Rows become a {@linkcode Dataset} through a schema; a model function bound to its options becomes a
 * {@linkcode Model} on a device; {@linkcode Model.fit} trains it. Models are here under their slugs, layers beside them,
 * those that a model is named after with `Interaction` behind: `fm` is the model, `fmInteraction` the layer.
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
export { Model, type ModelOptions } from "./src/model.ts";
export type { AnyFactory } from "./src/model/header.ts";
export { PredictionError } from "./src/model/requirements.ts";
export { DivergenceError } from "./src/trainer/checks.ts";
export type { InitialBias } from "./src/trainer/start_bias.ts";
export type { EarlyStopping, EpochReport, FitOptions, History, ProgressEvent } from "./src/trainer/options.ts";
export { defineModel, type Definition, type DefinitionFactory } from "./src/definition.ts";
export { initialiseFromFm } from "./src/transfer.ts";
export type { L2 } from "./src/store.ts";
export type { CheckpointTensor, Json, TensorData } from "./src/checkpoint.ts";

export * from "./models/mod.ts";
export * from "./src/layers/mod.ts";
export type { Dim, DType, Origin, Shape, Tensor } from "./src/graph/tensor.ts";
export type { Graph, Mode } from "./src/graph/graph.ts";
export type { Gradients, TableGradient } from "./src/graph/autodiff.ts";
export type { Emitter, Image, KernelCall, Node, Op, Output, TableShard } from "./src/graph/node.ts";
export type { Declarations, Parameter, Regularized, Table } from "./src/graph/parameter.ts";
export type { PlanDescription } from "./src/graph/plan.ts";

export { Dataset } from "./src/data/dataset.ts";
export type { DatasetParts } from "./src/data/dataset_parts.ts";
export type { SplitOptions } from "./src/data/split.ts";
export { type NamedStream, readCsv, type ReadCsvOptions, type Source } from "./src/data/csv.ts";
export { readCsvSplit, type ReadCsvSplitOptions } from "./src/data/refit.ts";
export type { OnFault, RejectionOptions } from "./src/data/rejections.ts";
export type { FieldCoverage, Respelling } from "./src/data/coverage.ts";
export { readLibsvm, type ReadLibsvmOptions } from "./src/data/libsvm.ts";
export { readRows, type ReadRowsOptions, type Row } from "./src/data/rows.ts";
export { type FieldFit, type FittedField, FittedSchema } from "./src/data/fitted_schema.ts";
export type { FittedScale } from "./src/data/scaling.ts";
export {
  categorical,
  type CategoricalFeature,
  type CategoricalOptions,
  type Feature,
  numeric,
  type NumericFeature,
  type NumericOptions,
  parseSchema,
  type Scale,
  type Schema,
} from "./src/data/schema.ts";

export * from "./src/optimizer.ts";
export { parseOptimizer } from "./src/optimizer/parse.ts";
export * from "./src/metrics.ts";
export {
  constant as constantRate,
  cosine,
  type Metrics,
  type PlateauDecision,
  type PlateauOptions,
  PlateauSchedule,
  type PlateauState,
  type StepSchedule,
  warmup,
} from "./src/schedule.ts";
export {
  constant,
  heNormal,
  type Initializer,
  type InitializerInfo,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "./src/initializer.ts";

export type { ImageCopy } from "./src/gpu/image.ts";
export type { BufferRange, Dispatch } from "./src/gpu/kernel.ts";
export type { Constants, Shader, ShaderPart } from "./src/gpu/shader.ts";
export { type AdapterDescription, Gpu, type GpuOptions, type Observation } from "./src/gpu/device.ts";
export type { DeviceLimits, DeviceProfile, MatrixShape } from "./src/gpu/profile.ts";
export type { SubgroupProfile } from "./src/gpu/subgroup.ts";
export { loadKernels } from "./src/kernels/load.ts";
export { GpuError } from "./src/gpu/error.ts";
export { formatKernelTimes, type KernelTime, Profiler, type ProfilerOptions } from "./src/gpu/profiler.ts";
export {
  type AdapterKind,
  type AdapterOptions,
  type AdapterReport,
  type FoundAdapter,
  listAdapters,
  requestAdapter,
} from "./src/adapter.ts";
export { createProgress, type Progress, type ProgressOptions, type ProgressStream } from "./src/progress.ts";
