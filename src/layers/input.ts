/**
 * What a model function is given: the occurrences of a batch and the fields that they belong to.
 *
 * @module
 */
import type { Graph } from "../graph/graph.ts";
import { type RowSpan, spansOf } from "../graph/row_spans.ts";
import type { Tensor } from "../graph/tensor.ts";
import { fieldValues } from "../ops/embedding/field_values.ts";
import { selectFields as pick } from "../ops/embedding/select_fields.ts";
import { fieldSizes } from "../ops/interaction/pairs.ts";
import { concat, split } from "../ops/shape/concat.ts";
import { flatten, reshape } from "../ops/shape/reshape.ts";

/** A field of the flat row space. */
export interface Field {
  /** Name of the feature. */
  readonly name: string;
  /** Rows of the field, special ones included. */
  readonly rows: number;
  /** Number of the field's first row. */
  readonly offset: number;
  /** Width of the field's embeddings where it is another than the model's. */
  readonly dim?: number;
  /** What the rows are; those of a `"numeric"` field are the one that the number multiplies, and one for a missing one. */
  readonly kind?: "categorical" | "numeric" | "bucketed";
}

/** A sequence of a model's input, and its rows: those of the field that it shares them with, or its own. */
export interface InputSequence extends Field {
  /** Number of the field whose rows the values share; absent for a sequence with rows of its own. */
  readonly target?: number;
  /** How the embeddings become one, where models are to see them as a field. */
  readonly combiner?: "sum" | "mean" | "max";
}

/** Sequences that run along each other: value k of all belongs to one event. */
export interface InputHistory {
  /** Name of the first sequence. */
  readonly name: string;
  /** The sequences, M of them. */
  readonly sequences: readonly InputSequence[];
  /** Most values L of a row. */
  readonly places: number;
  /**
   * Row numbers `[L M, B]` in the flat row space; past every table where a row has no more values.
   *
   * @internal
   */
  readonly ids: Tensor;
  /**
   * Weights `[L, B]`; absent when all are 1.
   *
   * @internal
   */
  readonly values?: Tensor;
  /** Values of each row, `[B]`; the oldest is at place 0. */
  readonly lengths: Tensor;
}

/** Intervals whose hazards are predicted together, where labels are times. */
export interface InputHead {
  /** Name of the head. */
  readonly name: string;
  /** Number K of its intervals. */
  readonly intervals: number;
}

/** The rows and values of a batch. */
export interface Input {
  /**
   * The trace.
   *
   * @internal
   */
  readonly graph: Graph;
  /** Row numbers `[F, B]` in the flat row space of all fields. */
  readonly ids: Tensor;
  /** Values `[F, B]`; absent when all are 1. */
  readonly values: Tensor | undefined;
  /** The fields in order; sequences that are pooled come after all others. */
  readonly fields: readonly Field[];
  /** The sequences, those that are pooled included. @default {none} */
  readonly histories?: readonly InputHistory[];
  /** Rows of all fields together. */
  readonly rowCount: number;
  /**
   * Which rows of the schema they are.
   *
   * @default {all of them}
   * @internal
   */
  readonly spans?: readonly RowSpan[];
  /** Names of the tasks, one for each label, or for each interval where labels are times. */
  readonly tasks: readonly string[];
  /**
   * Labels, -1 for unknown ones, and below them the row's weight, `[T + 1, B]`: for terms of the loss that a model adds.
   * Absent in prediction, and where labels are times.
   */
  readonly targets?: Tensor;
  /** Groups of intervals where labels are times, in the order of the tasks. @default {none} */
  readonly heads?: readonly InputHead[];
}

/** Returns the histories of an input that are pooled to fields. */
export function pooledOf(x: Input): readonly InputHistory[] {
  return (x.histories ?? []).filter(({ sequences: [{ combiner }] }) => combiner !== undefined);
}

/**
 * Picks fields out of the input, in a row space of their own: a table over them has rows for no other field.
 *
 * @param x the batch's occurrences
 * @param names names of the features
 * @returns an input of these fields alone
 * @throws {RangeError} when a field is not one of the input's, none is named, or one twice
 */
