/**
 * Rows of tables that training leaves as they are.
 *
 * @module
 */
import type { CheckpointTensor } from "../checkpoint/content.ts";
import type { Table } from "../graph/parameter.ts";
import { rowInTable } from "../graph/row_spans.ts";

/** What the names of tensors with frozen rows begin with in a file. */
const PREFIX = "frozen/";

/** Sets of rows by table, a bit for each row. */
export class FrozenRows {
  #bits: Readonly<Record<string, Uint32Array<ArrayBuffer>>> = {};

  /** Names of the tables with frozen rows. */
  get tables(): readonly string[] {
    return Object.keys(this.#bits);
  }

  /** Number of frozen rows by table. */
  get counts(): Record<string, number> {
    return Object.fromEntries(this.tables.map((name) => [name, [...this.of(name)].length]));
  }

  /**
   * Freezes rows of the schema's row space by the name of their table, and no others.
   *
   * @throws {TypeError} when there is no such table
   * @throws {RangeError} when a table has no such row
   */
  set(tables: ReadonlyMap<string, Table>, rows: Readonly<Record<string, Iterable<number>>>): void {
    const bits: Record<string, Uint32Array<ArrayBuffer>> = {};
    for (const [name, frozen] of Object.entries(rows)) {
      const table = tables.get(name);
      if (!table) {
        const known = [...tables.keys()].join(", ") || "none";
        throw new TypeError(`Cannot freeze rows: tables are ${known}, received "${name}"`);
      }
      const words = new Uint32Array(Math.ceil(table.rows / 32));
      for (const schemaRow of frozen) {
        const row = Number.isInteger(schemaRow) ? rowInTable(table, schemaRow) : undefined;
        if (row === undefined) {
          const known = table.spans.map(({ from, rows }) => `${from} to ${from + rows - 1}`).join(", ");
          throw new RangeError(`Cannot freeze rows: "${name}" has rows ${known}, received ${schemaRow}`);
        }
        words[row >> 5] |= 1 << (row & 31);
      }
      if (words.some((word) => word !== 0)) bits[name] = words;
    }
    this.#bits = bits;
  }

  /** Returns the frozen rows of a table, as the table counts them, upwards. */
  *of(table: string): Generator<number> {
    const bits = this.#bits[table] ?? [];
    for (let row = 0; row < 32 * bits.length; row++) if (bits[row >> 5] >>> (row & 31) & 1) yield row;
  }

  /** Returns what a file keeps. */
  toTensors(): Record<string, CheckpointTensor> {
    return Object.fromEntries(
      Object.entries(this.#bits).map(([name, data]) => [PREFIX + name, { shape: [data.length], data }]),
    );
  }

  /**
   * Freezes the rows that a file names, and no others.
   *
   * @throws {TypeError} when it has another number of rows for a table
   */
  read(tables: ReadonlyMap<string, Table>, tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const bits: Record<string, Uint32Array<ArrayBuffer>> = {};
    for (const [name, { rows }] of tables) {
      const tensor = tensors[PREFIX + name];
      if (!tensor) continue;
      const words = Math.ceil(rows / 32);
      if (!(tensor.data instanceof Uint32Array) || tensor.data.length !== words) {
        throw new TypeError(
          `Cannot freeze rows of "${name}": there must be ${words} words of bits, received ${tensor.data.length}`,
        );
      }
      bits[name] = tensor.data as Uint32Array<ArrayBuffer>;
    }
    this.#bits = bits;
  }

  /**
   * Throws unless a checkpoint has the same frozen rows.
   *
   * @throws {TypeError} then
   */
  requireSame(tensors: Readonly<Record<string, CheckpointTensor>>): void {
    const own = this.toTensors();
    const saved = Object.keys(tensors).filter((name) => name.startsWith(PREFIX));
    const differing = [...new Set([...Object.keys(own), ...saved])].find((name) => {
      const [before, now] = [tensors[name]?.data, own[name]?.data];
      return before?.length !== now?.length || before.some((word, i) => word !== now[i]);
    });
    if (differing === undefined) return;
    throw new TypeError(
      `Cannot resume: the checkpoint was trained with other frozen rows of "${differing.slice(PREFIX.length)}"`,
    );
  }
}
