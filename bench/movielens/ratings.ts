/**
 * The ratings of MovieLens-1M in the order of time.
 *
 * Some ratings of the source have no timestamp. Their time is interpolated between the nearest ratings of the same user
 * that have one, by position and rounded down, or is that of the only such rating. Users without any are left out.
 *
 * @module
 */
import { readLines } from "../../src/data/source.ts";

/** A rating with what is known of its user and movie; names are those of the fields. */
export interface Rating {
  /** Number of the user. */
  readonly user: number;
  /** `F` or `M`. */
  readonly gender: string;
  /** Lower end of the user's age group. */
  readonly age: number;
  /** Code of the user's occupation. */
  readonly occupation: number;
  /** Number of the movie. */
  readonly item: number;
  /** The movie's first genre. */
  readonly genre: string;
  /** The movie's decade, such as 1990. */
  readonly decade: number;
  /** Stars, 1 to 5. */
  readonly rating: number;
  /** Seconds since 1970. */
  readonly time: number;
}

type Movie = Pick<Rating, "item" | "genre" | "decade">;
type User = Pick<Rating, "user" | "gender" | "age" | "occupation">;

/** A line of the file of ratings; NaN for a time that it does not have. */
interface Line {
  readonly user: number;
  readonly item: number;
  readonly rating: number;
  readonly position: number;
  readonly time: number;
}

/**
 * Reads `ratings_ordered.csv.gz`, `users.dat.gz` and `movies.dat.gz`, and orders the ratings by time, then by user and
 * position.
 *
 * @throws {SyntaxError} when a line is malformed, or the ratings are not in the order of user and position
 */
export async function readRatings(folder: string): Promise<Rating[]> {
  const movies = await readMovies(`${folder}/movies.dat.gz`);
  const users = await readUsers(`${folder}/users.dat.gz`);
  const lines = await readRatingLines(`${folder}/ratings_ordered.csv.gz`);
  const ratings: Rating[] = [];
  for (let start = 0, end = 0; start < lines.length; start = end) {
    while (end < lines.length && lines[end].user === lines[start].user) end++;
    const times = fillTimes(lines.slice(start, end));
    times?.forEach((time, k) => {
      const { user, item, rating } = lines[start + k];
      ratings.push({ ...users.get(user)!, ...movies.get(item)!, rating, time });
    });
  }
  // Sorting is stable, so that ratings of one time stay in the order of user and position.
  return ratings.sort((a, b) => a.time - b.time);
}

/** Returns the times of a user's ratings, those without one interpolated; nothing when none has one. */
export function fillTimes(lines: readonly Pick<Line, "position" | "time">[]): number[] | undefined {
  const known = lines.filter(({ time }) => !Number.isNaN(time));
  if (known.length === 0) return undefined;
  let next = 0;
  return lines.map(({ position, time }) => {
    while (next < known.length && known[next].position <= position) next++;
    if (!Number.isNaN(time)) return time;
    const [before, after] = [known[next - 1] ?? known[0], known[next] ?? known[next - 1]];
    if (before === after || position < before.position) return before.time;
    const elapsed = (after.time - before.time) * (position - before.position);
    return before.time + Math.floor(elapsed / (after.position - before.position));
  });
}

async function readRatingLines(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const { text, line } of eachLine(path, "utf-8")) {
    if (line === 1) continue;
    const cells = text.split(",");
    const [user, item, rating, position] = cells.map(Number);
    const time = cells[4] === "" ? NaN : Number(cells[4]);
    const last = lines.at(-1);
    if (cells.length !== 5 || ![user, item, rating, position].every(Number.isInteger)) refuse(path, line, text);
    if (last && (user < last.user || (user === last.user && position <= last.position))) refuse(path, line, text);
    lines.push({ user, item, rating, position, time });
  }
  return lines;
}

async function readUsers(path: string): Promise<Map<number, User>> {
  const users = new Map<number, User>();
  for await (const { text, line } of eachLine(path, "utf-8")) {
    const match = /^(\d+)::([FM])::(\d+)::(\d+)::/.exec(text);
    if (match === null) return refuse(path, line, text);
    const [user, age, occupation] = [match[1], match[3], match[4]].map(Number);
    users.set(user, { user, gender: match[2], age, occupation });
  }
  return users;
}

async function readMovies(path: string): Promise<Map<number, Movie>> {
  const movies = new Map<number, Movie>();
  for await (const { text, line } of eachLine(path, "latin1")) {
    const match = /^(\d+)::.*\((\d{3})\d\)::([^|]+)/.exec(text);
    if (match === null) return refuse(path, line, text);
    const item = Number(match[1]);
    movies.set(item, { item, genre: match[3], decade: 10 * Number(match[2]) });
  }
  return movies;
}

async function* eachLine(path: string, encoding: string): AsyncGenerator<{ text: string; line: number }, void> {
  for await (const { line, lines } of readLines(path, encoding)) {
    for (const [k, text] of lines.entries()) if (text !== "") yield { text, line: line + k };
  }
}

function refuse(path: string, line: number, text: string): never {
  throw new SyntaxError(
    `Cannot read "${path}" line ${line}: expected a line of MovieLens-1M in order, received "${text}"`,
  );
}
