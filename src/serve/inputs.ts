/**
 * Inputs of a model by column: what a schema asks a request for, and how tensors and rows become a data set.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { derivationOf, sourcesOf } from "../data/derived/derivation.ts";
import { CellError, ColumnEncoder, type ColumnValues, listValues, type Numbers } from "../data/encode_columns.ts";
import { isPresence } from "../data/field_features.ts";
import type { FittedField, FittedSchema } from "../data/fitted_schema.ts";
import type { FittedSequence } from "../data/fitted_sequence.ts";
import { formatNames } from "../data/format.ts";
import type { Row, RowValue } from "../data/rows.ts";
import { Utf8Texts } from "../data/utf8_texts.ts";
import { refuse, RequestError } from "./error.ts";
import type { Datatype, Element, InputTensor } from "./tensor.ts";

/** An input as the model's metadata describe it. */
export interface InputDescription {
  /** Name of the column. */
  readonly name: string;
  /** Type of the elements that fits best; texts and all numbers are taken. */
  readonly datatype: Datatype;
  /** Sizes; -1 for any. */
  readonly shape: readonly number[];
}

interface Column extends InputDescription {
  /** Whether a request may leave it out: for a sequence, and where training data lacked values. */
  readonly isOptional: boolean;
  readonly isSequence: boolean;
}

/** Tells whether a field or sequence knows what a missing value is. */
function copesWithout(field: FittedField | FittedSequence): boolean {
  const { feature, missing } = field;
  return feature.kind === "sequence" || missing || isPresence(feature) || ("fill" in field && field.fill !== undefined);
}

/** How long vocabularies are prepared before others are answered, in ms. */
const PREPARING_MS = 4;

/** Ends the name of the input that says how many values of a sequence each row has. */
const LENGTH_SUFFIX = "_length";

/** The columns that a model reads. */
export class InputColumns {
  readonly #encoder: ColumnEncoder;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #constants: ReadonlyMap<string, Row[string]>;

  /**
   * Reads the columns off a schema.
   *
   * @param constants values that columns have whatever requests say
   * @throws {RangeError} when one is of no column, or cannot be encoded
   */
  constructor(schema: FittedSchema, constants: Row = {}) {
    this.#encoder = new ColumnEncoder(schema);
    this.#constants = new Map(Object.entries(constants));
    const columns = new Map<string, Column>();
    for (const field of [...schema.fields, ...schema.sequences]) {
      const { feature } = field;
      const isSequence = feature.kind === "sequence";
      const from = derivationOf(feature);
      const raw = { column: feature.column, what: feature.kind === "numeric" ? "number" : "name" };
      for (const { column: name, what } of from === undefined ? [raw] : sourcesOf(from)) {
        const before = columns.get(name);
        // Whether a number is there can be told from the number.
        const isNumber = what === "number" || isPresence(feature) && before !== undefined;
        const datatype = isNumber && before?.datatype !== "BYTES" ? "FP32" : "BYTES";
        const isOptional = this.#constants.has(name) || copesWithout(field) && before?.isOptional !== false;
        columns.set(name, { name, datatype, shape: isSequence ? [-1, -1] : [-1], isOptional, isSequence });
      }
    }
    this.#columns = columns;
    this.#requireConstants();
  }

