/**
 * Growing columns of sequences: lists of texts go in row by row, row numbers come out when all rows are there.
 *
 * @module
 */
import type { FieldCoverage } from "./coverage.ts";
import type { FittedHistory, FittedSequence, SequenceFit } from "./fitted_sequence.ts";
import type { FittedSchema } from "./fitted_schema.ts";
import { rowsOfNewValues } from "./hash_buckets.ts";
import { formatText } from "./format.ts";
import { growF32, growU32 } from "./growable.ts";
import type { Histories } from "./histories.ts";
import { makeU32 } from "./large_arrays.ts";
import { MissingTexts } from "./missing_texts.ts";
import { parseNumber } from "./scaling.ts";
import type { SequenceFeature } from "./sequence.ts";
import { type CellForm, createCellForm, type TextRules } from "./text_rules.ts";
import { Interner, MISSING, OUT_OF_VOCABULARY } from "./vocabulary.ts";

/** Cell of a sequence: values with the separator between them, or a list; none for an empty sequence. */
export type SequenceCell = string | readonly string[] | undefined;

/** A column of sequences. */
export class SequenceColumn {
  /** The feature as declared. */
  readonly feature: SequenceFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #trim: boolean;
  readonly #form: CellForm;
  #interner = new Interner();
  // 0 is a missing value, k + 1 the text with code k.
  readonly #codes = growU32();
  readonly #lengths = growU32();
  readonly #weights = growF32();
  #offered: string[] = [];
  #offeredWeights: number[] = [];
  #cut = 0;
  #empty = 0;

  /**
   * Holds no row.
   *
   * @param missing texts that stand for a missing value
   * @param rules how texts are treated
   */
  constructor(feature: SequenceFeature, missing: readonly string[], rules: TextRules) {
    this.feature = feature;
    this.#missing = new MissingTexts(missing);
    this.#trim = rules.trim ?? false;
    this.#form = createCellForm(rules, missing);
  }

  /** Number of values of the cell offered last. */
  get length(): number {
    return this.#offered.length;
  }

  /** Takes a cell; returns why it cannot, or nothing. */
  offer(cell: SequenceCell): string | undefined {
    this.#offered = this.#split(cell);
    const { weights } = this.feature;
    if (weights === undefined) return;
    this.#offeredWeights = [];
    for (const [i, text] of this.#offered.entries()) {
      const at = text.lastIndexOf(weights);
      const weight = at < 0 ? 1 : parseNumber(text.slice(at + weights.length));
      if (!Number.isFinite(Math.fround(weight))) {
        return `expected a number behind "${weights}", received ${formatText(text)}`;
      }
      if (at >= 0) this.#offered[i] = text.slice(0, at);
      this.#offeredWeights.push(weight);
    }
  }

