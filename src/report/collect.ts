/**
 * Gathering what a report says from a model, rows and a run.
 *
 * @module
 */
import { requireLabels } from "../data/classes.ts";
import type { Dataset } from "../data/dataset.ts";
import type { Description } from "../data/describe.ts";
import { shuffled } from "../data/random.ts";
import { Declarations } from "../graph/parameter.ts";
import { type Inspected, inspectedTensors } from "../inspector.ts";
import type { Evaluation } from "../metrics.ts";
import type { Model } from "../model.ts";
import { evaluationOf } from "../model/evaluation_columns.ts";
import { requireRows } from "../model/requirements.ts";
import type { TaskProbabilities } from "../model/tasks.ts";
import type { RecordedRun, RunPlan } from "../runs/mod.ts";
import { spaceOf, traceModel } from "../trace.ts";
import { diagnose, diagnoseUnits, type UnitDiagnosis } from "./measure/diagnosis.ts";
import { type ImportanceOptions, permutationImportance } from "./measure/importance.ts";
import { type Inspection, inspectionOf, layerFields, type LayerSizes } from "./measure/inspection.ts";
import { normsOf } from "./measure/norms.ts";
import { type MeasuredMetric, measureTask, type Predictions, type TaskReport } from "./measure/predictions.ts";
import { type FieldSlices, sliceBy } from "./measure/slices.ts";
import { declarationsOf, embeddingTables, fieldRows } from "./measure/tables.ts";
import type { Report, ReportedModel } from "./parts.ts";

/** Options of {@linkcode collectReport}. */
export interface ReportOptions {
  /** Heading. @default {the model's name} */
  title?: string;
  /** Labeled rows that the model was not trained on; without them the report has no predictions. */
  data?: Dataset;
  /** What the rows are called, such as the name of their file. */
  dataName?: string;
  /** What data holds by field, as `describe` tells it, of the training rows for example. */
  description?: Description;
  /** The run that trained the model, as `readRun` reads it; without it the report has no learning curves. */
  run?: Pick<RecordedRun, "info" | "events">;
  /** Resamples of the rows from which 95 % intervals of metrics are computed; 0 for none but those of AUC. @default {1000} */
  resamples?: number;
  /** Fields by whose values metrics are told. @default {[]} */
  by?: readonly string[];
  /** Whether to measure the importance of fields, or how. @default {false} */
  importance?: boolean | ImportanceOptions;
  /** Occurrences by row of the schema in the training rows, as `countRows` returns them, to order embeddings by. @default {ranks in the vocabularies} */
  counts?: ArrayLike<number>;
  /** What a step of training runs, as `fit` tells `onPlan`. */
  plan?: RunPlan;
  /** Most rows whose attention, gates and units are looked at, drawn at random. @default {1000} */
  inspectRows?: number;
  /** Seed of what is drawn at random. @default {1} */
  seed?: number;
  /** Rows that the device computes at a time. @default {4096} */
  batchSize?: number;
}

/**
 * Gathers what a report says. The same model, rows and options give the same numbers.
 *
 * @throws {TypeError} when the data has another schema or no labels
 * @throws {RangeError} when there is no field to cut by, the data has no rows, or an option is out of its range
 */
export async function collectReport(model: Model, options: ReportOptions = {}): Promise<Report> {
  const { data, run, plan, counts } = options;
  if (data) {
    requireRows("report on the data", data);
    requireLabels("report on the data", data);
  }
  const parameters = await model.parameters();
  const declarations = declarationsOf(model);
  const fields = fieldRows(model.schema);
  return {
    format: 1,
    title: options.title ?? model.definition.name,
    model: await describeModel(model),
    adapter: model.gpu.adapter.description,
    ...(run && { run: { info: run.info, events: run.events } }),
    ...(data && { data: { ...(options.dataName !== undefined && { name: options.dataName }), rows: data.rows } }),
    ...(options.description && { description: options.description }),
    ...(data ? await measurePredictions(model, data, options) : { tasks: [], slices: [] }),
    ...(data && await measureImportance(model, data, options)),
    ...(data && await inspect(model, data, options)),
    norms: embeddingTables(declarations, parameters).flatMap((loaded) =>
      fields.flatMap((field) => normsOf(loaded, field, counts) ?? [])
    ),
    diagnosis: diagnose(model, parameters, data ? await inspectUnits(model, data, options) : []),
    ...((plan ?? run?.info.plan) && { plan: plan ?? run?.info.plan }),
  };
}

async function describeModel(model: Model): Promise<ReportedModel> {
  const { definition, schema, seed, storage, calibration = {} } = model;
  const training = await model.trainingStatistics();
  return {
    name: definition.name,
    options: definition.options,
    seed,
    parameters: model.parameterCount,
    tableBytes: model.tableBytes,
    storage,
    fields: schema.features.map(({ name }) => name),
    schema: await schema.fingerprint(),
    calibration: Object.fromEntries(
      Object.entries(calibration).map(([task, { curve, slices }]) => {
        return [task, slices ? `${curve.kind}, with shifts by ${slices.field}` : curve.kind];
      }),
    ),
    ...(training && { training: { rows: training.rows, labelRates: training.labelRates } }),
  };
}

