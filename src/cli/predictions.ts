/**
 * Predictions as CSV, a line for each row of the files.
 *
 * @module
 */
import type { PredictionError } from "../model/requirements.ts";
import type { SurvivalCurves } from "../metrics.ts";
import { growU32 } from "../data/growable.ts";
import { copyText } from "../data/vocabulary.ts";
import type { RowWatcher, WatchedRow } from "../data/watcher.ts";
import { formatCount } from "./table.ts";

/** Lines handed to the operating system at a time. */
const LINES_PER_WRITE = 4096;

/** Follows the rows of the files, those that cannot be encoded included, and puts probabilities beside them. */
export class Predictions implements RowWatcher {
  /** Names of the columns in front of the probability. */
  readonly columns: readonly string[];
  readonly #texts: string[][];
  readonly #lines = growU32();
  readonly #files: { readonly name: string; readonly first: number }[] = [];
  readonly #faults = new Set<number>();

  constructor(columns: readonly string[]) {
    this.columns = columns;
    this.#texts = columns.map(() => []);
  }

  /** Number of rows. */
  get rows(): number {
    return this.#lines.length;
  }

  /** Number of rows that have no probability. */
  get faults(): number {
    return this.#faults.size;
  }

  /** Takes the next row. */
  row({ file, line, texts, fault }: WatchedRow): void {
    if (this.#files.at(-1)?.name !== file) this.#files.push({ name: file, first: this.rows });
    if (fault !== undefined) this.#faults.add(this.rows);
    texts.forEach((text, column) => this.#texts[column].push(copyText(text)));
    this.#lines.push(line);
  }

  /** Returns an error that names file and line of the first row whose probability is not a number. */
  located({ row, count }: PredictionError): RangeError {
    const others = count > 1 ? ` and ${formatCount(count - 1, "other row")}` : "";
    return new RangeError(
      `Cannot predict for ${this.#locate(row)}${others}: probability must be a finite number, received NaN`,
    );
  }

  /**
   * Writes a CSV file in parts; 9 digits tell any two float32 numbers apart.
   *
   * @param predicted probabilities of the rows without fault, in order, by task; a column of several tasks has the task's
   * name behind `probability_`
   */
  format(predicted: Readonly<Record<string, Float32Array>>): Generator<string> {
    const tasks = Object.keys(predicted);
    return this.#format(
      tasks.length === 1 ? ["probability"] : tasks.map((task) => `probability_${task}`),
      Object.values(predicted),
    );
  }

  /**
   * Writes a CSV file in parts, as {@linkcode Predictions.format} does, of what heads predict of times: a column
   * `survival_HEAD_END` for each interval and then `expected_HEAD`.
   */
  formatCurves(curves: Readonly<Record<string, SurvivalCurves>>): Generator<string> {
    const heads = Object.entries(curves).map(([head, { ends, survival, expectedTime }]) => {
      const intervals = ends.length - 1;
      const columnOf = (k: number) => Float32Array.from(expectedTime, (_, row) => survival[row * intervals + k]);
      return {
        names: [...ends.slice(1).map((end) => `survival_${head}_${end}`), `expected_${head}`],
        columns: [...ends.slice(1).map((_, k) => columnOf(k)), Float32Array.from(expectedTime)],
      };
    });
    return this.#format(heads.flatMap(({ names }) => names), heads.flatMap(({ columns }) => columns));
  }

  *#format(names: readonly string[], columns: readonly Float32Array[]): Generator<string> {
    yield `${[...this.columns, ...names].map(quote).join(",")}\n`;
    let next = 0;
    let part: string[] = [];
    for (let row = 0; row < this.rows; row++) {
      const at = this.#faults.has(row) ? undefined : next++;
      const numbers = columns.map((column) => at === undefined ? "" : String(Number(column[at].toPrecision(9))));
      part.push(`${[...this.#texts.map((texts) => quote(texts[row])), ...numbers].join(",")}\n`);
      if (part.length < LINES_PER_WRITE) continue;
      yield part.join("");
      part = [];
    }
    yield part.join("");
  }

  /** Returns file and line of the row that was encoded as number `encoded`. */
  #locate(encoded: number): string {
    let row = -1;
    for (let left = encoded; left >= 0; left--) do row++; while (this.#faults.has(row));
    const file = this.#files.findLast(({ first }) => first <= row)!;
    return `"${file.name}" line ${this.#lines.toArray()[row]}`;
  }
}

/** Puts quotes around a text that a reader would cut or alter otherwise. */
function quote(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
