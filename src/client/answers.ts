/**
 * What servers answer.
 *
 * @module
 */
import type { Datatype } from "./tensor.ts";

/** A server's description of itself. */
export interface ServerMetadata {
  /** Name of the program. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** Extensions of the protocol that it has. */
  readonly extensions: readonly string[];
}

/** An input or output as a model describes it. */
export interface TensorMetadata {
  /** Name. */
  readonly name: string;
  /** Type of the elements. */
  readonly datatype: Datatype;
  /** Sizes; -1 for any. */
  readonly shape: readonly number[];
}

/** A model's description of itself. */
export interface ModelMetadata {
  /** Name. */
  readonly name: string;
  /** Versions that are served. */
  readonly versions: readonly string[];
  /** What runs it. */
  readonly platform: string;
  /** Inputs. */
  readonly inputs: readonly TensorMetadata[];
  /** Outputs. */
  readonly outputs: readonly TensorMetadata[];
}

/** An input or output in a model's configuration, whose sizes leave the batch out. */
export interface TensorConfig {
  /** Name. */
  readonly name: string;
  /** Type of the elements, such as `TYPE_FP32`. */
  readonly data_type: string;
  /** Sizes without that of the batch. */
  readonly dims: readonly number[];
}

/** A model's configuration. */
export interface ModelConfig {
  /** Name. */
  readonly name: string;
  /** What runs it. */
  readonly platform: string;
  /** Most rows of a batch. */
  readonly max_batch_size: number;
  /** Inputs. */
  readonly input: readonly TensorConfig[];
  /** Outputs. */
  readonly output: readonly TensorConfig[];
}

/** Number of events and the time that they took in all. */
export interface StatisticDuration {
  /** How many there were. */
  readonly count: number;
  /** Sum in ns. */
  readonly ns: number;
}

/** Counts and times of a version of a model. */
export interface ModelStatistics {
  /** Name. */
  readonly name: string;
  /** Version. */
  readonly version: string;
  /** When the last request was answered, in ms since 1970. */
  readonly last_inference: number;
  /** Rows that were scored. */
  readonly inference_count: number;
  /** Batches that were computed. */
  readonly execution_count: number;
  /** Times by part of a request: `success`, `fail`, `queue`, `compute_input`, `compute_infer`, `compute_output`. */
  readonly inference_stats: Readonly<Record<string, StatisticDuration>>;
  /** Times by rows of a batch. */
  readonly batch_stats: readonly {
    readonly batch_size: number;
    readonly compute_input: StatisticDuration;
    readonly compute_infer: StatisticDuration;
    readonly compute_output: StatisticDuration;
  }[];
}

/** A line of a repository's index. */
export interface RepositoryEntry {
  /** Name of the model. */
  readonly name: string;
  /** Version. */
  readonly version: string;
  /** `READY`, or why it is not. */
  readonly state: string;
  /** More about the state. */
  readonly reason: string;
}

/** A value of a row. */
export type RowValue = string | number | boolean | null;

/** A row by column; a sequence has a list. */
export type Row = Readonly<Record<string, RowValue | readonly RowValue[]>>;

/** A number for each row, or such lists by label where a model has several. */
export type ByLabel<L extends string> = [L] extends [never] ? readonly number[]
  : Readonly<Record<L, readonly number[]>>;

/** What a head of a model of times predicts. */
export interface Survival {
  /** Ascending ends of its K intervals, K + 1 of them. */
  readonly ends: readonly number[];
  /** Probabilities of lasting beyond each interval, K for each row. */
  readonly survival: readonly (readonly number[])[];
  /** Expected time within the intervals, for each row. */
  readonly expected: readonly number[];
}

/** Scores of rows. */
export interface Prediction<L extends string = never> {
  /** Name of the model. */
  readonly model: string;
  /** Its version. */
  readonly version: string;
  /** Probabilities. */
  readonly scores: ByLabel<L>;
  /** Logits. */
  readonly logits: ByLabel<L>;
  /** Survival by head; only where labels are times. */
  readonly survival?: Readonly<Record<string, Survival>>;
}

/** A candidate in its place. */
export interface RankedCandidate {
  /** Its place among the candidates of the request. */
  readonly index: number;
  /** Probability. */
  readonly score: number;
  /** Logit. */
  readonly logit: number;
}

/** Candidates in order. */
export interface Ranking {
  /** Name of the model. */
  readonly model: string;
  /** Its version. */
  readonly version: string;
  /** The candidates, the best first. */
  readonly results: readonly RankedCandidate[];
}
