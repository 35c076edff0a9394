/**
 * Readers by the form of the data, and the types that data sets and fitted schemas are made of. `mod.ts` has what most
 * programs use, `readData` for files of any form among it.
 *
 * @module
 */
export { readCsv, type ReadCsvOptions } from "./csv.ts";
export { readJsonLines, type ReadJsonLinesOptions } from "./json_lines.ts";
export { readLibsvm, type ReadLibsvmOptions } from "./libsvm.ts";
export { readParquet } from "./parquet.ts";
export { type DataFileFormat, readData, type ReadDataOptions } from "./read_data.ts";
export { readCsvSplit, type ReadCsvSplitOptions, readDataSplit, type ReadDataSplitOptions } from "./refit.ts";
export { readDataParts, type ReadDataPartsOptions } from "./read_parts.ts";
export { readRows, type ReadRowsOptions } from "./rows.ts";
export { readSql, type ReadSqlOptions } from "./sql.ts";
export type { ReadColumnsOptions } from "./table_reading.ts";
export {
  describe,
  type DescribeOptions,
  type Description,
  type FieldDescription,
  type NumberDescription,
  type RankedFields,
  type Ranking,
  type ValueDescription,
} from "./describe.ts";
export { type Fold, type FoldOptions, kFold } from "./folds.ts";
export type { BucketOf, ColumnOf, CrossOf, CrossPart, DateOf, DeclaredDateOf, PastOf } from "./derived/derivation.ts";
export type { PastFit, RecentRows } from "./derived/past_fit.ts";
export type { HashBuckets } from "./hash_buckets.ts";
export type { DatePart } from "./derived/date_parts.ts";
export type { FittedHistory, FittedSequence, SequenceFit } from "./fitted_sequence.ts";
export type { FittedScale } from "./scaling.ts";
export type { LabelCounts, Lifetimes } from "./dataset.ts";
export type { DatasetParts } from "./dataset_parts.ts";
export type { FieldCoverage, Respelling } from "./coverage.ts";
export type { Histories } from "./histories.ts";
export type { DeclaredSurvival } from "./survival.ts";
export type { RowCountOptions } from "./row_counts.ts";
export type { NamedStream } from "./source.ts";
export type { OnFault, RejectionOptions } from "./rejections.ts";
export type { FieldFit, FittedField } from "./fitted_schema.ts";
export type { Combiner, DeclaredColumns, DeclaredLabels, Scale } from "./schema.ts";
