/**
 * Files of pretrained vectors, as the options of a model name them.
 *
 * @module
 */
import { formatValue } from "../data/format.ts";
import type { Source } from "../data/source.ts";

/** A file with a vector for each of many values, and what becomes of them. */
export interface PretrainedVectors {
  /** The file: text, plain or gzip, unless its name ends in `.npy`, `.parquet`, `.parq`, `.pq` or `.safetensors`. */
  readonly file: Source;
  /** Text with the value of each row, one a line; `.npy` and safetensors need it. */
  readonly vocabulary?: Source;
  /** Column of the values in Parquet. @default {the first that holds no lists and no floating-point numbers} */
  readonly column?: string;
  /**
   * Column of lists or columns of numbers in Parquet, in order; name of the tensor in safetensors.
   *
   * @default {the only column of lists, or all of floating-point numbers; the only tensor of two dimensions}
   */
  readonly vectors?: string | readonly string[];
  /** Whether training leaves the rows with vectors as they are. @default {false} */
  readonly frozen?: boolean;
  /** Name of the table whose rows they become. @default {the only one whose rows have several numbers} */
  readonly table?: string;
}

/** Pretrained vectors by the field, or sequence with a vocabulary of its own, whose values they are of. */
export type PretrainedByField = Readonly<Record<string, PretrainedVectors>>;

const KEYS = ["file", "vocabulary", "column", "vectors", "frozen", "table"];

/**
 * Refuses options that make no sense, whatever the files hold.
 *
 * @throws {TypeError} then
 */
export function requirePretrained(pretrained: PretrainedByField): void {
  for (const [field, options] of Object.entries(pretrained)) {
    const refuse = (what: string): never => {
      throw new TypeError(`Cannot read pretrained vectors of "${field}": ${what}`);
    };
    if (typeof options !== "object" || options === null) {
      refuse(`options must be an object with a file, received ${formatValue(options)}`);
    }
    const surplus = Object.keys(options).find((key) => !KEYS.includes(key));
    if (surplus !== undefined) refuse(`options are ${KEYS.join(", ")}, received "${surplus}"`);
    if (options.file === undefined) refuse("file is missing");
    if (typeof (options.frozen ?? false) !== "boolean") {
      refuse(`frozen must be true or false, received ${formatValue(options.frozen)}`);
    }
  }
}