export function selectFields(x: Input, names: readonly string[]): Input {
  let rowCount = 0;
  const fields: Field[] = [];
  const spans: RowSpan[] = [];
  const picks = names.map((name, place) => {
    const field = fieldNumber(x, name);
    if (field >= Number(x.ids.shape[0])) {
      throw new RangeError(`Cannot select fields: a sequence has no field of its own, received "${name}"`);
    }
    if (names.indexOf(name) !== place) {
      throw new RangeError(`Cannot select fields: names must differ, received "${name}" twice`);
    }
    const { rows, offset } = x.fields[field];
    const shift = (rowCount - offset) >>> 0;
    fields.push({ ...x.fields[field], offset: rowCount });
    spans.push({ first: rowCount, from: offset, rows });
    rowCount += rows;
    return { field, shift };
  });
  const { ids, values } = pick(x, picks);
  const heads = x.heads && { heads: x.heads };
  const { graph, tasks, targets } = x;
  return { graph, ids, values, fields, rowCount, spans: spansOf(x, spans), tasks, ...heads, targets };
}

/**
 * Gathers the numbers of numeric fields, 0 where one is missing.
 *
 * @param x the batch's occurrences
 * @param names names of numeric features
 * @returns `[B, names]`
 * @throws {RangeError} when a field is not one of the input's or has no number of its own, or none is named
 */
export function numbers(x: Input, names: readonly string[]): Tensor {
  const columns = names.map((name) => {
    const field = fieldNumber(x, name);
    const { kind, offset } = x.fields[field];
    if (kind !== "numeric" || !x.values) {
      throw new RangeError(`Cannot gather numbers: the field must be numeric, received "${name}"`);
    }
    return { field, row: offset };
  });
  return fieldValues(x.ids, x.values ?? x.ids, columns);
}

/**
 * Takes groups of fields out of looked-up embeddings; fields that are neighbors in both are copied together.
 *
 * @param x the batch's occurrences
 * @param e embeddings of all fields `[B, F, D]`
 * @param groups names of the features of each group, one at least
 * @returns for each group `[B, fields of the group, D]`
 * @throws {RangeError} when a field is not one of the input's, or a group is empty
 */
export function fieldGroups(x: Input, e: Tensor, groups: readonly (readonly string[])[]): Tensor[] {
  const { fields, dim } = fieldSizes("field_groups", e);
  const members = groups.map((names) => names.map((name) => fieldNumber(x, name)));
  if (members.some((group) => group.length === 0)) {
    throw new RangeError("Cannot group fields: each group needs a field, received an empty one");
  }
  const cuts = new Set([0, fields]);
  for (const group of members) {
    group.forEach((field, i) => {
      if (group[i - 1] !== field - 1) cuts.add(field);
      if (group[i + 1] !== field + 1) cuts.add(field + 1);
    });
  }
  const starts = [...cuts].sort((a, b) => a - b);
  const parts = split(flatten(e), starts.slice(1).map((end, i) => (end - starts[i]) * dim));
  return members.map((group) => {
    const own = group.filter((field) => cuts.has(field)).map((field) => parts[starts.indexOf(field)]);
    return reshape(concat(...own), ["B", group.length, dim]);
  });
}

/**
 * Cuts the fields in their order into groups of nearly the same size.
 *
 * @param x the batch's occurrences
 * @returns names of the features of each group
 * @throws {RangeError} when there are fewer fields than groups
 */
export function evenGroups(x: Input, groups: number): string[][] {
  const names = x.fields.map(({ name }) => name);
  if (names.length < groups) {
    throw new RangeError(`Cannot group fields: ${groups} groups need a field each, received ${names.length}`);
  }
  const start = (group: number): number => Math.round(group * names.length / groups);
  return Array.from({ length: groups }, (_, group) => names.slice(start(group), start(group + 1)));
}

/** Returns the number of a field by its name. */
export function fieldNumber(x: Input, name: string): number {
  const field = x.fields.findIndex((known) => known.name === name);
  if (field >= 0) return field;
  const known = x.fields.map((other) => other.name).join(", ");
  throw new RangeError(`Cannot select fields: the fields are ${known}, received "${name}"`);
}
