/**
 * Parameters and embedding tables as models declare them; their numbers live in a store of the engine.
 *
 * @module
 */
import type { Initializer } from "../initializer.ts";
import type { RowSpan } from "./row_spans.ts";

/** Which regularizer covers a tensor. */
export type Regularized = "embedding" | "net" | "none";

/** A dense parameter, or (where not trainable) a running statistic that a kernel keeps or fixed numbers. */
export interface Parameter {
  /** Unique name, for example `mlp.0.weight`. */
  readonly name: string;
  /** Sizes, row-major. */
  readonly shape: readonly number[];
  /** First values. */
  readonly initializer: Initializer;
  /** Whether the optimizer changes it. */
  readonly trainable: boolean;
  /** The regularizer that covers it. */
  readonly regularized: Regularized;
}

/** An embedding table: one flat row space over all fields, or some of them. */
export interface Table {
  /** Unique name, for example `embedding`. */
  readonly name: string;
  /** Rows of its fields together. */
  readonly rows: number;
  /** Which rows of the schema's row space they are. */
  readonly spans: readonly RowSpan[];
  /** Width D of a row. */
  readonly dim: number;
  /** Floats from one row to the next: D rounded up to a multiple of 4, or 1 when D is 1. */
  readonly stride: number;
  /** First values. */
  readonly initializer: Initializer;
}

/** Returns the floats from one row of a table of width `dim` to the next. */
export function strideOf(dim: number): number {
  return dim === 1 ? 1 : Math.ceil(dim / 4) * 4;
}

/** The parameters and tables of a model by name; tracing the model again finds the same ones. */
export class Declarations {
  /** Dense parameters and running statistics in order of declaration. */
  readonly parameters: Map<string, Parameter> = new Map();
  /** Embedding tables in order of declaration. */
  readonly tables: Map<string, Table> = new Map();

  /**
   * Declares a parameter, or returns the one of that name.
   *
   * @throws {TypeError} when the name is taken by another shape
   */
  parameter(parameter: Parameter): Parameter {
    const known = this.parameters.get(parameter.name);
    if (!known) {
      this.parameters.set(parameter.name, parameter);
      return parameter;
    }
    if (known.shape.join() !== parameter.shape.join()) {
      throw new TypeError(
        `Cannot declare "${parameter.name}": it has shape [${known.shape}], received [${parameter.shape}]`,
      );
    }
    return known;
  }

  /**
   * Declares a table, or returns the one of that name.
   *
   * @throws {TypeError} when the name is taken by another shape
   */
  table(table: Table): Table {
    const known = this.tables.get(table.name);
    if (!known) {
      this.tables.set(table.name, table);
      return table;
    }
    if (known.rows !== table.rows || known.dim !== table.dim) {
      throw new TypeError(
        `Cannot declare "${table.name}": it has shape [${known.rows}, ${known.dim}], received [${table.rows}, ${table.dim}]`,
      );
    }
    return known;
  }
}
