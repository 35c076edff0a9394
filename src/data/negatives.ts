/**
 * Negatives for logs that have positives alone.
 *
 * @module
 */
import { formatValue } from "./format.ts";
import { randomU32, requireU32 } from "./random.ts";
import { type Row, type RowValue, valueOf } from "./row_cells.ts";
import { Interner } from "./vocabulary.ts";

/** Options of {@linkcode sampleNegatives}. */
export interface NegativeOptions {
  /** Column of the user. */
  user: string;
  /** Column of the item, which a negative replaces. */
  item: string;
  /** Column that gets 1 in positives and 0 in negatives. @default {"label"} */
  label?: string;
  /** Further columns of the item, such as its category: a negative has those of the first event with its item. @default {none} */
  along?: readonly string[];
  /** Negatives of each event. @default {1} */
  ratio?: number;
  /** How items are drawn: all with the same chance, or by the number of their events. @default {"uniform"} */
  by?: "uniform" | "popularity";
  /** Items that are never drawn: those of any event of the user, or none. @default {"seen"} */
  exclude?: "seen" | "none";
  /** Seed, an integer in [0, 2^32). */
  seed: number;
}

const KEYS = ["user", "item", "label", "along", "ratio", "by", "exclude", "seed"];

/** Draws before all items that may be drawn are listed; until then a user of few items costs a draw or two. */
const ATTEMPTS = 32;

/**
 * Adds negatives to a log that has positives alone, such as purchases: behind each event, `ratio` copies of it with
 * other items. Items are drawn independently, so that an event may get the same one twice. The same events, options and
 * seed give the same rows.
 *
 * `exclude: "seen"` looks at the whole log, later events too: a negative is an item that the user never has. With
 * `"none"` it may be any item, even the event's own. An event without a user has seen its own item alone.
 *
 * Draw negatives for test rows in the same way as for training rows, and from the whole log: measured values depend on
 * how negatives are drawn, and AUC over drawn negatives is no AUC over shown ones.
 *
 * @throws {TypeError} when an option is unknown or of the wrong type, or an event has no item
 * @throws {RangeError} when an option is out of its range, or a user has all items
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * const log = [{ user: "u", item: "a" }, { user: "v", item: "b" }];
 * const rows = sampleNegatives(log, { user: "user", item: "item", label: "buys", seed: 1 });
 * assert.deepEqual(rows, [
 *   { user: "u", item: "a", buys: 1 },
 *   { user: "u", item: "b", buys: 0 },
 *   { user: "v", item: "b", buys: 1 },
 *   { user: "v", item: "a", buys: 0 },
 * ]);
 * ```
 */
export function sampleNegatives(events: readonly Row[], options: NegativeOptions): Row[] {
  const { label = "label", along = [], ratio = 1, item, seed } = requireOptions(options);
  const catalog = new Catalog(events, options);
  const columns = [item, ...along];
  return events.flatMap((event, index) => {
    const negatives = Array.from({ length: ratio }, (_, k): Row => {
      const other = events[catalog.draw(index, (attempt) => randomU32(seed, index, k, attempt) / 2 ** 32)];
      return { ...event, ...Object.fromEntries(columns.map((column) => [column, valueOf(other, column)])), [label]: 0 };
    });
    return [{ ...event, [label]: 1 }, ...negatives];
  });
}

/** The items of a log, and who has which. */
class Catalog {
  /** Number of the item of each event. */
  readonly #items: Uint32Array;
  /** Name of the user of each event; none for events without a user. */
  readonly #users: readonly (string | undefined)[];
  /** First event of each item. */
  readonly #firsts: readonly number[];
  /** Items that may be drawn, each as often as it counts. */
  readonly #urn: Uint32Array;
  readonly #seen: ReadonlyMap<string, ReadonlySet<number>>;
  readonly #excludes: boolean;

  constructor(events: readonly Row[], { user, item, by, exclude = "seen" }: NegativeOptions) {
    const interner = new Interner();
    const firsts: number[] = [];
    this.#items = Uint32Array.from(events, (event, index) => {
      const text = textOf(event, item, index);
      if (text === undefined) throw new TypeError(`Cannot sample negatives: row ${index} must have "${item}"`);
      const number = interner.add(text);
      if (number === firsts.length) firsts.push(index);
      return number;
    });
    this.#users = events.map((event, index) => textOf(event, user, index));
    this.#firsts = firsts;
    this.#urn = by === "popularity" ? this.#items : Uint32Array.from(firsts, (_, number) => number);
    this.#excludes = exclude === "seen";
    const seen = new Map<string, Set<number>>();
    this.#users.forEach((name, index) => {
      if (name === undefined) return;
      if (!seen.has(name)) seen.set(name, new Set());
      seen.get(name)!.add(this.#items[index]);
    });
    this.#seen = seen;
  }

  /** Draws an item for an event, with numbers in [0, 1) by attempt, and returns the first event that has it. */
  draw(event: number, random: (attempt: number) => number): number {
    const name = this.#users[event];
    const own = this.#items[event];
    const seen = name === undefined ? undefined : this.#seen.get(name);
    const isExcluded = (item: number) => this.#excludes && (seen ? seen.has(item) : item === own);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const item = this.#urn[Math.floor(random(attempt) * this.#urn.length)];
      if (!isExcluded(item)) return this.#firsts[item];
    }
    const left = this.#urn.filter((item) => !isExcluded(item));
    if (left.length > 0) return this.#firsts[left[Math.floor(random(ATTEMPTS) * left.length)]];
    throw new RangeError(
      `Cannot sample negatives: the user of row ${event} must lack an item, received one with all ${this.#firsts.length}`,
    );
  }
}

function textOf(event: Row, column: string, index: number): string | undefined {
  const value = valueOf(event, column) as RowValue;
  if (Array.isArray(value)) {
    throw new TypeError(
      `Cannot sample negatives: "${column}" of row ${index} must be one value, received ${formatValue(value)}`,
    );
  }
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function requireOptions(options: NegativeOptions): NegativeOptions {
  const refuse = (kind: typeof TypeError | typeof RangeError, what: string, received: unknown): never => {
    throw new kind(`Cannot sample negatives: ${what}, received ${formatValue(received)}`);
  };
  const unknown = Object.keys(options).find((key) => !KEYS.includes(key));
  if (unknown !== undefined) refuse(TypeError, `options are ${KEYS.join(", ")}`, unknown);
  const { user, item, label = "label", along = [], ratio = 1, by = "uniform", exclude = "seen", seed } = options;
  for (const [key, value] of Object.entries({ user, item, label })) {
    if (typeof value !== "string" || value === "") refuse(TypeError, `${key} must be a text that is not empty`, value);
  }
  if (!Array.isArray(along) || along.some((column) => typeof column !== "string")) {
    refuse(TypeError, "along must be a list of columns", along);
  }
  if (!Number.isSafeInteger(ratio) || ratio < 1) refuse(RangeError, "ratio must be an integer of at least 1", ratio);
  if (by !== "uniform" && by !== "popularity") refuse(RangeError, 'by must be "uniform" or "popularity"', by);
  if (exclude !== "seen" && exclude !== "none") refuse(RangeError, 'exclude must be "seen" or "none"', exclude);
  requireU32("sample negatives", "seed", seed);
  return options;
}
