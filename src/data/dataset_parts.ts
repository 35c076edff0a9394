/**
 * The parts of a data set, as readers, splits and files hand them over.
 *
 * @module
 */
import type { FieldCoverage } from "./coverage.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import type { Histories } from "./histories.ts";

/** What a {@linkcode Dataset} is made of. */
export interface DatasetParts {
  /** Schema that the rows are encoded with. */
  readonly schema: FittedSchema;
  /** Number of rows. */
  readonly rows: number;
  /** Rows of the flat row space `[F, rows]`. */
  readonly ids: Uint32Array<ArrayBuffer>;
  /** Values of the occurrences `[F, rows]`; absent exactly when the schema has none. */
  readonly values: Float32Array<ArrayBuffer> | undefined;
  /** Lists of values, one for each group of sequences of the schema. @default {none} */
  readonly histories?: readonly Histories[];
  /** Labels `[rows]`, or `[T, rows]` where there are several, 0 or 1, or -1 for an unknown one; all 0 when there are none. */
  readonly labels: Float32Array<ArrayBuffer>;
  /** Whether the labels were read. */
  readonly labeled: boolean;
  /** Times `[rows]`, where the schema names a column of them. */
  readonly times?: Float64Array<ArrayBuffer>;
  /** Share of the negative rows that were kept when others were left out. @default {1} */
  readonly negativeRate?: number;
  /**
   * Whether statistics of the past were made of these very rows: parts of them would know the labels of each other.
   * @default {false}
   */
  readonly ownPast?: boolean;
  /** How much of the rows the schema knows, by field. */
  readonly coverage?: readonly FieldCoverage[];
  /** Malformed rows that were left out. */
  readonly skipped?: number;
  /** File, line and reason of the first 20 of them. */
  readonly skippedReasons?: readonly string[];
  /** Rows that were left out because they have no label. */
  readonly missingLabels?: number;
}
