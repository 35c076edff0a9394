/**
 * Readers by the form of the data. `mod.ts` has those that most programs use, `readData` for files of any form among them.
 *
 * @module
 */
export { readCsv, type ReadCsvOptions } from "./csv.ts";
export { readJsonLines, type ReadJsonLinesOptions } from "./json_lines.ts";
export { readLibsvm, type ReadLibsvmOptions } from "./libsvm.ts";
export { readParquet } from "./parquet.ts";
export { type DataFileFormat, readData, type ReadDataOptions } from "./read_data.ts";
export { readCsvSplit, type ReadCsvSplitOptions, readDataSplit, type ReadDataSplitOptions } from "./refit.ts";
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
