/**
 * The rows of a training: those to train on, to validate with and to test, or folds of them.
 *
 * @module
 */
import { requireTwoClasses } from "../data/classes.ts";
import { Dataset } from "../data/dataset.ts";
import { type Fold, kFold } from "../data/folds.ts";
import type { FittedSchema } from "../data/fitted_schema.ts";
import type { GrowOptions } from "../data/grow.ts";
import { keepTexts } from "../data/kept_texts.ts";
import { refitFolds, refitSplit, refitWith } from "../data/refit.ts";
import { keepTextsToGrow, refitGrown } from "../data/refit_grown.ts";
import type { Schema } from "../data/schema.ts";
import type { ModelHeader } from "../model/header.ts";
import { type CACHE_OPTION, readCache } from "./cache.ts";
import { reportCoverage } from "./coverage.ts";
import type { BAD_ROW_OPTION, DATA_OPTIONS, DataFormat, Division, MISSING_OPTION } from "./data.ts";
import { readData, readDataFormat, readDivided, readRejections, requireFiles, warnOfOneClass } from "./data.ts";
import { areLibsvm } from "./data_files.ts";
import { describeGrowth, type GROWTH_OPTIONS, readGrowth } from "./growth.ts";
import { type OptionGroups, type Options, UsageError } from "./options.ts";
import { readSchema, SCHEMA_OPTIONS } from "./schema.ts";
import { readFoldsBy, readSplitBy, readSplitSeed } from "./split_options.ts";
import type { Streams } from "./streams.ts";
import { formatShare } from "./table.ts";

/** Options that say which rows do not train. */
export const PART_OPTIONS = {
  validation: { value: "FILE", help: "file to evaluate after each epoch" },
  test: { value: "FILE", help: "file to evaluate once, after training" },
  split: {
    value: "SHARES",
    help: "shares of --data for training, validation and test,\nsuch as 0.8,0.1,0.1, or 0.9,0.1 with or without --test",
  },
  folds: {
    value: "K",
    help: "train K models, each on all rows of --data but a K-th, which it is tested on, and tell\n" +
      "mean and standard deviation; --out m.weft saves them to m-1.weft, m-2.weft, ...",
  },
  "split-by": {
    value: "WHAT",
    help: "random (default); label: the same share of each label in all parts; group:COLUMN: no user or\n" +
      "other value of the column in two parts; group-label:COLUMN, for --folds: both, as nearly as\n" +
      "groups allow; without --folds also position, or the column of --time",
  },
  "split-seed": {
    value: "N",
    help: "seed of the parts, so that runs of several seeds have the same (default: --seed)",
  },
} as const satisfies OptionGroups[string];

type PartOption =
  | keyof typeof DATA_OPTIONS
  | keyof typeof BAD_ROW_OPTION
  | keyof typeof CACHE_OPTION
  | keyof typeof MISSING_OPTION
  | keyof typeof SCHEMA_OPTIONS
  | keyof typeof PART_OPTIONS
  | keyof typeof GROWTH_OPTIONS
  | "embedding-std"
  | "negative-rate"
  | "seed";

/** Training rows with those to evaluate. */
export interface Parts {
  /** Rows to train on. */
  readonly training: Dataset;
  /** Rows to evaluate after each epoch. */
  readonly validation?: Dataset;
  /** Rows to evaluate once, after training. */
  readonly test?: Dataset;
  /** All rows of the training part, in the schema of the model that training goes on from and in their own. */
  readonly first?: { readonly old: Dataset; readonly own: Dataset };
}

/** Refuses options about parts that do not go together, before any data is read. */
export function requirePartOptions(options: Options<PartOption>): void {
  options.exclude("split", ["validation", "folds"]);
  if (options.numbers("split")?.length === 3) options.exclude("split", ["test"]);
  options.exclude("folds", ["test"]);
  if (!options.has("folds")) options.require("split", ["split-by", "split-seed"]);
}

