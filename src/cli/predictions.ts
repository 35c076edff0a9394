/**
 * Predictions beside the rows of the files, and as CSV.
 *
 * @module
 */
import type { PredictionError } from "../model/requirements.ts";
import type { SurvivalCurves } from "../metrics.ts";
import { growU32 } from "../data/growable.ts";
import { copyText } from "../data/text_table.ts";
import type { RowWatcher, WatchedRow } from "../data/watcher.ts";
import { formatCount } from "./table.ts";

/** Numbers of the rows without fault, in order, by the name of their column. */
export type NamedColumns = Readonly<Record<string, Float32Array>>;

/** Columns with a cell for each row of the files. */
export interface PredictionColumns {
  /** Columns of the files. */
  readonly texts: readonly { readonly name: string; readonly data: readonly string[] }[];
  /** What was predicted. */
  readonly numbers: readonly { readonly name: string; readonly data: readonly (number | null)[] }[];
}

/** Lines handed to the operating system at a time. */
const LINES_PER_WRITE = 4096;

/** Follows the rows of the files, those that cannot be encoded included, and hands them over part by part. */
export class PredictedFiles implements RowWatcher {
  /** Names of the columns in front of the probability. */
  readonly columns: readonly string[];
  /** Number of rows that have no probability. */
  faults = 0;
  #part: Predictions;

  constructor(columns: readonly string[]) {
    this.columns = columns;
    this.#part = new Predictions(columns);
  }

  /** Takes the next row. */
  row(row: WatchedRow): void {
    if (row.fault !== undefined) this.faults++;
    this.#part.row(row);
  }

  /** Returns the rows since the last call. */
  take(): Predictions {
    const part = this.#part;
    this.#part = new Predictions(this.columns);
    return part;
  }
}

/** Rows of the files beside each other, those that cannot be encoded included, and probabilities beside them. */
export class Predictions {
  /** Names of the columns in front of the probability. */
  readonly columns: readonly string[];
  readonly #texts: string[][];
  readonly #lines = growU32();
  readonly #files: { readonly name: string; readonly unit: string; readonly first: number }[] = [];
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
  row({ file, line, unit = "line", texts, fault }: WatchedRow): void {
    if (this.#files.at(-1)?.name !== file) this.#files.push({ name: file, unit, first: this.rows });
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

  /** Returns the first line of a CSV file. */
  formatHeader(predicted: NamedColumns): string {
    return `${[...this.columns, ...Object.keys(predicted)].map(quote).join(",")}\n`;
  }

  /**
   * Writes the lines of the rows; 9 digits tell any two float32 numbers apart.
   *
   * @param predicted what was predicted, by {@linkcode nameProbabilities} or {@linkcode nameCurves}
   */
  *format(predicted: NamedColumns): Generator<string> {
    const columns = Object.values(predicted);
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

  /** Returns what {@linkcode Predictions.format} writes as columns, with null in rows that have no prediction. */
  tabulate(predicted: NamedColumns): PredictionColumns {
    return {
      texts: this.columns.map((name, index) => ({ name, data: this.#texts[index] })),
      numbers: Object.entries(predicted).map(([name, column]) => {
        let next = 0;
        return {
          name,
          data: Array.from({ length: this.rows }, (_, row) => this.#faults.has(row) ? null : column[next++]),
        };
      }),
    };
  }

  /** Returns file and line of the row that was encoded as number `encoded`. */
  #locate(encoded: number): string {
    let row = -1;
    for (let left = encoded; left >= 0; left--) do row++; while (this.#faults.has(row));
    const file = this.#files.findLast(({ first }) => first <= row)!;
    return `"${file.name}" ${file.unit} ${this.#lines.toArray()[row]}`;
  }
}

/**
 * Names the columns of probabilities by task: `probability`, or with the task's name behind `probability_` where there
 * are several.
 */
export function nameProbabilities(predicted: NamedColumns): NamedColumns {
  const tasks = Object.entries(predicted);
  const nameOf = (task: string) => tasks.length === 1 ? "probability" : `probability_${task}`;
  return Object.fromEntries(tasks.map(([task, column]) => [nameOf(task), column]));
}

/** Names the column of predicted numbers: `prediction`. */
export function nameNumbers(predicted: NamedColumns): NamedColumns {
  return { prediction: Object.values(predicted)[0] };
}

/**
 * Names the columns of what heads predict of times: `survival_HEAD_END` for each interval and then `expected_HEAD`.
 */
export function nameCurves(curves: Readonly<Record<string, SurvivalCurves>>): NamedColumns {
  const columns = Object.entries(curves).flatMap(([head, { ends, survival, expectedTime }]) => {
    const intervals = ends.length - 1;
    const columnOf = (k: number) => Float32Array.from(expectedTime, (_, row) => survival[row * intervals + k]);
    return [
      ...ends.slice(1).map((end, k): [string, Float32Array] => [`survival_${head}_${end}`, columnOf(k)]),
      [`expected_${head}`, Float32Array.from(expectedTime)] as const,
    ];
  });
  return Object.fromEntries(columns);
}

/** Puts quotes around a text that a reader would cut or alter otherwise. */
function quote(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
