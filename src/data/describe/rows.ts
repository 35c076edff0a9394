/**
 * What a data set holds, gathered row by row.
 *
 * @module
 */
import { randomU32 } from "../random.ts";
import type { Feature } from "../schema.ts";
import { type FieldDescription, FieldTally, type WarningLevels } from "./field.ts";
import { hashWide } from "./hash.ts";
import { FOLDS } from "./tally.ts";

/** Distinct rows that are told apart exactly. */
const MOST_ROWS = 1 << 19;

/** Gathers what the fields of rows hold. */
export class RowsTally {
  readonly #fields: readonly FieldTally[];
  readonly #counts = new Map<number, number>();
  #level = 0;
  /** Rows taken in. */
  rows = 0;
  /** Those with label 1. */
  positives = 0;

  /**
   * Begins with no row.
   *
   * @param most values of a field that are counted exactly
   */
  constructor(features: readonly Feature[], parts: number, most: number) {
    this.#fields = features.map((feature) => new FieldTally(feature, parts, most));
  }

  /** Takes in a row: the texts of its fields, undefined for missing ones. */
  add(texts: readonly (string | undefined)[], label: number, part: number): void {
    const place = { label, part, fold: randomU32(1, this.rows) % FOLDS };
    this.rows++;
    this.positives += label;
    this.#fields.forEach((field, f) => field.add(texts[f], place));
    this.#countRow(hashWide(JSON.stringify([label, ...texts.map((text) => text ?? null)])));
  }

  /** Rows that are equal to earlier ones, label included, and whether that is an estimate from a sample of the rows. */
  get duplicates(): { readonly rows: number; readonly approximate: boolean } {
    let again = 0;
    for (const count of this.#counts.values()) again += count - 1;
    return { rows: again * 2 ** this.#level, approximate: this.#level > 0 };
  }

  /** Says what the fields hold. */
  describe(top: number, levels: WarningLevels): FieldDescription[] {
    const first = new Map<string, string>();
    return this.#fields.map((field) => {
      const { digest, feature } = field;
      const sameAs = first.get(digest);
      if (sameAs === undefined) first.set(digest, feature.name);
      return field.describe(top, levels, sameAs);
    });
  }

  /** Counts a row where its hash is in the sample, which halves whenever it is full. */
  #countRow(hash: number): void {
    if (hash >= 2 ** (53 - this.#level)) return;
    this.#counts.set(hash, (this.#counts.get(hash) ?? 0) + 1);
    while (this.#counts.size > MOST_ROWS) {
      this.#level++;
      for (const held of this.#counts.keys()) if (held >= 2 ** (53 - this.#level)) this.#counts.delete(held);
    }
  }
}
