/**
 * What a field holds, gathered row by row.
 *
 * @module
 */
import { populationStability, rateInterval } from "../../metrics.ts";
import { parseNumber } from "../scaling.ts";
import type { Feature } from "../schema.ts";
import { hashText } from "./hash.ts";
import { targetRateAuc } from "./leak.ts";
import { NumberSample, quantilesOf } from "./number_sample.ts";
import { countRow, createTally, partsOf, type RowPlace, rowsOf, type Tally } from "./tally.ts";
import { ValueCounts } from "./value_counts.ts";

/** Values that have a bin of their own when parts of time are compared. */
const COMPARED_VALUES = 16;

/** Ranges of equally many numbers that a label rate is taken of. */
const RATE_RANGES = 32;

/** Shares below the quantiles that are told. */
const QUANTILES = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

/** A frequent value of a field. */
export interface ValueDescription {
  /** Its text. */
  readonly value: string;
  /** Rows that have it; where the field is approximate, a few may be lacking. */
  readonly rows: number;
  /** Share of them with label 1. */
  readonly rate: number;
  /** 95 % interval of the rate, by Wilson's score. */
  readonly interval: readonly [low: number, high: number];
}

/** Numbers of a numeric field. */
export interface NumberDescription {
  /** Rows with a number. */
  readonly rows: number;
  /** Smallest number. */
  readonly least: number;
  /** Largest number. */
  readonly most: number;
  /** Arithmetic mean. */
  readonly mean: number;
  /** Standard deviation over all rows. */
  readonly deviation: number;
  /** Quantiles by the percentage of rows below them, from a sample of the rows where there are many. */
  readonly quantiles: Readonly<Record<string, number>>;
}

/** What a field holds. */
export interface FieldDescription {
  /** Name of the field. */
  readonly name: string;
  /** How it is declared. */
  readonly kind: "categorical" | "numeric";
  /** Distinct values, missing ones not counted; an estimate where `approximate`. */
  readonly cardinality: number;
  /** Whether there were too many values to count each of them. */
  readonly approximate: boolean;
  /** Share of the rows without a value. */
  readonly missing: number;
  /** Rows of a numeric field whose text is no number, which training refuses. */
  readonly malformed: number;
  /** The most frequent values. */
  readonly top: readonly ValueDescription[];
  /** Numbers of a numeric field; absent where it has none. */
  readonly numbers?: NumberDescription;
  /** Population stability index of each later part of time against the first. */
  readonly drift: readonly number[];
  /** AUC of the label rate of the field's values, taken from other rows than those it is tested on; NaN for one class. */
  readonly auc: number;
  /** An earlier field with the same text in every row. */
  readonly sameAs?: string;
  /** What to know before training. */
  readonly warnings: readonly ("constant" | "leak" | "drift" | "duplicate" | "malformed")[];
}

type FieldWarning = FieldDescription["warnings"][number];

/** From where on a field is warned of. */
export interface WarningLevels {
  /** AUC of a leak. */
  readonly leakAuc: number;
  /** Population stability index of a drift. */
  readonly driftIndex: number;
}

/** Gathers what a field holds. */
export class FieldTally {
  /** The field. */
  readonly feature: Feature;
  readonly #values: ValueCounts;
  readonly #numbers: NumberSample | undefined;
  readonly #absent: Tally;
  readonly #all: Tally;
  #malformed = 0;
  #digest: [number, number] = [0, 0];

  /**
   * Begins with no row.
   *
   * @param most values that are counted exactly
   */
  constructor(feature: Feature, parts: number, most: number) {
    this.feature = feature;
    this.#values = new ValueCounts(parts, most);
    if (feature.kind === "numeric") this.#numbers = new NumberSample();
    this.#absent = createTally(parts);
    this.#all = createTally(parts);
  }

  /** Digest of the texts of all rows in their order. */
  get digest(): string {
    return this.#digest.join();
  }