/** Measures predictions by task, or by head where labels are times. */
async function measurePredictions(
  model: Model,
  data: Dataset,
  { by = [], batchSize, resamples, seed }: ReportOptions,
): Promise<Pick<Report, "tasks" | "heads" | "slices">> {
  if (data.schema.survival) {
    const all = await model.evaluate(data, { batchSize });
    const [name] = Object.keys(data.schema.survival.heads);
    const heads = Object.entries(all.tasks ?? { [name]: all });
    return {
      tasks: [],
      heads: Object.fromEntries(heads.map(([name, head]) => [name, survivalMetrics(head)])),
      slices: [],
    };
  }
  const predicted = await model.predictTasks(data, { batchSize });
  const plain = model.calibration ? await model.predictTasks(data, { batchSize, calibrated: false }) : undefined;
  const columns = Object.entries(evaluationOf(data, { by }).by ?? {});
  const tasks: TaskReport[] = [];
  const slices: FieldSlices[] = [];
  data.schema.tasks.forEach((task, t) => {
    const predictions = predictionsOf(predicted, data, t);
    const isKnown = (_: number, row: number): boolean => predictions.labels[row] >= 0;
    const known = {
      probabilities: predictions.probabilities.filter(isKnown),
      labels: predictions.labels.filter(isKnown),
      weights: predictions.weights?.filter(isKnown),
    };
    if (known.labels.length === 0) return;
    const uncalibrated = model.calibration?.[task] ? plain?.[task].filter(isKnown) : undefined;
    tasks.push(measureTask(task, known, { resamples, seed, uncalibrated }));
    slices.push(
      ...columns.map(([field, column]) =>
        sliceBy(task, field, { column, places: bucketsOf(data, field), predictions, resamples, seed })
      ),
    );
  });
  return { tasks, slices };
}

/** Returns the buckets of a field's rows, which have an order; nothing for other fields. */
function bucketsOf({ schema, rows, ids }: Dataset, name: string): Uint32Array | undefined {
  const place = schema.fields.findIndex((field) => field.name === name);
  return schema.fields[place].kind === "bucketed" ? ids.subarray(place * rows, (place + 1) * rows) : undefined;
}

/** Returns a task's predictions of all rows; a label of a row without weight counts as unknown. */
function predictionsOf(predicted: TaskProbabilities, data: Dataset, task: number): Predictions {
  const { weights } = data;
  const labels = data.labelsOf(task).map((label, row) => (weights?.[row] === 0 ? -1 : label));
  return { probabilities: predicted[data.schema.tasks[task]], labels, weights };
}

function survivalMetrics(evaluation: Evaluation): MeasuredMetric[] {
  return (["concordance", "logloss", "calibration"] as const).map((name) => {
    const value = evaluation[name];
    const note = evaluation.notes?.[name];
    return { name, value: value !== undefined && Number.isFinite(value) ? value : null, ...(note && { note }) };
  });
}

async function measureImportance(
  model: Model,
  data: Dataset,
  { importance = false, seed, batchSize }: ReportOptions,
): Promise<Pick<Report, "importance">> {
  if (importance === false) return {};
  const options = importance === true ? {} : importance;
  return { importance: await permutationImportance(model, data, { seed, batchSize, ...options }) };
}

/** Rows whose layers are looked at, where options do not say. */
const INSPECTED_ROWS = 1000;

function drawRows(data: Dataset, { inspectRows = INSPECTED_ROWS, seed = 1 }: ReportOptions): Dataset {
  return data.rows <= inspectRows ? data : data.select(shuffled(data.rows, seed).slice(0, inspectRows).sort());
}

/** Tells whether a model has anything of a kind to read. */
function hasInspected({ definition, schema }: Model, what: Inspected): boolean {
  const { logits } = traceModel(definition, "predict", new Declarations(), spaceOf(schema), 1);
  return inspectedTensors(logits.graph, what).size > 0;
}

async function inspect(model: Model, data: Dataset, options: ReportOptions): Promise<{ inspection?: Inspection }> {
  if (!hasInspected(model, "exposed")) return {};
  const rows = drawRows(data, options);
  return { inspection: inspectionOf(await model.inspect(rows), rows.rows, sizesOf(model)) };
}

function sizesOf(model: Model): LayerSizes {
  const { definition, schema } = model;
  return {
    names: layerFields(schema),
    widths: [...declarationsOf(model).tables.values()].map(({ dim }) => dim).filter((dim) => dim > 1),
    lengths: definition.readsHistories ? schema.histories.map(({ maxLength }) => maxLength) : [],
  };
}

async function inspectUnits(model: Model, data: Dataset, options: ReportOptions): Promise<UnitDiagnosis[]> {
  if (!hasInspected(model, "relu")) return [];
  const outputs = await model.inspect(drawRows(data, options), { what: "relu" });
  return Object.entries(outputs).map(([name, { shape, data }]) =>
    diagnoseUnits(name, data as Float32Array, shape[shape.length - 1])
  );
}
