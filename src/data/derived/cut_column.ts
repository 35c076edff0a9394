/**
 * Columns of crosses in which a number is cut into buckets: the text of the number goes in, that of its bucket counts.
 *
 * @module
 */
import type { CellCounts, Column } from "../columns.ts";
import type { FieldFit, FittedField } from "../fitted_schema.ts";
import { InternedCells } from "../interned_cells.ts";
import { isKept } from "../kept_names.ts";
import { MappedTexts } from "../mapped_texts.ts";
import { findBucket, parseNumber } from "../scaling.ts";
import type { Feature } from "../schema.ts";
import type { CodedCells } from "../text_pool.ts";
import type { CellForm } from "../text_rules.ts";
import { joinTexts, splitTexts } from "./cross.ts";
import { type CrossOf, type CrossPart, derivationOf } from "./derivation.ts";

/** Returns the ascending edges between the buckets of a feature. */
export type EdgesOf = (feature: string) => readonly number[];

/**
 * Returns the cross of a feature in which a number is cut into buckets; nothing for other features. A field that keeps texts
 * keeps those of the numbers.
 */
export function cutCrossOf(feature: Feature): CrossOf | undefined {
  const from = derivationOf(feature);
  return from !== undefined && "cross" in from && isCut(from) && !isKept(feature.name) ? from : undefined;
}

function isCut(part: CrossPart): boolean {
  return typeof part === "object" && ("cross" in part ? part.cross.some(isCut) : "bucket" in part);
}

/** Makes a function that puts the numbers of buckets in place of the numbers in a text. */
function createCutter(part: CrossPart, edgesOf: EdgesOf): (text: string) => string {
  if (!isCut(part) || typeof part === "string") return (text) => text;
  if ("cross" in part) {
    const cutters = part.cross.map((inner) => createCutter(inner, edgesOf));
    return (text) => joinTexts(splitTexts(text).map((inner, i) => cutters[i](inner)));
  }
  if (!("bucket" in part)) return (text) => text;
  const edges = edgesOf(part.bucket);
  return (text) => String(findBucket(edges, parseNumber(text)));
}

/** A column under fitting: its cells are cut once the edges are fitted. */
export class CutColumn implements Column {
  readonly #from: CrossOf;
  readonly #names: Column;
  readonly #cells = new InternedCells(new Set());
  #text: string | undefined;

  /** @param names column that takes the texts */
  constructor(from: CrossOf, names: Column) {
    this.#from = from;
    this.#names = names;
  }

  offer(text: string | undefined): undefined {
    this.#text = text;
  }

  store(): void {
    this.#cells.push(this.#text);
  }

  offerBlock(cells: CodedCells, form: CellForm): void {
    this.#cells.offerBlock(cells, form);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    this.#cells.storeBlock(kept, count);
  }

  cut(edgesOf: EdgesOf): void {
    const { interner, codes } = this.#cells;
    const cells = [undefined, ...Array.from(interner.texts, createCutter(this.#from, edgesOf))];
    for (const code of codes.drain()) {
      this.#names.offer(cells[code], 1);
      this.#names.store();
    }
  }

  fit(): FieldFit {
    return this.#names.fit();
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    return this.#names.write(field, ids, values, start);
  }
}

/** A column whose edges are known. */
export class FittedCutColumn implements Column {
  readonly #cut: (text: string) => string;
  readonly #names: Column;
  readonly #texts = new MappedTexts((text) => this.#cutOf(text));

  /** @param names column that takes the texts */
  constructor(from: CrossOf, names: Column, edgesOf: EdgesOf) {
    this.#cut = createCutter(from, edgesOf);
    this.#names = names;
  }

  offer(text: string | undefined, weight: number): string | undefined {
    return this.#names.offer(this.#cutOf(text), weight);
  }

  store(): void {
    this.#names.store();
  }

  offerBlock(cells: CodedCells, form: CellForm, refused: Uint8Array): void {
    this.#names.offerBlock(this.#texts.map(cells, refused), form, refused);
  }

  storeBlock(kept: Uint32Array, count: number): void {
    this.#names.storeBlock(kept, count);
  }

  #cutOf(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.#cut(text);
  }

  fit(): FieldFit {
    return this.#names.fit();
  }

  write(field: FittedField, ids: Uint32Array, values: Float32Array | undefined, start: number): CellCounts {
    return this.#names.write(field, ids, values, start);
  }
}
