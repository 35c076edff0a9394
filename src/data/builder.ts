/**
 * Collects rows of texts into a data set, fitting a schema on the way or encoding with a fitted one.
 *
 * @module
 */
import type { BlockCells, BlockField, Cells } from "./builder_cells.ts";
import { textAt } from "./cell_blocks.ts";
import { createCellForms } from "./cell_forms.ts";
import { type Column, createColumn, createFittedColumn } from "./columns.ts";
import { Dataset } from "./dataset.ts";
import { taskNames } from "./declared_labels.ts";
import { BlockDeriver } from "./derived/block_deriver.ts";
import { deriversOf, type FieldCell, formsOfCells, rowDeriver } from "./derived/derive.ts";
import { type FieldFit, FittedSchema } from "./fitted_schema.ts";
import { growF64 } from "./growable.ts";
import { keepWithinMemory, makeF32, makeU32 } from "./large_arrays.ts";
import { MissingTexts } from "./missing_texts.ts";
import { fillFromNeighbors, fitNeighbors, isFromNeighbors, type NeighborsFit } from "./neighbors.ts";
import type { Rejections, RowFault } from "./rejections.ts";
import { type LabelCells, RowLabels } from "./row_labels.ts";
import { type CategoricalFeature, parseSchema, type Schema } from "./schema.ts";
import { type SequenceCell, SequenceColumns } from "./sequence_column.ts";
import { type CellForm, textRulesOf } from "./text_rules.ts";
import { createTimeReader } from "./time.ts";

/** Options of {@linkcode DatasetBuilder}. */
export interface DatasetBuilderOptions {
  /** Texts that stand for a missing value; a fitted schema brings its own. */
  missing?: readonly string[];
  /** Whether blanks around texts are removed. @default {as in a fitted schema, else false} */
  trim?: boolean;
  /** Whether rows have labels. */
  labeled: boolean;
  /** Whether rows have times. */
  timed: boolean;
  /** Schema of the rows before these, whose buckets stay and whose statistics of the past go on. @default {none} */
  before?: FittedSchema;
}

/** A data set under construction. */
export class DatasetBuilder {
  readonly #columns: Column[];
  readonly #forms: CellForm[];
  readonly #sequences: SequenceColumns;
  readonly #names: string[];
  readonly #derive: ReturnType<typeof rowDeriver>;
  readonly #derivers: readonly (BlockDeriver | undefined)[];
  #declared: Schema;
  readonly #fitted: FittedSchema | undefined;
  readonly #missing: readonly string[];
  readonly #missingTexts: ReadonlySet<string>;
  readonly #trim: boolean;
  readonly #labeled: boolean;
  readonly #before: FittedSchema | undefined;
  readonly #labels: RowLabels;
  readonly #readTime: ((text: string) => number | string) | undefined;
  readonly #times = growF64();
  #rows = 0;

