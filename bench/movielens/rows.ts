/**
 * MovieLens-1M as rows with histories: does a user rate a movie with 4 stars or more?
 *
 * @module
 */
import type { Dataset } from "../../src/data/dataset.ts";
import { eachWithSequences } from "../../src/data/event_log.ts";
import { readRows, type Row } from "../../src/data/rows.ts";
import { categorical, type Schema, sequence } from "../../src/data/schema.ts";
import { type Rating, readRatings } from "./ratings.ts";

/** Rows of the smaller task; histories know all ratings. */
export const LAST_ROWS = 400_000;

/** Movies of a history, the latest. */
export const MAX_LENGTH = 50;

/** Names of the fields in order. */
export const FIELDS = ["user", "gender", "age", "occupation", "item", "genre", "decade"] as const;

/** A rating with its history: the movies that the user liked at a smaller time, and their genres beside them. */
export interface MovielensRow extends Rating {
  /** Numbers of the movies, the oldest first. */
  readonly history: readonly number[];
  /** First genres of the movies. */
  readonly history_genre: readonly string[];
}

/** The rows in three parts by position, 80, 10 and 10 %, each made as it is read. */
export interface MovielensParts<T> {
  /** The first rows. */
  readonly training: T;
  /** Rows behind them. */
  readonly validation: T;
  /** The last rows. */
  readonly test: T;
}

/** Tells whether a rating has label 1. */
export function isLiked({ rating }: Pick<Rating, "rating">): boolean {
  return rating >= 4;
}

/**
 * Declares the rows.
 *
 * @param maxLength movies of a history that are kept, the latest
 */
export function movielensSchema(maxLength = MAX_LENGTH): Schema {
  return {
    label: "rating",
    threshold: 3.5,
    features: [
      ...FIELDS.map((name) => categorical(name)),
      sequence("history", { of: "item", maxLength }),
      sequence("history_genre", { of: "genre", along: "history", maxLength }),
    ],
  };
}

/**
 * Reads the rows with their histories, the last `last` in the order of time.
 *
 * @throws {SyntaxError} when a file is malformed
 */
export async function movielensRows(
  folder: string,
  last: number = LAST_ROWS,
): Promise<MovielensParts<Iterable<MovielensRow>>> {
  return divide(await readRatings(folder), last);
}

/** Divides the last ratings by position into parts with histories, which know all ratings. */
export function divide(ratings: readonly Rating[], last: number): MovielensParts<Iterable<MovielensRow>> {
  const rows = Math.min(last, ratings.length);
  const first = ratings.length - rows;
  const [training, validation, test] = [0, 0.8, 0.9].map((share, k, cuts) => {
    const [start, end] = [share, cuts[k + 1] ?? 1].map((cut) => first + Math.floor(cut * rows));
    return { [Symbol.iterator]: () => withHistories(ratings, start, end) };
  });
  return { training, validation, test };
}

function withHistories(ratings: readonly Rating[], start: number, end: number): Iterator<MovielensRow> {
  const options = {
    ...{ user: "user", item: "item", time: "time", along: ["genre"], maxLength: MAX_LENGTH },
    where: { rating: (rating: unknown) => isLiked({ rating: rating as number }) },
  };
  const events = ratings as readonly (Rating & Row)[];
  return eachWithSequences(events, options, start, end) as Iterator<Row & MovielensRow>;
}

/**
 * Reads the rows into data sets, with vocabularies of the training part.
 *
 * @throws {SyntaxError} when a file is malformed
 */
export async function movielensData(
  folder: string,
  last: number = LAST_ROWS,
  schema: Schema = movielensSchema(),
): Promise<MovielensParts<Dataset>> {
  const rows = await movielensRows(folder, last);
  const read = (part: Iterable<MovielensRow>, known: Parameters<typeof readRows>[1]) =>
    readRows(part as Iterable<Row & MovielensRow>, known, { labeled: true, unknown: "ignore" });
  const training = read(rows.training, schema);
  return { training, validation: read(rows.validation, training.schema), test: read(rows.test, training.schema) };
}