  #requireConstants(): void {
    const unknown = [...this.#constants.keys()].find((name) => !this.#columns.has(name));
    if (unknown !== undefined) {
      const known = formatNames([...this.#columns.keys()]);
      throw new RangeError(`Cannot serve: constants must be of the columns ${known}, received "${unknown}"`);
    }
    try {
      this.#encode(1, new Map());
    } catch (error) {
      throw new RangeError(`Cannot serve: constants must fit their columns, received ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  /** Does beforehand what takes a while with large vocabularies, with pauses in which others are answered. */
  async prepare(): Promise<void> {
    let since = performance.now();
    for (const _ of this.#encoder.prepare()) {
      if (performance.now() - since < PREPARING_MS) continue;
      await new Promise<void>((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  }

  /** The inputs as metadata describe them. */
  get descriptions(): InputDescription[] {
    return Array.from(this.#columns.values(), ({ name, datatype, shape }) => ({ name, datatype, shape }));
  }

  /** Tells whether a column may lack values. */
  isOptional(name: string): boolean {
    return this.#columns.get(name)?.isOptional ?? true;
  }

  /** Tells whether there is a column. */
  has(name: string): boolean {
    return this.#columns.has(name);
  }

  /**
   * Encodes rows.
   *
   * @param shared columns that all rows have in common, which are encoded once
   * @throws {RequestError} when a row has a key that is no column, lacks one that it must have, or a value is malformed;
   * the message names row and column
   */
  encode(rows: readonly Row[], shared: Row = {}): Dataset {
    const unknown = Object.keys(shared).find((key) => !this.#columns.has(key));
    if (unknown !== undefined) refuse(`Cannot read the context: ${this.#describeUnknown(unknown)}`);
    const lists = this.#gather(rows);
    const given = new Map<string, ColumnValues>();
    for (const { name, isOptional } of this.#columns.values()) {
      if (Object.hasOwn(shared, name)) {
        if (!isOptional && isMissing(shared[name])) refuse(lacking("the context", name));
        given.set(name, { shared: shared[name] });
        continue;
      }
      const values = lists.get(name)!;
      const row = isOptional ? -1 : values.findIndex(isMissing);
      if (row >= 0) refuse(lacking(`row ${row}`, name));
      given.set(name, { values });
    }
    return this.#encode(rows.length, given);
  }

  #describeUnknown(key: string): string {
    return `columns are ${formatNames([...this.#columns.keys()])}, received "${key}"`;
  }

  /** Lists the values of rows by column, undefined where a row has none. */
  #gather(rows: readonly Row[]): ReadonlyMap<string, readonly Row[string][]> {
    const lists = new Map<string, Row[string][]>();
    for (const name of this.#columns.keys()) lists.set(name, new Array(rows.length).fill(undefined));
    // Rows mostly have their columns in one order, which is compared in less time than columns are looked up.
    let order: readonly string[] = [];
    let targets: readonly Row[string][][] = [];
    for (let row = 0; row < rows.length; row++) {
      const keys = Object.keys(rows[row]);
      if (!areSame(keys, order)) {
        const unknown = keys.find((key) => !this.#columns.has(key));
        if (unknown !== undefined) refuse(`Cannot read row ${row}: ${this.#describeUnknown(unknown)}`);
        order = keys;
        targets = keys.map((key) => lists.get(key)!);
      }
      const values = Object.values(rows[row]);
      for (let k = 0; k < values.length; k++) targets[k][row] = values[k];
    }
    return lists;
  }

  /**
   * Encodes tensors of one batch.
   *
   * @throws {RequestError} when an input is no column, one is lacking, shapes do not go together or a value is malformed
   */
  encodeTensors(inputs: readonly InputTensor[]): Dataset {
    const tensors = new Map(inputs.map((input) => [input.name, input]));
    for (const { name } of inputs) this.#requireKnown(name);
    for (const { name, isOptional } of this.#columns.values()) {
      if (!isOptional && !tensors.has(name)) refuse(`Cannot read the request: input "${name}" is missing`);
    }
    if (inputs.length === 0) refuse("Cannot read the request: there must be inputs, received none");
    const batch = inputs[0].shape[0] ?? 0;
    for (const { name, shape } of inputs) {
      if (shape.length > 0 && shape[0] === batch && batch > 0) continue;
      refuse(`Cannot read input "${name}": shape must be [B] or [B, L] with one B of at least 1, received [${shape}]`);
    }
    return this.#encode(batch, this.#columnsOf(tensors, batch));
  }

  /** Returns the rows of tensors that were encoded, as JSON can hold them. */
  rowsOf(inputs: readonly InputTensor[]): Row[] {
    const batch = inputs[0].shape[0];
    const given = this.#columnsOf(new Map(inputs.map((input) => [input.name, input])), batch);
    const columns = Array.from(
      given,
      ([name, column]) => [name, "values" in column ? column.values : listValues(column)] as const,
    );
    return Array.from(
      { length: batch },
      (_, row) => Object.fromEntries(columns.map(([name, values]) => [name, jsonOf(values[row])])),
    );
  }

  #columnsOf(tensors: ReadonlyMap<string, InputTensor>, batch: number): Map<string, TensorValues> {
    const given = new Map<string, TensorValues>();
    for (const { name, isSequence } of this.#columns.values()) {
      const tensor = tensors.get(name);
      if (!tensor) continue;
      given.set(
        name,
        isSequence ? { values: listsOf(tensor, batch, tensors.get(name + LENGTH_SUFFIX)) } : valuesOf(tensor),
      );
    }
    return given;
  }

  #requireKnown(name: string): void {
    if (this.#columns.has(name)) return;
    const ofLengths = name.endsWith(LENGTH_SUFFIX) && this.#columns.get(name.slice(0, -LENGTH_SUFFIX.length));
    if (ofLengths && ofLengths.isSequence) return;
    refuse(`Cannot read the request: inputs are ${formatNames([...this.#columns.keys()])}, received "${name}"`);
  }

  #encode(rows: number, given: ReadonlyMap<string, ColumnValues>): Dataset {
    const constants = Array.from(this.#constants, ([name, shared]) => [name, { shared }] as const);
    const columns = constants.length > 0 ? new Map<string, ColumnValues>([...given, ...constants]) : given;
    try {
      return this.#encoder.encode(rows, columns);
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      throw new RequestError(400, error.message, { cause: error });
    }
  }
}

function areSame(keys: readonly string[], others: readonly string[]): boolean {
  if (keys.length !== others.length) return false;
  for (let k = 0; k < keys.length; k++) if (keys[k] !== others[k]) return false;
  return true;
}

const isMissing = (value: Row[string]): boolean => value === undefined || value === null;

const lacking = (where: string, name: string): string =>
  `Cannot read ${where}: field "${name}" must have a value, received none`;

/** Numbers that are none stand for missing values, as they do in data frames. */
function valueOfElement(element: Element): RowValue {
  return Number.isNaN(element) ? null : element;
}

/** JSON has no integers past 2^53; as names, their digits are the same text. */
function jsonOf(value: Row[string]): Row[string] {
  if (Array.isArray(value)) return value.map((item) => jsonOf(item) as RowValue);
  return typeof value === "bigint" ? `${value}` : value;
}

/** Values of a column as tensors bring them. */
type TensorValues = Exclude<ColumnValues, { readonly shared: unknown }>;

function valuesOf({ name, shape, elements }: InputTensor): TensorValues {
  if (shape.slice(1).some((size) => size !== 1)) {
    refuse(`Cannot read input "${name}": shape must be [B] or [B, 1], received [${shape}]`);
  }
  if (elements instanceof Utf8Texts) return { texts: elements };
  return Array.isArray(elements) ? { values: elements.map(valueOfElement) } : { numbers: elements as Numbers };
}

function listsOf(
  { name, shape, elements: given }: InputTensor,
  rows: number,
  lengths: InputTensor | undefined,
): readonly Row[string][] {
  if (shape.length > 2) refuse(`Cannot read input "${name}": shape must be [B] or [B, L], received [${shape}]`);
  // A text of its own has separators in it.
  const most = shape.length === 1 ? undefined : shape[1];
  const elements: readonly Element[] = [...given];
  const counts = lengths && Array.from<Element, number>(lengths.elements, Number);
  const wrong = counts?.findIndex((count) => !(Number.isInteger(count) && count >= 0 && count <= (most ?? -1))) ?? -1;
  if (lengths && (lengths.elements.length !== rows || wrong >= 0)) {
    const received = wrong >= 0
      ? `${[...lengths.elements][wrong]} in row ${wrong}`
      : `${lengths.elements.length} numbers`;
    refuse(`Cannot read input "${lengths.name}": it must be [B] of 0 to ${most ?? "L"}, received ${received}`);
  }
  if (most === undefined) return elements.map(valueOfElement);
  return Array.from({ length: rows }, (_, row) => {
    const list = elements.slice(row * most, (row + 1) * most);
    return (counts ? list.slice(0, counts[row]) : withoutPadding(list)).map(valueOfElement);
  });
}

/** Takes empty texts off both ends. */
function withoutPadding(list: readonly Element[]): readonly Element[] {
  const end = list.findLastIndex((element) => element !== "") + 1;
  const start = list.findIndex((element) => element !== "");
  return end === 0 ? [] : list.slice(start, end);
}