  /** Takes in a row; undefined for a missing value. */
  add(text: string | undefined, place: RowPlace): void {
    const seeds = [1, 2] as const;
    for (const s of seeds) this.#digest[s - 1] = hashText(text ?? "\0", this.#digest[s - 1] + s);
    countRow(this.#all, place);
    if (text === undefined) return countRow(this.#absent, place);
    this.#values.add(text, place);
    if (!this.#numbers) return;
    const number = parseNumber(text);
    if (Number.isNaN(number)) this.#malformed++;
    else this.#numbers.add(number, place);
  }

  /** Says what was gathered. */
  describe(top: number, { leakAuc, driftIndex }: WarningLevels, sameAs: string | undefined): FieldDescription {
    const { name, kind } = this.feature;
    const { cardinality, approximate } = this.#values;
    const missing = rowsOf(this.#absent).rows / rowsOf(this.#all).rows;
    const numbers = this.#describeNumbers();
    const drift = this.#measureDrift();
    const auc = targetRateAuc(numbers ? this.#tallyRanges() : [...this.#values.tallies, this.#absent]);
    const warnings: Readonly<Record<FieldWarning, boolean>> = {
      constant: cardinality <= 1 && (missing === 0 || missing === 1),
      leak: auc >= leakAuc,
      drift: drift.some((index) => index >= driftIndex),
      duplicate: sameAs !== undefined,
      malformed: this.#malformed > 0,
    };
    return {
      ...{ name, kind: kind === "numeric" ? kind : "categorical", cardinality, approximate, missing },
      malformed: this.#malformed,
      top: this.#values.top(top).map(([value, tally]) => {
        const { rows, positives } = rowsOf(tally);
        return { value, rows, rate: positives / rows, interval: rateInterval(positives, rows) };
      }),
      ...(numbers && { numbers }),
      ...{ drift, auc, ...(sameAs !== undefined && { sameAs }) },
      warnings: (Object.keys(warnings) as FieldWarning[]).filter((warning) => warnings[warning]),
    };
  }

  #describeNumbers(): NumberDescription | undefined {
    if (!this.#numbers || this.#numbers.rows === 0) return undefined;
    const { rows, least, most, mean, deviation, sample } = this.#numbers;
    const quantiles = quantilesOf(Float64Array.from(sample, ({ value }) => value).sort(), QUANTILES);
    const named = QUANTILES.map((share, i) => [String(Math.round(100 * share)), quantiles[i]]);
    return { rows, least, most, mean, deviation, quantiles: Object.fromEntries(named) };
  }

  /** Compares later parts of time with the first one. */
  #measureDrift(): number[] {
    const [first, ...others] = (this.#numbers && this.#binNumbers(this.#numbers)) ?? this.#binValues();
    return others.map((counts) => populationStability(first, counts));
  }

  /** Counts, for each part, the most frequent values, all others, and missing ones. */
  #binValues(): number[][] {
    const top = this.#values.top(COMPARED_VALUES).map(([, tally]) => partsOf(tally));
    const absent = partsOf(this.#absent);
    return Array.from(partsOf(this.#all), (rows, part) => {
      const counts = [...top.map((counts) => counts[part]), absent[part]];
      return [...counts, rows - counts.reduce((sum, count) => sum + count, 0)];
    });
  }

  /**
   * Counts, for each part, the numbers between the tenths of the first part, and missing ones where there are any. There are
   * no such ranges where the first part has no number, or one that is a tenth of it or more: that one is to be counted itself.
   */
  #binNumbers({ sample }: NumberSample): number[][] | undefined {
    const parts = partsOf(this.#all).length;
    const byPart = Array.from({ length: parts }, (): number[] => []);
    for (const { value, part } of sample) byPart[part].push(value);
    const reference = Float64Array.from(byPart[0]).sort();
    if (reference.length === 0) return undefined;
    const edges = quantilesOf(reference, [1, 2, 3, 4, 5, 6, 7, 8, 9].map((k) => k / 10));
    if (new Set(edges).size < edges.length) return undefined;
    const [absent, all] = [partsOf(this.#absent), partsOf(this.#all)];
    const lacking = absent.some((count) => count > 0);
    return byPart.map((numbers, part) => {
      const counts = new Array<number>(edges.length + 1).fill(0);
      for (const value of numbers) counts[edges.filter((edge) => edge < value).length]++;
      // A sample stands for all rows of the part with a number.
      const scale = numbers.length > 0 ? (all[part] - absent[part]) / numbers.length : 0;
      return [...counts.map((count) => count * scale), ...(lacking ? [absent[part]] : [])];
    });
  }

  /** Counts sampled numbers by ranges of equally many, and missing ones at the same rate. */
  #tallyRanges(): Tally[] {
    const { sample, rows } = this.#numbers!;
    const sorted = Float64Array.from(sample, ({ value }) => value).sort();
    const edges = quantilesOf(sorted, Array.from({ length: RATE_RANGES - 1 }, (_, k) => (k + 1) / RATE_RANGES));
    const tallies = Array.from({ length: RATE_RANGES }, () => createTally(partsOf(this.#all).length));
    for (const row of sample) countRow(tallies[edges.filter((edge) => edge < row.value).length], row);
    return [...tallies, this.#absent.map((count) => Math.round(count * sample.length / rows))];
  }
}
