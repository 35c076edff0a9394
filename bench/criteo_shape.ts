/**
 * A table of Criteo's shape, drawn row by row: a label, 13 counts of which a fifth is missing, and 26 columns of eight
 * hexadecimal digits whose values follow Zipf's law.
 *
 * @module
 */
import { randomUnit } from "../src/data/random.ts";
import { categorical, numeric, type Schema } from "../src/data/schema.ts";

const COUNTS = Array.from({ length: 13 }, (_, f) => `I${f + 1}`);
const NAMES = Array.from({ length: 26 }, (_, f) => `C${f + 1}`);
/** The schema of the table. */
export const SCHEMA: Schema = {
  label: "label",
  features: [...COUNTS.map((name) => numeric(name, { scale: "log" })), ...NAMES.map((name) => categorical(name))],
};

/** A column of the table by row; nothing for a missing value. */
export type Cells = (row: number) => string | number | undefined;

/** Draws the columns: of a count, the logarithm is uniform; of the names, column f has 10 to 200,000. */
export function drawColumns(): Record<string, Cells> {
  const draw = (column: number) => (row: number) => randomUnit(1, column, row);
  const columns: Record<string, Cells> = { label: (row) => Number(draw(0)(row) < 0.25) };
  COUNTS.forEach((name, f) => {
    const [missing, size] = [draw(1 + 2 * f), draw(2 + 2 * f)];
    columns[name] = (row) => missing(row) < 0.2 ? undefined : Math.floor(Math.exp(8 * size(row))) - 1;
  });
  NAMES.forEach((name, f) => {
    const rank = draw(100 + f);
    const logarithm = Math.log(10 * 20_000 ** (f / (NAMES.length - 1)));
    columns[name] = (row) => hexOf(Math.imul(Math.floor(Math.exp(logarithm * rank(row))), 0x9e3779b1) + f * 97);
  });
  return columns;
}

function hexOf(number: number): string {
  return (number >>> 0).toString(16).padStart(8, "0");
}