  /** Stores the last values of the cell offered last. */
  store(): void {
    const first = Math.max(0, this.#offered.length - this.feature.maxLength);
    this.#cut += first;
    if (this.#offered.length === 0) this.#empty++;
    this.#lengths.push(this.#offered.length - first);
    for (let i = first; i < this.#offered.length; i++) {
      const text = this.#form(this.#offered[i]);
      this.#codes.push(text === undefined || this.#missing.has(text) ? 0 : this.#interner.add(text) + 1);
      if (this.feature.weights !== undefined) this.#weights.push(this.#offeredWeights[i]);
    }
  }

  /** Fits a vocabulary of its own to all stored values. */
  fit(): SequenceFit {
    const { feature } = this;
    return feature.of === undefined ? { feature, own: this.#interner.rank(feature.minCount ?? 1).tokens } : { feature };
  }

  /** Returns the rows in the flat row space of all stored values, with what was counted of them, and frees them. */
  write(sequence: FittedSequence, schema: FittedSchema): { ids: Uint32Array; coverage: FieldCoverage } {
    const { name, offset, missing, target } = sequence;
    const rowsOf = schema.tokenRows(sequence);
    const rowOfNew = target === undefined ? () => OUT_OF_VOCABULARY : rowsOfNewValues(schema.fields[target]);
    const rowOf = [missing ? MISSING : OUT_OF_VOCABULARY];
    for (const text of this.#interner.texts) rowOf.push(rowsOf.get(text) ?? rowOfNew(text));
    const ids = this.#codes.drain();
    const coverage = { name, rows: ids.length, missing: 0, unseen: 0, outside: 0, cut: this.#cut, empty: this.#empty };
    this.#interner = new Interner();
    this.#cut = 0;
    this.#empty = 0;
    for (let i = 0; i < ids.length; i++) {
      const row = rowOf[ids[i]];
      if (ids[i] === 0) coverage.missing++;
      else if (row === OUT_OF_VOCABULARY) coverage.unseen++;
      ids[i] = offset + row;
    }
    return { ids, coverage };
  }

  /** Returns where the values of each row are, and frees what is known of that. */
  writeOffsets(): Uint32Array<ArrayBuffer> {
    const lengths = this.#lengths.drain();
    const offsets = makeU32(lengths.length + 1);
    lengths.forEach((length, row) => offsets[row + 1] = offsets[row] + length);
    return offsets;
  }

  /** Returns the weights of all stored values, and frees them. */
  writeWeights(): Float32Array<ArrayBuffer> {
    return this.#weights.drain();
  }

  #split(cell: SequenceCell): string[] {
    if (cell === undefined) return [];
    const bare = (text: string) => this.#trim ? text.trim() : text;
    if (typeof cell !== "string") return cell.map(bare);
    const whole = bare(cell);
    const isEmpty = whole === "" || this.#missing.has(whole) || this.#form(whole) === undefined;
    return isEmpty ? [] : whole.split(this.feature.separator).map(bare);
  }
}

/** Columns of all sequences of a schema. */
export class SequenceColumns {
  readonly #columns: readonly SequenceColumn[];

  /**
   * Holds no row.
   *
   * @param missing texts that stand for a missing value
   * @param rules how the texts of each sequence are treated
   */
  constructor(features: readonly SequenceFeature[], missing: readonly string[], rules: readonly TextRules[]) {
    this.#columns = features.map((feature, i) => new SequenceColumn(feature, missing, rules[i]));
  }

  /** Takes a row's cells, one for each sequence; returns why it cannot, or nothing. */
  offer(cellAt: (index: number) => SequenceCell): string | undefined {
    for (const [index, column] of this.#columns.entries()) {
      const wrong = column.offer(cellAt(index));
      if (wrong !== undefined) return `field "${column.feature.name}": ${wrong}`;
    }
    for (const { feature: { name, along }, length } of this.#columns) {
      const leader = along !== undefined && this.#columns.find(({ feature }) => feature.name === along);
      if (leader && leader.length !== length) {
        return `field "${name}": expected ${leader.length} values as in "${along}", received ${length}`;
      }
    }
  }

  /** Stores the cells offered last. */
  store(): void {
    for (const column of this.#columns) column.store();
  }

  /** Fits the sequences to all stored rows. */
  fit(): SequenceFit[] {
    return this.#columns.map((column) => column.fit());
  }

  /** Returns the stored rows, and what was counted of them, and frees them. */
  write(schema: FittedSchema): { histories: Histories[]; coverage: FieldCoverage[] } {
    const coverage: FieldCoverage[] = [];
    const written = schema.sequences.map((sequence, i) => {
      const { ids, coverage: counted } = this.#columns[i].write(sequence, schema);
      coverage.push(counted);
      return ids;
    });
    const histories = schema.histories.map((history) => this.#join(history, schema, written));
    return { histories, coverage };
  }

  #join({ sequences, weighted }: FittedHistory, schema: FittedSchema, written: readonly Uint32Array[]): Histories {
    const [leader, ...others] = sequences.map((sequence) => schema.sequences.indexOf(sequence));
    const offsets = this.#columns[leader].writeOffsets();
    for (const other of others) this.#columns[other].writeOffsets();
    const members = sequences.length;
    const ids = makeU32(members * offsets[offsets.length - 1]);
    [leader, ...others].forEach((index, m) => written[index].forEach((id, i) => ids[members * i + m] = id));
    return { offsets, ids, ...(weighted && { weights: this.#columns[leader].writeWeights() }) };
  }
}
