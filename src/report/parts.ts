/**
 * What a report says, in numbers: plain data, as its JSON is.
 *
 * @module
 */
import type { Description } from "../data/describe.ts";
import type { RecordedRun, RunPlan } from "../runs/mod.ts";
import type { Diagnosis } from "./measure/diagnosis.ts";
import type { Importance } from "./measure/importance.ts";
import type { Inspection } from "./measure/inspection.ts";
import type { FieldNorms } from "./measure/norms.ts";
import type { MeasuredMetric, TaskReport } from "./measure/predictions.ts";
import type { FieldSlices } from "./measure/slices.ts";

/** The model of a report. */
export interface ReportedModel {
  /** Name of the model function. */
  readonly name: string;
  /** Its options. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Seed of the first parameters. */
  readonly seed: number;
  /** Trainable numbers. */
  readonly parameters: number;
  /** Bytes of the tables on the device. */
  readonly tableBytes: number;
  /** How tables are stored that are not in float32, by name. */
  readonly storage: Readonly<Record<string, string>>;
  /** Names of the fields and sequences. */
  readonly fields: readonly string[];
  /** Fingerprint of the schema. */
  readonly schema: string;
  /** Kind of the calibration's curve by label. */
  readonly calibration: Readonly<Record<string, string>>;
  /** Rows that it was trained on, and the share of label 1 by task, where the model knows. */
  readonly training?: { readonly rows: number; readonly labelRates: readonly (number | null)[] };
}

/** All that a report says. Parts that are not there are said to be absent. */
export interface Report {
  /** Version of this format. */
  readonly format: 1;
  /** Heading of the page. */
  readonly title: string;
  /** The model. */
  readonly model: ReportedModel;
  /** The adapter that the report was computed on, in the driver's words. */
  readonly adapter: string;
  /** The training run. */
  readonly run?: Pick<RecordedRun, "info" | "events">;
  /** The rows that were predicted. */
  readonly data?: { readonly name?: string; readonly rows: number };
  /** What data holds by field. */
  readonly description?: Description;
  /** Predictions by label; empty without data, or where labels are times. */
  readonly tasks: readonly TaskReport[];
  /** Metrics by head, where labels are times. */
  readonly heads?: Readonly<Record<string, readonly MeasuredMetric[]>>;
  /** Metrics by the values of fields. */
  readonly slices: readonly FieldSlices[];
  /** Importance of fields. */
  readonly importance?: Importance;
  /** What the layers expose. */
  readonly inspection?: Inspection;
  /** Norms of embeddings, by table and field. */
  readonly norms: readonly FieldNorms[];
  /** What can be wrong with the model. */
  readonly diagnosis: Diagnosis;
  /** What a step of training runs, where it is known. */
  readonly plan?: RunPlan;
}
