/**
 * Values with their vectors, row by row, whatever the form of the file.
 *
 * @module
 */
import { openRanges } from "../data/byte_ranges.ts";
import { nameSource, readLines, type Source } from "../data/source.ts";
import { formatNames } from "../data/format.ts";
import type { ByteRanges } from "../host/mod.ts";
import { type Matrix, readTensor } from "./matrix.ts";
import { parseNpy } from "./npy.ts";
import type { PretrainedVectors } from "./options.ts";

/** A value and its vector. */
export interface VectorRow {
  /** The value as the file has it. */
  readonly value: string;
  /** Which row it is, as errors call it. */
  readonly place: string;
  /** Returns the numbers; parsing them is left out for values that nobody asks for. */
  numbers(): ArrayLike<number>;
}

/** Returns the rows of a file, in order. */
export function readVectorRows(options: PretrainedVectors): AsyncGenerator<VectorRow> {
  const name = nameSource(options.file);
  if (/\.npy$/i.test(name)) return readArray(options, readNpyOf);
  if (/\.safetensors$/i.test(name)) return readArray(options, readTensorOf);
  return /\.(parquet|parq|pq)$/i.test(name) ? readTable(options) : readText(options.file);
}

/**
 * Reads lines of a value and its numbers with blanks or tabs between them, as GloVe and word2vec write them. A first line
 * of two whole numbers, which says how many rows and numbers there are, is no row. A value may hold blanks.
 */
async function* readText(file: Source): AsyncGenerator<VectorRow> {
  let width: number | undefined;
  for await (const { line, lines } of readLines(file, "utf-8")) {
    for (const [i, text] of lines.entries()) {
      const bare = text.trimEnd();
      if (bare === "") continue;
      const cells = bare.split(/[ \t]+/);
      if (line + i === 1 && cells.length === 2 && cells.every((cell) => /^\d+$/.test(cell))) {
        width = Number(cells[1]);
        continue;
      }
      width ??= cells.length - 1;
      const first = Math.max(1, cells.length - width);
      yield {
        value: cells.slice(0, first).join(" "),
        place: `line ${line + i}`,
        numbers: () => cells.slice(first).map(toNumber),
      };
    }
  }
}

/** Reads a column of values, and one of lists or several of numbers. */
async function* readTable({ file, column, vectors }: PretrainedVectors): AsyncGenerator<VectorRow> {
  const { openParquet } = await import("../data/parquet.ts");
  await using table = await openParquet(file);
  const name = nameSource(file);
  const refuse = (what: string): never => {
    throw new RangeError(`Cannot read "${name}": ${what}, received columns ${formatNames(names)}`);
  };
  const names = table.columns.map((one) => one.name);
  const find = (wanted: string): number =>
    names.includes(wanted) ? names.indexOf(wanted) : refuse(`there must be a column "${wanted}"`);
  const { columns } = table;
  const key = column === undefined ? columns.findIndex((one) => !one.isList && !one.isFloating) : find(column);
  if (key < 0) refuse("column must name that of the values");
  const lists = columns.flatMap(({ isList }, c) => isList && c !== key ? [c] : []);
  const numbers = columns.flatMap(({ isFloating, isList }, c) => isFloating && !isList && c !== key ? [c] : []);
  const given = vectors === undefined ? undefined : [vectors].flat().map(find);
  const taken = given ?? (lists.length === 1 ? lists : lists.length === 0 ? numbers : []);
  if (taken.length === 0) refuse("vectors must name a column of lists, or columns of numbers");
  for await (const records of table.records(new Set([key, ...taken]))) {
    for (const { cells = [], line } of records) {
      const value = cells[key];
      if (typeof value !== "string") continue;
      yield { value, place: `row ${line}`, numbers: () => taken.flatMap((c) => cells[c] ?? []).map(toNumber) };
    }
  }
}

/** Reads a matrix whose rows have their values in a text. */
async function* readArray(
  options: PretrainedVectors,
  read: (options: PretrainedVectors) => Promise<Matrix>,
): AsyncGenerator<VectorRow> {
  const { file, vocabulary } = options;
  const name = nameSource(file);
  if (vocabulary === undefined) {
    throw new TypeError(`Cannot read "${name}": vocabulary must name a text with the value of each row, received none`);
  }
  const { count, width, data } = await read(options);
  let row = 0;
  for await (const { lines } of readLines(vocabulary, "utf-8")) {
    for (const value of lines) {
      const start = width * row++;
      if (row > count) break;
      yield {
        value,
        place: `row ${row}`,
        numbers: () => Array.from({ length: width }, (_, d) => Number(data[start + d])),
      };
    }
  }
  if (row === count) return;
  throw new SyntaxError(
    `Cannot read "${name}": "${nameSource(vocabulary)}" must have ${count} values, one for each row, received ${
      row > count ? "more" : row
    }`,
  );
}

/** Opens a file of bytes. */
async function open(file: Source): Promise<ByteRanges> {
  try {
    return await openRanges(file);
  } catch (error) {
    throw new Error(`Cannot read "${nameSource(file)}": ${(error as Error).message}`, { cause: error });
  }
}

async function readNpyOf({ file }: PretrainedVectors): Promise<Matrix> {
  const ranges = await open(file);
  return parseNpy(nameSource(file), new Uint8Array(await ranges.slice(0, ranges.byteLength)));
}

async function readTensorOf({ file, vectors }: PretrainedVectors): Promise<Matrix> {
  return await readTensor(nameSource(file), await open(file), vectors === undefined ? undefined : String(vectors));
}

function toNumber(text: string): number {
  return text === "" ? NaN : Number(text);
}
