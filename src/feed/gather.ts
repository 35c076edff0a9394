/**
 * Rows of a chunk, gathered from a data set little by little.
 *
 * @module
 */
/** A column of a data set; floats are moved as the bits that they are. */
export type Column = Uint32Array<ArrayBuffer>;

/** Rows of a bucket, as a power of two, at least: a few cache lines of a column. */
const BUCKET_BITS = 6;

/**
 * The rows of one chunk, column by column.
 *
 * A shuffled chunk reads each column from its first row to its last and writes the numbers to their places: neighbors
 * in a column share a cache line, and a chunk's column stays in the cache. That needs the rows in ascending order, which
 * all columns share.
 */
export class Gather {
  /** First row of the pass that the chunk has. */
  readonly first: number;
  /** Rows of the chunk. */
  readonly rows: number;
  readonly #columns: readonly Column[];
  readonly #store: (column: number, numbers: Column) => void;
  /** Absent where the chunk is a run of rows. */
  readonly #sorted: SortedRows | undefined;
  /** Numbers of the column that is being gathered. */
  readonly #gathered: Column | undefined;
  /** Numbers that are done, those of the first column first. */
  #done = 0;

  /**
   * Sorts the rows; nothing is gathered yet.
   *
   * @param columns numbers of each row of the data set
   * @param order rows of the data set in the order of the pass; all in their own order when absent
   * @param store takes each column's numbers; they are overwritten after it returns
   */
  constructor(
    columns: readonly Column[],
    order: Uint32Array<ArrayBuffer> | undefined,
    { first, rows }: { first: number; rows: number },
    store: (column: number, numbers: Column) => void,
  ) {
    this.first = first;
    this.rows = rows;
    this.#columns = columns;
    this.#store = store;
    if (!order) return;
    this.#sorted = sortRows(order.subarray(first, first + rows), columns[0].length);
    this.#gathered = new Uint32Array(rows);
  }

  /** Gathers until `share` of all numbers, in [0, 1], are done. */
  advance(share: number): void {
    const { rows } = this;
    const target = Math.ceil(share * rows * this.#columns.length);
    while (this.#done < target) {
      const column = Math.floor(this.#done / rows);
      const start = this.#done - column * rows;
      const end = Math.min(rows, start + target - this.#done);
      this.#gather(column, start, end);
      this.#done += end - start;
    }
  }

  /** Gathers the rest. */
  finish(): void {
    this.advance(1);
  }

  #gather(column: number, start: number, end: number): void {
    const numbers = this.#columns[column];
    const { first, rows } = this;
    if (this.#sorted && this.#gathered) scatter(numbers, this.#sorted, start, end, this.#gathered);
    if (end === rows) this.#store(column, this.#gathered ?? numbers.subarray(first, first + rows));
  }
}

interface SortedRows {
  /** Rows of the data set in about ascending order. */
  readonly rows: Uint32Array;
  /** The place in the chunk that each of them has. */
  readonly places: Uint32Array;
}

function scatter(column: Column, { rows, places }: SortedRows, start: number, end: number, out: Column): void {
  for (let i = start; i < end; i++) out[places[i]] = column[rows[i]];
}

/** Sorts rows below `count` by their bucket: a counting sort with about as many buckets as rows at most. */
function sortRows(order: Uint32Array, count: number): SortedRows {
  let bits = BUCKET_BITS;
  while (count >>> bits > order.length) bits++;
  const starts = new Uint32Array((count >>> bits) + 2);
  for (const row of order) starts[(row >>> bits) + 1]++;
  for (let bucket = 1; bucket < starts.length; bucket++) starts[bucket] += starts[bucket - 1];
  const rows = new Uint32Array(order.length);
  const places = new Uint32Array(order.length);
  for (let place = 0; place < order.length; place++) {
    const row = order[place];
    const at = starts[row >>> bits]++;
    rows[at] = row;
    places[at] = place;
  }
  return { rows, places };
}
