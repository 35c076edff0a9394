/**
 * The growing column of a numeric field.
 *
 * @module
 */
import { fitNumberFill } from "./absence.ts";
import { edgesFor } from "./bucket_edges.ts";
import { CellMemo, REFUSED } from "./cell_memo.ts";
import type { CellCounts, Column } from "./columns.ts";
import { withFilled } from "./coverage.ts";
import type { FieldFit, FittedField } from "./fitted_schema.ts";
import { formatText } from "./format.ts";
import { growF64 } from "./growable.ts";
import { type NumberCells, PLAIN_LIMIT } from "./number_cells.ts";
import { scaleNumber, writeBuckets, writeScaled } from "./number_rows.ts";
import { fitScale, measureRange, parseNumber } from "./scaling.ts";
import type { NumericFeature } from "./schema.ts";
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";

/** A numeric column, bucketed or not, fitted or not. */
export class NumericColumn implements Column {
  readonly #feature: NumericFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #fitted: FieldFit | undefined;
  readonly #numbers = growF64();
  readonly #memo = new CellMemo(
    (length) => new Float64Array(length),
    (text) => this.offer(text) === undefined ? this.#number : REFUSED,
  );
  /** Numbers of the block offered last. */
  #offered: Float64Array = new Float64Array(0);
  #drained: Float64Array | undefined;
  #fills: Float64Array | undefined;
  #number = NaN;

  constructor(feature: NumericFeature, missing: ReadonlySet<string>, fitted: FieldFit | undefined) {
    this.#feature = feature;
    this.#missing = missing;
    this.#fitted = fitted;
  }

  offer(text: string | undefined): string | undefined {
    const missing = text === undefined || this.#missing.has(text);
    this.#number = missing ? NaN : parseNumber(text);
    if (missing) return;
    if (Number.isNaN(this.#number)) return `expected a finite number, received ${formatText(text)}${this.#hint(text)}`;
    if (!this.#fits(this.#number)) {
      return `expected a number that float32 holds when it is scaled, received ${formatText(text)}`;
    }
  }

  /** Tells whether float32 holds a number when it is scaled. */
  #fits(number: number): boolean {
    return !this.#fitted?.scaling || Number.isFinite(Math.fround(scaleNumber(this.#fitted, number)));
  }

  storeNumbers(numbers: Float64Array<ArrayBuffer>): boolean {
    if (this.#fitted?.scaling) {
      for (let row = 0; row < numbers.length; row++) {
        if (!Number.isNaN(numbers[row]) && !this.#fits(numbers[row])) return false;
      }
    }
    this.#drained = numbers;
    return true;
  }

  /** Says what makes a text with blanks around it a missing one. */
  #hint(text: string): string {
    return this.#missing.has(text.trim()) ? "; trim removes the blanks" : "";
  }

  store(): void {
    this.#numbers.push(this.#number);
  }

  offerBlock(cells: CodedCells, form: CellForm, refused: Uint8Array): void {
    const known = this.#memo.read(cells, form);
    const { codes } = cells;
    const offered = new Float64Array(codes.length);
    for (let row = 0; row < codes.length; row++) {
      offered[row] = known[codes[row]];
      if (offered[row] === REFUSED) refused[row] = 1;
    }
    this.#offered = offered;
  }

  missingNumbers(form: CellForm): readonly string[] | undefined {
    // Scaling keeps the order of numbers, so that all plain ones between these fit, too.
    if (!this.#fits(PLAIN_LIMIT) || !this.#fits(-PLAIN_LIMIT)) return undefined;
    // A plain number is in each form that texts can be brought into.
    const texts = [...this.#missing].flatMap((text) => [text, text.normalize("NFKC").trim().toLowerCase()]);
    return texts.filter((text) => this.offer(form(text)) === undefined && Number.isNaN(this.#number));
  }

  offerNumbers({ numbers, odd }: NumberCells, form: CellForm, refused: Uint8Array): void {
    for (const [row, text] of odd) {
      if (this.offer(form(text)) === undefined) numbers[row] = this.#number;
      else refused[row] = 1;
    }
    this.#offered = numbers;
  }

  storeBlock(kept: Uint32Array, count: number): void {
    if (count === this.#offered.length) return this.#numbers.append(this.#offered);
    for (let i = 0; i < count; i++) this.#numbers.push(this.#offered[kept[i]]);
  }

  get numbers(): Float64Array {
    return this.#drained ??= this.#numbers.drain();
  }

  fillIn(fills: Float64Array): void {
    this.#fills = fills;
  }

  fit(): FieldFit {
    if (this.#fitted) return this.#fitted;
    const { numbers } = this;
    const { name, scale, buckets, ifMissing } = this.#feature;
    const range = measureRange(numbers);
    const fill = fitNumberFill(name, ifMissing, numbers);
    const fit = {
      ...{ feature: this.#feature, missing: fill === undefined && numbers.some(Number.isNaN) },
      ...(range ? { range } : {}),
      ...(fill === undefined ? {} : { fill }),
    };
    if (buckets !== undefined) return { ...fit, edges: edgesFor(buckets, numbers) };
    return { ...fit, scaling: fitScale(scale, numbers) };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    const { numbers } = this;
    const fills = this.#fills;
    this.#drained = undefined;
    this.#fills = undefined;
    const [least, most] = field.range ?? [-Infinity, Infinity];
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (let row = 0; row < numbers.length; row++) {
      const x = numbers[row];
      if (Number.isNaN(x)) {
        counts.missing++;
        const near = fills?.[row] ?? NaN;
        if (field.fill !== undefined) numbers[row] = Number.isNaN(near) ? field.fill as number : near;
      } else if (x < least || x > most) counts.outside++;
    }
    if (field.kind === "bucketed") writeBuckets(numbers, field, ids, values, start);
    else if (values) writeScaled(numbers, field, ids, values, start);
    return withFilled(counts, field);
  }
}