/** Reads the rows of one training. */
export async function readParts(
  options: Options<PartOption>,
  source: ModelHeader | undefined,
  streams: Streams,
): Promise<Parts> {
  const fractions = options.numbers("split", 0, 1);
  const by = fractions && readSplitBy(options, fractions, source?.schema.time);
  const growth = source && readGrowth(options);
  // Rows that a schema grows by are divided while they keep their texts.
  const division = by && {
    group: by.column,
    by: { fractions: fractions!, ...by },
    divide: (whole: Dataset, schema: Schema | undefined): Dataset[] =>
      source
        ? countLeftOut(whole, whole.split(fractions!, by))
        : refitSplit(whole, schema ?? whole.schema.declared(), fractions!, by),
  };
  const divided = division ?? (growth && { group: undefined });
  const { parts: split, format } = await readWhole(options, source, divided, streams, Infinity, growth !== undefined);
  if (by?.by === "group") streams.err(describeGroups(by.column!, split, fractions!));
  const [training, validation, test] = growth ? grow(split, source!.schema, growth, streams) : split;
  const readOther = (name: "validation" | "test"): Promise<Dataset | undefined> =>
    readFile(options, name, training, format, streams);
  const parts = {
    training: downsample(options, training),
    validation: validation ?? await readOther("validation"),
    test: test ?? await readOther("test"),
  };
  reportParts(parts, streams);
  if (!source || !options.has("evaluate-first")) return parts;
  // As in service, statistics of the past are then those of yesterday's end.
  return { ...parts, first: { old: growth ? refitWith(split[0], source.schema) : training, own: training } };
}

/** Encodes parts that keep their texts with a schema that grows by the first of them. */
function grow(
  [training, ...others]: readonly Dataset[],
  schema: FittedSchema,
  growth: GrowOptions,
  streams: Streams,
): Dataset[] {
  const grown = refitGrown(training, schema, growth);
  streams.err(describeGrowth(schema, grown.schema));
  return [grown, ...others.map((part) => refitWith(part, grown.schema))];
}

/** Reads the rows of `--folds`, and makes the parts of each training when it is asked for: a fold is its test rows. */
export async function readFolds(
  options: Options<PartOption>,
  source: ModelHeader | undefined,
  k: number,
  streams: Streams,
): Promise<AsyncGenerator<Parts>> {
  const seed = readSplitSeed(options);
  const { by, column } = readFoldsBy(options);
  const how = { seed, groups: column, stratify: by === "label" || by === "group-label" };
  const { parts: [whole], schema, format } = await readWhole(options, source, { group: column }, streams);
  const folds: Generator<Fold> = source
    ? kFold(whole, k, how)
    : refitFolds(whole, schema ?? whole.schema.declared(), k, how);
  return (async function* () {
    for (const { training, test } of folds) {
      const validation = await readFile(options, "validation", training, format, streams);
      const parts = { training: downsample(options, training), validation, test };
      reportParts(parts, streams);
      yield parts;
    }
  })();
}

/** Reads the first rows of `--data`, with a schema that is fitted to them alone, and the ranges of options about parts. */
export async function readSample(
  options: Options<PartOption>,
  source: ModelHeader | undefined,
  rows: number,
  streams: Streams,
): Promise<Dataset> {
  const fractions = options.numbers("split", 0, 1);
  if (fractions) readSplitBy(options, fractions, source?.schema.time);
  options.number("negative-rate", Number.MIN_VALUE, 1);
  try {
    return (await readWhole(options, source, undefined, streams, rows)).parts[0];
  } catch (error) {
    if (error instanceof UsageError) throw error;
    // The first rows of a file that is sorted may hold one label alone: all rows tell whether they can be read.
    return (await readWhole(options, source, undefined, streams)).parts[0];
  }
}

/** The rows of `--data`. */
interface Whole {
  /** The parts, or all rows as one. */
  readonly parts: readonly Dataset[];
  /** The declared schema; absent for libsvm files and where a model brings its own. */
  readonly schema: Schema | undefined;
  readonly format: DataFormat;
}

