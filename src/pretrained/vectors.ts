/**
 * Pretrained vectors on their way from files to the rows of a model's tables.
 *
 * @module
 */
import type { FittedField, FittedSchema } from "../data/fitted_schema.ts";
import type { FittedSequence } from "../data/fitted_sequence.ts";
import { formatNames } from "../data/format.ts";
import { growF32, growU32 } from "../data/growable.ts";
import { isHashed } from "../data/hash_buckets.ts";
import { nameSource } from "../data/source.ts";
import { createTextForm } from "../data/text_rules.ts";
import { type PretrainedByField, type PretrainedVectors, requirePretrained } from "./options.ts";
import { readVectorRows, type VectorRow } from "./rows.ts";

/** What a file had for the values of a field. */
export interface FoundVectors {
  /** Name of the field or sequence. */
  readonly field: string;
  /** Values of its vocabulary. */
  readonly values: number;
  /** Those of them that have a vector in the file; all others keep their first numbers. */
  readonly found: number;
  /** Whether training leaves the rows with vectors as they are. */
  readonly frozen: boolean;
}

/** Vectors by row of the schema. */
export interface FieldVectors extends FoundVectors {
  /** The options that they were read by. */
  readonly options: PretrainedVectors;
  /** First row of the field in the flat row space. */
  readonly first: number;
  /** Numbers of a vector. */
  readonly width: number;
  /** Rows in the flat row space, in the order of the vectors. */
  readonly rows: Uint32Array<ArrayBuffer>;
  /** The vectors, one behind the other. */
  readonly numbers: Float32Array<ArrayBuffer>;
}

/**
 * Reads the vectors of values that a schema's vocabularies have. Texts of files take the form that those of the field
 * take; of several rows with the same value, the first counts.
 *
 * @throws {RangeError} when there is no such field, or a column or tensor is not in the file
 * @throws {SyntaxError} when vectors differ in width or hold something else than numbers
 * @throws {TypeError} when options do not go together
 */
export async function readPretrained(schema: FittedSchema, pretrained: PretrainedByField): Promise<FieldVectors[]> {
  requirePretrained(pretrained);
  const read: FieldVectors[] = [];
  for (const [field, options] of Object.entries(pretrained)) read.push(await readField(schema, field, options));
  return read;
}

async function readField(schema: FittedSchema, field: string, options: PretrainedVectors): Promise<FieldVectors> {
  const owner = ownerOf(schema, field);
  const known = schema.tokenRows(owner);
  const rules = schema.textRules[schema.features.findIndex(({ name }) => name === field)];
  const form = createTextForm(rules) ?? ((text: string) => text);
  const [rows, numbers, taken] = [growU32(), growF32(), new Set<number>()];
  let width: number | undefined;
  for await (const row of readVectorRows(options)) {
    const token = known.get(form(row.value));
    if (token === undefined || taken.has(token)) continue;
    taken.add(token);
    width = pushNumbers(numbers, row, nameSource(options.file), width);
    rows.push(owner.offset + token);
  }
  return {
    ...{ field, values: owner.vocabulary?.length ?? 0, found: taken.size, frozen: options.frozen ?? false },
    ...{ options, first: owner.offset, width: width ?? 0, rows: rows.drain(), numbers: numbers.drain() },
  };
}

function ownerOf({ fields, sequences }: FittedSchema, name: string): FittedField | FittedSequence {
  const owners = [
    ...fields.filter(({ kind, feature }) => kind === "categorical" && !isHashed(feature)),
    ...sequences.filter(({ target }) => target === undefined),
  ];
  const owner = owners.find((one) => one.name === name);
  if (owner) return owner;
  throw new RangeError(
    `Cannot read pretrained vectors: fields with vocabularies are ${
      formatNames(owners.map((one) => one.name))
    }, received "${name}"`,
  );
}

/** Appends the numbers of a row; returns how many they are. */
function pushNumbers(
  numbers: ReturnType<typeof growF32>,
  row: VectorRow,
  file: string,
  width: number | undefined,
): number {
  const given = row.numbers();
  if (given.length === 0 || given.length !== (width ?? given.length)) {
    throw new SyntaxError(
      `Cannot read "${file}" ${row.place}: expected ${width ?? "some"} numbers behind ${
        JSON.stringify(row.value)
      }, received ${given.length}`,
    );
  }
  for (let d = 0; d < given.length; d++) {
    if (!Number.isFinite(Math.fround(given[d]))) {
      throw new SyntaxError(
        `Cannot read "${file}" ${row.place}: number ${d + 1} of ${
          JSON.stringify(row.value)
        } must be one that float32 holds, received another`,
      );
    }
    numbers.push(given[d]);
  }
  return given.length;
}
