/**
 * A column of a categorical field without a vocabulary, under fitting: all there is to learn is whether values are missing.
 *
 * @module
 */
import { CellMemo } from "./cell_memo.ts";
import type { CellCounts, Column } from "./columns.ts";
import type { FieldFit, FittedField } from "./fitted_schema.ts";
import { growU32 } from "./growable.ts";
import { bucketCount, firstBucketRow, hashSeed } from "./hash_buckets.ts";
import { murmur3 } from "./murmur.ts";
import type { CategoricalFeature } from "./schema.ts";
import type { CodedCells } from "./text_pool.ts";
import type { CellForm } from "./text_rules.ts";
import { MISSING } from "./vocabulary.ts";

/** A categorical column whose texts are hashed. */
export class HashedColumn implements Column {
  readonly #feature: CategoricalFeature;
  readonly #missing: ReadonlySet<string>;
  readonly #seed: number;
  readonly #buckets: number;
  // 0 is a missing cell, k + 1 one of bucket k.
  readonly #codes = growU32();
  readonly #memo = new CellMemo((length) => new Uint32Array(length), (text) => this.#codeOf(text));
  #offered: { codes: Uint32Array; numbers: Uint32Array } = {
    codes: new Uint32Array(0),
    numbers: new Uint32Array(0),
  };
  #code = 0;
  #sawMissing = false;

  constructor(feature: CategoricalFeature, missing: ReadonlySet<string>) {
    this.#feature = feature;
    this.#missing = missing;
    this.#seed = hashSeed(feature.name);
    this.#buckets = bucketCount(feature);
  }

  offer(text: string | undefined, weight: number): string | undefined {
    if (weight !== 1) return `expected value 1 for a hashed name, received ${weight}`;
    this.#code = this.#codeOf(text);
  }

  #codeOf(text: string | undefined): number {
    return text === undefined || this.#missing.has(text) ? 0 : 1 + murmur3(text, this.#seed) % this.#buckets;
  }

  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#offered = { codes: cells.codes, numbers: this.#memo.read(cells, form) };
  }

  storeBlock(kept: Uint32Array, count: number): void {
    const { codes, numbers } = this.#offered;
    const stored = new Uint32Array(count);
    for (let i = 0; i < count; i++) stored[i] = numbers[codes[kept[i]]];
    if (stored.includes(0)) this.#sawMissing = true;
    this.#codes.append(stored);
  }

  store(): void {
    if (this.#code === 0) this.#sawMissing = true;
    this.#codes.push(this.#code);
  }

  fit(): FieldFit {
    return { feature: this.#feature, missing: this.#sawMissing, vocabulary: [] };
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    const codes = this.#codes.drain();
    const first = field.offset + firstBucketRow(field) - 1;
    const counts = { missing: 0, unseen: 0, outside: 0 };
    for (let row = 0; row < codes.length; row++) {
      ids[start + row] = codes[row] === 0 ? field.offset + MISSING : first + codes[row];
      if (codes[row] === 0) counts.missing++;
    }
    values?.fill(1, start, start + codes.length);
    return counts;
  }
}