/** How the rows of `--data` are divided; rows that are divided later keep their texts. */
interface Divided {
  /** Column of groups. */
  readonly group: string | undefined;
  /** All that decides on the division. */
  readonly by?: Division["by"];
  /** Divides the rows. */
  readonly divide?: (whole: Dataset, schema: Schema | undefined) => Dataset[];
}

/**
 * Reads `--data`.
 *
 * @param most rows to read at most
 * @param grows whether the schema of `source` grows by the rows, which then keep their texts, too
 */
async function readWhole(
  options: Options<PartOption>,
  source: ModelHeader | undefined,
  divided: Divided | undefined,
  streams: Streams,
  most = Infinity,
  grows = false,
): Promise<Whole> {
  const files = requireFiles(options);
  const given = { ...await readDataFormat(options), ...readRejections(options), ...readCache(options) };
  const format = most < (given.limit ?? Infinity) ? { ...given, limit: most } : given;
  const isLibsvm = await areLibsvm(files, format);
  if (grows && isLibsvm) options.refuse('option "--grow" is not for libsvm files');
  const schema = grows ? undefined : source || isLibsvm ? refuseSchema(options) : await readSchema(options);
  const division = divided?.divide &&
    { by: divided.by!, divide: (whole: Dataset) => divided.divide!(whole, schema) };
  if (grows) {
    const { missing, trim } = source!.schema;
    const texts = keepTextsToGrow(source!.schema, divided?.group);
    return { parts: await readDivided(files, texts, { trim, ...format, missing }, streams, division), schema, format };
  }
  const threshold = options.number("threshold");
  const fitting = { ...format, threshold, ...(schema && { missing: ["", ...options.exact("missing")] }) };
  const declared = schema && divided ? keepTexts(schema, divided.group) : schema;
  return { parts: await readDivided(files, source?.schema ?? declared, fitting, streams, division), schema, format };
}

/** Lets the first part say how many rows of the whole were left out. */
function countLeftOut({ skipped, skippedReasons, missingLabels }: Dataset, [first, ...others]: Dataset[]): Dataset[] {
  return [new Dataset({ ...first, skipped, skippedReasons, missingLabels }), ...others];
}

async function readFile(
  options: Options<PartOption>,
  name: "validation" | "test",
  { schema }: Dataset,
  format: DataFormat,
  streams: Streams,
): Promise<Dataset | undefined> {
  const files = options.texts(name);
  return files.length === 0 ? undefined : await readData(files, schema, format, streams);
}

function downsample(options: Options<PartOption>, training: Dataset): Dataset {
  const rate = options.number("negative-rate", Number.MIN_VALUE, 1);
  const seed = options.integer("seed", 0) ?? 1;
  return rate === undefined ? training : training.downsampleNegatives(rate, { seed });
}

/** Reports what the parts lack: rows of both classes, and values that the schema knows. */
function reportParts(parts: Parts, streams: Streams): void {
  requireTwoClasses("train on the data", parts.training);
  for (const [name, data] of Object.entries(parts)) {
    if (!data) continue;
    reportCoverage(name, data, name === "training", streams);
    warnOfOneClass(name, data, streams);
  }
}

/** Says how near whole groups come to the shares. */
function describeGroups(column: string, parts: readonly Dataset[], fractions: readonly number[]): string {
  const total = parts.reduce((sum, { rows }) => sum + rows, 0);
  const shares = parts.map(({ rows }, p) => `${formatShare(rows / total)} for ${formatShare(fractions[p])}`);
  return `split by whole groups of "${column}": ${shares.join(", ")}`;
}

/** Refuses what only files with columns have. */
function refuseSchema(options: Options<PartOption>): undefined {
  const columns = [...Object.keys(SCHEMA_OPTIONS), "missing"] as PartOption[];
  const given = columns.find((name) => name !== "threshold" && options.has(name));
  if (given) options.refuse(`option "--${given}" is not for libsvm files`);
}
