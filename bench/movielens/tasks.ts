/**
 * MovieLens-1M as rows of two tasks without histories: a rating of 4 or more (`liked`), and one of 5 (`loved`).
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, type Schema } from "../../src/data/schema.ts";
import { readRatings } from "./ratings.ts";
import { FIELDS, isLiked, LAST_ROWS, type MovielensParts } from "./rows.ts";

/** Names of the two tasks. */
export const TASKS = ["liked", "loved"] as const;

const SCHEMA: Schema = { labels: TASKS, features: FIELDS.map((name) => categorical(name)) };

/**
 * Reads the last rows, 80, 10 and 10 % by position, with vocabularies of the training part.
 *
 * @throws {SyntaxError} when a file is malformed
 */
export async function movielensTasks(folder: string): Promise<MovielensParts<Dataset>> {
  const rows = (await readRatings(folder)).slice(-LAST_ROWS).map((rating): Row => ({
    ...rating,
    liked: Number(isLiked(rating)),
    loved: Number(rating.rating === 5),
  }));
  const [first, second] = [0.8 * rows.length, 0.9 * rows.length];
  const training = readRows(rows.slice(0, first), SCHEMA, { unknown: "ignore" });
  const read = (part: readonly Row[]) => readRows(part, training.schema, { labeled: true, unknown: "ignore" });
  return { training, validation: read(rows.slice(first, second)), test: read(rows.slice(second)) };
}