  constructor(schema: Schema | FittedSchema, options: DatasetBuilderOptions) {
    this.#fitted = schema instanceof FittedSchema ? schema : undefined;
    this.#declared = schema instanceof FittedSchema ? schema.declared() : parseSchema(schema);
    this.#missing = this.#fitted?.missing ?? options.missing ?? [""];
    this.#trim = options.trim ?? this.#declared.trim ?? false;
    this.#missingTexts = new MissingTexts(this.#missing);
    this.#before = options.before;
    const fields = this.#declared.features.filter((feature) => feature.kind !== "sequence");
    const sequences = this.#declared.features.filter((feature) => feature.kind === "sequence");
    this.#names = fields.map(({ name }) => name);
    this.#columns = fields.map((feature, index) => {
      const past = this.#before?.fields[index].past;
      return this.#fitted
        ? createFittedColumn(this.#fitted, index, this.#missingTexts, past)
        : createColumn(feature, this.#missingTexts, past);
    });
    const rules = textRulesOf(this.#declared.features, { ...this.#declared, trim: this.#trim });
    const forms = createCellForms(fields, rules, this.#missing);
    const derivers = deriversOf(fields, forms, this.#missingTexts);
    this.#derive = rowDeriver(fields, derivers);
    this.#derivers = derivers.map((derive) => derive && new BlockDeriver(derive));
    this.#forms = formsOfCells(fields, forms);
    this.#sequences = new SequenceColumns(sequences, this.#missing, rules.slice(fields.length));
    this.#labeled = options.labeled;
    this.#labels = new RowLabels(this.#declared, options.labeled, this.#missingTexts);
    if (options.timed) this.#readTime = createTimeReader();
  }

  /** Rows stored. */
  get rows(): number {
    return this.#rows;
  }

  /** Reads the label of a task, or returns what is wrong with it; 0 for rows without labels. */
  readLabel(text: string | undefined, task = 0): number | RowFault {
    return this.#labels.read(this.#bare(text), task);
  }

  /** Stores a row whole, or stores nothing of it and returns what is wrong with it. */
  add(cells: Cells): RowFault | undefined {
    const { weights, labels = [], time = "" } = cells;
    const fault = this.#offerLabels(labels);
    if (fault) return fault;
    const timeValue = this.#readTime?.(this.#bare(time)) ?? 0;
    if (typeof timeValue === "string") return { reason: `column "${this.#declared.time}": ${timeValue}` };
    const wrongField = this.#offerFields(cells.texts, weights);
    if (wrongField) return wrongField;
    const fields = this.#columns.length;
    const wrong = this.#sequences.offer((index) => cells.texts[fields + index] as SequenceCell);
    if (wrong !== undefined) return { reason: wrong };
    for (const column of this.#columns) column.store();
    this.#sequences.store();
    this.#labels.store();
    if (this.#readTime) this.#times.push(timeValue);
    this.#rows++;
  }

  /** Returns the texts of a field that stand for a missing number, where its cells can come as numbers. */
  missingNumbers(index: number): readonly string[] | undefined {
    return this.#columns[index]?.missingNumbers?.(this.#forms[index]);
  }

  /**
   * Stores the rows of a block as {@linkcode DatasetBuilder.add} stores one after the other.
   *
   * @param refuse told what is wrong with a row, which is then left out
   */
  addBlock(block: BlockCells, refuse: (row: number, fault: RowFault) => void): void {
    const refused = new Uint8Array(block.rows);
    this.#columns.forEach((column, index) => {
      const [given, form] = [block.texts[index], this.#forms[index]];
      const cells = "length" in given ? this.#derivers[index]!.read(given, refused) : given;
      if ("codes" in cells) column.offerBlock(cells, form, refused);
      else column.offerNumbers!(cells, form, refused);
    });
    const kept = new Uint32Array(block.rows);
    let count = 0;
    for (let row = 0; row < block.rows; row++) {
      const fault = this.#addBeside(block, row, refused[row] === 1);
      if (fault) refuse(row, fault);
      else kept[count++] = row;
    }
    for (const column of this.#columns) column.storeBlock(kept, count);
    this.#rows += count;
    keepWithinMemory();
  }

  /** Stores what stands beside the fields of a row, or nothing of it, and returns what is wrong with the row. */
  #addBeside(block: BlockCells, row: number, isRefused: boolean): RowFault | undefined {
    const { texts, label } = block;
    const isKnown = label !== undefined && this.#labels.offerAgain(label, row);
    const fault = isKnown ? undefined : this.#offerLabels(block.labelsAt(row));
    if (fault) return fault;
    if (label && !isKnown) this.#labels.remember(label, row);
    const timeValue = this.#readTime?.(this.#bare(block.timeAt(row) ?? "")) ?? 0;
    if (typeof timeValue === "string") return { reason: `column "${this.#declared.time}": ${timeValue}` };
    const cellAt = (cells: BlockField): FieldCell =>
      "length" in cells ? cells.map((part) => textAt(part, row)) : textAt(cells, row);
    const wrongField = isRefused ? this.#offerFields(texts.map(cellAt)) : undefined;
    if (wrongField) return wrongField;
    const fields = this.#columns.length;
    const wrong = this.#sequences.offer((index) => cellAt(texts[fields + index]) as SequenceCell);
    if (wrong !== undefined) return { reason: wrong };
    this.#sequences.store();
    this.#labels.store();
    if (this.#readTime) this.#times.push(timeValue);
  }

  /** Makes the texts of a row that are made of others, and offers all to the columns; returns what is wrong, or nothing. */
  #offerFields(cells: readonly FieldCell[], weights?: readonly number[]): RowFault | undefined {
    const texts = this.#derive ? this.#derive(cells) : cells;
    if ("reason" in texts) return texts;
    for (let index = 0; index < this.#columns.length; index++) {
      const text = texts[index] as string | undefined;
      const wrong = this.#columns[index].offer(this.#forms[index](text), weights === undefined ? 1 : weights[index]);
      if (wrong !== undefined) return { reason: `field "${this.#names[index]}": ${wrong}` };
    }
  }

  /** Appends a field to a schema under fitting; the rows stored so far have no value there. */
  addField(feature: CategoricalFeature): void {
    const column = createColumn(feature, this.#missingTexts);
    for (let row = 0; row < this.#rows; row++) {
      column.offer(undefined, 1);
      column.store();
    }
    this.#columns.push(column);
    this.#forms.push(...createCellForms([feature], [{}], this.#missing));
    this.#names.push(feature.name);
    this.#declared = { ...this.#declared, features: [...this.#declared.features, feature] };
  }

  /**
   * Fits what is to be fitted and returns the data set. The builder is empty afterwards; one of a fitted schema can take
   * further rows.
   *
   * @param leftOut rows that were left out on the way
   * @throws {RangeError} when there is nothing to fit to, no label is the positive one, or it is unclear which are meant
   */
  finish(leftOut?: Pick<Rejections, "skipped" | "reasons" | "missingLabels">): Dataset {
    this.#labels.requireClear();
    const labels = this.#labels.drain();
    const times = this.#readTime ? this.#times.drain() : undefined;
    if (!this.#fitted) this.#requireFittable();
    const tasks = taskNames(this.#declared);
    for (const column of this.#columns) column.learn?.({ labels, tasks, times });
    const schema = this.#fitted ?? this.#fit();
    fillFromNeighbors(schema, this.#columns);
    const cells = schema.fields.length * this.#rows;
    const ids = makeU32(cells);
    const values = schema.hasValues ? makeF32(cells) : undefined;
    const coverage = this.#columns.map((column, index) => {
      keepWithinMemory();
      const counts = column.write(schema.fields[index], ids, values, index * this.#rows);
      return { name: this.#names[index], rows: this.#rows, ...counts };
    });
    const lists = this.#sequences.write(schema);
    const rows = this.#rows;
    this.#rows = 0;
    return new Dataset({
      schema,
      rows,
      ids,
      values,
      histories: lists.histories,
      labels,
      labeled: this.#labeled,
      times,
      coverage: [...coverage, ...lists.coverage],
      ownPast: (!this.#fitted || this.#before !== undefined) && schema.fields.some(({ past }) => past !== undefined),
      skipped: leftOut?.skipped,
      skippedReasons: leftOut?.reasons,
      missingLabels: leftOut?.missingLabels,
    });
  }

  #offerLabels(labels: LabelCells): RowFault | undefined {
    return this.#labels.offer(labels.map((label) => typeof label === "string" ? this.#bare(label) : label));
  }

  #requireFittable(): void {
    if (this.#rows === 0) throw new RangeError("Cannot fit schema: there must be a row, received none");
    this.#labels.requirePositive();
  }

  #fit(): FittedSchema {
    const { features: _, ...declared } = this.#declared;
    const { negative } = this.#labels;
    return new FittedSchema({
      declared: { ...declared, ...(negative === undefined ? {} : { negative }) },
      missing: this.#missing,
      trim: this.#trim,
      fields: this.#fitFields(),
      sequences: this.#sequences.fit(),
      neighbors: this.#fitNeighbors(),
    });
  }

  #fitFields(): FieldFit[] {
    const fits: FieldFit[] = [];
    const edgesOf = (name: string) => (this.#before?.fields ?? fits)[this.#names.indexOf(name)].edges!;
    const fitAll = (needEdges: boolean): void =>
      this.#columns.forEach((column, f) => {
        if ((column.cut !== undefined) !== needEdges) return;
        column.cut?.(edgesOf);
        fits[f] = column.fit();
      });
    fitAll(false);
    fitAll(true);
    return fits;
  }

  /** Keeps the numbers of some rows, where missing ones come from neighbors. */
  #fitNeighbors(): NeighborsFit | undefined {
    if (!this.#declared.features.some(isFromNeighbors)) return undefined;
    const numeric = this.#columns.flatMap(({ numbers }, f) => numbers ? [{ name: this.#names[f], numbers }] : []);
    return fitNeighbors(numeric.map(({ name }) => name), numeric.map(({ numbers }) => numbers));
  }

  #bare<T extends string | undefined>(text: T): T {
    return this.#trim ? text?.trim() as T : text;
  }
}
