/**
 * Where a data set that is read in parts is cut.
 *
 * @module
 */
import type { DatasetBuilder } from "./builder.ts";
import type { Dataset } from "./dataset.ts";
import { type RejectionOptions, Rejections } from "./rejections.ts";

/** Counts the rows of a part, those that cannot be used included: a file of nothing else has parts too. */
export class PartCut {
  /** Rows of a part at most. */
  readonly rows: number;
  /** Rows left out of this part. */
  rejections: Rejections;
  readonly #options: RejectionOptions;
  #before = 0;
  #met = 0;
  #ended = 0;

  constructor(options: RejectionOptions, rows: number) {
    this.#options = options;
    this.rows = rows;
    this.rejections = new Rejections(options);
  }

  /** Whether nothing was read since the last part. */
  get isIdle(): boolean {
    return this.#ended > 0 && this.#met === 0;
  }

  /** Returns how many rows are stored, in earlier parts and in the builder of this one. */
  stored(builder: DatasetBuilder | undefined): number {
    return this.#before + (builder?.rows ?? 0);
  }

  /** Rows that this part can still take. */
  get room(): number {
    return this.rows - this.#met;
  }

  /** Counts rows that were stored or left out; returns whether the part is whole. */
  count(rows = 1): boolean {
    this.#met += rows;
    return this.room <= 0;
  }

  /** Returns the rows of the part and begins the next one. */
  end(builder: DatasetBuilder): Dataset {
    const { rejections } = this;
    this.#before += builder.rows;
    this.#met = 0;
    this.#ended++;
    this.rejections = new Rejections(this.#options);
    return builder.finish(rejections);
  }
}

/** Returns the one part of rows that are not cut. */
export async function onlyPart(parts: AsyncGenerator<Dataset>): Promise<Dataset> {
  const { value } = await parts.next();
  await parts.return(undefined);
  return value;
}
