/**
 * Rows that values without any training get in prediction, and their share of the training.
 *
 * A value that the training data does not have is looked up in its field's out-of-vocabulary row. Unless rare values
 * share that row, nothing in the data trains it. Training therefore replaces a small share of the occurrences by it.
 *
 * @module
 */
import type { Json } from "../checkpoint/content.ts";
import type { Dataset } from "../data/dataset.ts";
import type { FittedField } from "../data/fitted_schema.ts";
import { bucketCount } from "../data/hash_buckets.ts";
import { MISSING, OUT_OF_VOCABULARY } from "../data/vocabulary.ts";
import type { Gpu } from "../gpu/device.ts";
import type { BufferRange } from "../gpu/kernel.ts";
import { upload } from "../gpu/memory.ts";
import { KEPT, substituteUnseen, type UnseenStep } from "../ops/embedding/unseen.ts";
import type { FitOptions } from "./options.ts";
import { recipePart } from "./state.ts";

/** Share of the occurrences that is replaced where the options have none. */
const UNSEEN_SHARE = 0.01;

/**
 * Returns the share of the occurrences to replace: that of the options, or of the checkpoint that training goes on from.
 *
 * @param saved recipe of the checkpoint
 */
export function unseenShareOf({ unseenShare }: FitOptions, saved: Json | undefined): number {
  return unseenShare ?? (saved === undefined ? UNSEEN_SHARE : Number(recipePart(saved, "unseenShare")));
}

/**
 * Lists two rows for each field that replace occurrences in turn: the out-of-vocabulary row, unless rare values give it
 * the share already, and the row of missing values, where the data has none. They are equal where only one is needed, and
 * {@linkcode KEPT} where none is: a numeric field has no unseen values.
 */
export function substitutesOf(data: Dataset, share: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(data.schema.fields.flatMap((field, f) => {
    const wanted = wantedRows(field, data.ids.subarray(f * data.rows, (f + 1) * data.rows), share * data.rows);
    return [wanted[0] ?? KEPT, wanted.at(-1) ?? KEPT];
  }));
}

function wantedRows({ feature, kind, missing, offset }: FittedField, ids: Uint32Array, enough: number): number[] {
  if (kind === "numeric") return [];
  // With hash buckets, no value is out of vocabulary: that row is for missing ones alone, unless they have theirs.
  const hasUnseen = bucketCount(feature) === 0 || !missing;
  let [unseen, absent] = [0, 0];
  for (const id of ids) {
    if (id === offset + OUT_OF_VOCABULARY) unseen++;
    else if (missing && id === offset + MISSING) absent++;
  }
  const wanted: number[] = [];
  if (hasUnseen && unseen < enough) wanted.push(offset + OUT_OF_VOCABULARY);
  if (missing && absent === 0) wanted.push(offset + MISSING);
  return wanted;
}

/** The rows of {@linkcode substitutesOf} on the device, and the host's way to replace by them. */
export class UnseenRows {
  /** Share of the occurrences that is replaced on average. */
  readonly share: number;
  readonly #rows: Uint32Array<ArrayBuffer>;
  readonly #buffer: GPUBuffer;

  /** Counts what the data lacks and uploads the rows. */
  constructor(gpu: Gpu, data: Dataset, share: number) {
    this.share = share;
    this.#rows = substitutesOf(data, share);
    this.#buffer = upload(gpu, "data.substitutes", this.#rows);
  }

  /** Returns the rows by the name of the graph's input. */
  get inputs(): Record<string, BufferRange> {
    return { "data.substitutes": { buffer: this.#buffer } };
  }

  /** Replaces occurrences of a batch `[F, B]` as the device does in the same step. */
  substitute(ids: Uint32Array, batch: number, step: UnseenStep): void {
    substituteUnseen(ids, batch, this.#rows, this.share, step);
  }

  /** Adds the occurrences that each row takes over on average in a pass over so many rows. */
  addTo(occurrences: Float64Array, rows: number): void {
    for (const row of this.#rows) if (row !== KEPT) occurrences[row] += this.share * rows / 2;
  }

  /** Releases the buffer. */
  destroy(): void {
    this.#buffer.destroy();
  }
}
