/**
 * Checksums of the MovieLens-1M rows in a plain encoding, which other programs can compute as well.
 *
 * The values of a field in the training rows get the codes 2, 3, ... in ascending order, numbers as numbers; 1 is a
 * value that is not among them, 0 is padding. A row is 107 numbers of 32 bits, the smallest byte first: 7 fields, 50
 * movies and 50 genres of the history, with padding in front.
 *
 * @module
 */
import { crc32 } from "node:zlib";
import { FIELDS, isLiked, MAX_LENGTH, type MovielensParts, type MovielensRow } from "./rows.ts";

/** What is counted of a part. */
export interface PartChecks {
  /** Number of rows. */
  readonly rows: number;
  /** Rows with label 1. */
  readonly positives: number;
  /** CRC32 of the labels, a byte each. */
  readonly labels: string;
  /** CRC32 of the codes of the fields. */
  readonly fields: string;
  /** CRC32 of the codes of fields and histories. */
  readonly all: string;
}

type Code = (value: number | string) => number;

type Codes = Readonly<Record<typeof FIELDS[number], Code>>;

const UNSEEN = 1;

/** Checks all parts. */
export function checkParts(parts: MovielensParts<Iterable<MovielensRow>>): MovielensParts<PartChecks> {
  const codes = fitCodes(parts.training);
  const [training, validation, test] = [parts.training, parts.validation, parts.test].map((part) =>
    checkPart(part, codes)
  );
  return { training, validation, test };
}

/** Writes checks as lines, one for each part. */
export function formatChecks({ training, validation, test }: MovielensParts<PartChecks>): string {
  const lines = Object.entries({ training, validation, test }).map(([name, { rows, positives, ...sums }]) =>
    `${name.padEnd(10)}  ${String(rows).padStart(7)} rows  ${String(positives).padStart(7)} positive  ` +
    Object.entries(sums).map(([sum, value]) => `${sum} ${value}`).join("  ")
  );
  return lines.join("\n");
}

function fitCodes(rows: Iterable<MovielensRow>): Codes {
  const values = FIELDS.map(() => new Set<number | string>());
  for (const row of rows) FIELDS.forEach((field, f) => values[f].add(row[field]));
  return Object.fromEntries(FIELDS.map((field, f) => {
    const ordered = [...values[f]].sort((a, b) => a < b ? -1 : 1);
    const codes = new Map(ordered.map((value, k) => [value, UNSEEN + 1 + k]));
    return [field, (value: number | string) => codes.get(value) ?? UNSEEN];
  })) as Codes;
}

function checkPart(rows: Iterable<MovielensRow>, codes: Codes): PartChecks {
  const sums = { labels: 0, fields: 0, all: 0 };
  const label = new Uint8Array(1);
  const numbers = new DataView(new ArrayBuffer(4 * (FIELDS.length + 2 * MAX_LENGTH)));
  const bytes = new Uint8Array(numbers.buffer);
  let [count, positives] = [0, 0];
  for (const row of rows) {
    label[0] = Number(isLiked(row));
    const codesOfRow = [
      ...FIELDS.map((field) => codes[field](row[field])),
      ...padded(row.history, codes.item),
      ...padded(row.history_genre, codes.genre),
    ];
    codesOfRow.forEach((code, k) => numbers.setUint32(4 * k, code, true));
    sums.labels = crc32(label, sums.labels);
    sums.fields = crc32(bytes.subarray(0, 4 * FIELDS.length), sums.fields);
    sums.all = crc32(bytes, sums.all);
    count++;
    positives += label[0];
  }
  const [labels, fields, all] = [sums.labels, sums.fields, sums.all].map((sum) => sum.toString(16).padStart(8, "0"));
  return { rows: count, positives, labels, fields, all };
}

function padded(values: readonly (number | string)[], code: Code): number[] {
  return [...new Array<number>(MAX_LENGTH - values.length).fill(0), ...values.map(code)];
}
