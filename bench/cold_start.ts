/**
 * What a model says of movies that it has seen never, ten times or fifty times, by how it begins with them.
 *
 *     deno run -A bench/cold_start.ts --data DIR [--seeds 1,2] [--write]
 *
 * Of the last 400,000 ratings of MovieLens-1M, those of a fifth of the movies are left out of the training rows, which are
 * the first 80 % of the others. For such a movie come its first N ratings, on which the model trains once more after its
 * schema has grown, and the test rows are all behind its first fifty; each N has the same test rows. The AUC of the rows is
 * that of whether a user gives four stars or more. "Popularity" is the movie's share of such ratings among its first N, with
 * ten more at the share of all. `bench/movielens` says what DIR holds. --write keeps the table as
 * bench/results/cold_start.md.
 *
 * @module
 */
import {
  adam,
  auc,
  categorical,
  deepfm,
  type ExtendOptions,
  type FitOptions,
  Model,
  readDataGrown,
  readRows,
  type Row,
  type Schema,
} from "../mod.ts";
import { randomUnit } from "../src/data/random.ts";
import { parseArgs } from "../src/std.ts";
import { type Rating, readRatings } from "./movielens/ratings.ts";
import { FIELDS, isLiked, LAST_ROWS } from "./movielens/rows.ts";
import { formatTable } from "./report.ts";

/** Ratings of a new movie that come before the test rows, and how many of them a model trains on. */
const FIRST = 50;
const COUNTS = [0, 10, FIRST] as const;

const SHARE_NEW = 0.2;
const DIVISION = 7;

/** Ratings at the share of all that a movie's popularity begins with. */
const PRIOR_RATINGS = 10;

/** How a model is trained, and how it begins with new movies. */
interface Way {
  readonly fit?: FitOptions;
  readonly extend?: Omit<ExtendOptions, "content">;
  /** Whether the first ratings give each movie a shift of the log-odds, with the model as it was, in place of training. */
  readonly shifts?: boolean;
  /** Whether a new movie begins with the mean of those of its genre. */
  readonly byGenre?: boolean;
  /** Ratings below which a movie of the training rows shares the row of unseen ones. */
  readonly minCount?: number;
}

const WAYS: Readonly<Record<string, Way>> = {
  "unseen values never trained": { fit: { unseenShare: 0 } },
  "as it is": {},
  "min-count 20": { minCount: 20 },
  "field dropout 0.1": { fit: { fieldDropout: 0.1 } },
  "new rows from the unseen one": { extend: { newRows: "unseen" } },
  "shifts of the unseen row": { shifts: true, extend: { newRows: "unseen" } },
  "new rows from the genre's mean": { byGenre: true, extend: { newRows: "unseen" } },
};

/** Ratings in three parts. */
interface Parts {
  readonly training: readonly Rating[];
  /** The first ratings of each new movie. */
  readonly first: readonly (readonly Rating[])[];
  readonly test: readonly Rating[];
}

function divide(ratings: readonly Rating[]): Parts {
  const isNew = ({ item }: Rating): boolean => randomUnit(DIVISION, item) < SHARE_NEW;
  const known = ratings.filter((rating) => !isNew(rating));
  const byMovie = [...Map.groupBy(ratings.filter(isNew), ({ item }) => item).values()];
  return {
    training: known.slice(0, Math.floor(0.8 * known.length)),
    first: byMovie.map((own) => own.slice(0, FIRST)),
    test: byMovie.flatMap((own) => own.slice(FIRST)),
  };
}

function rowOf(rating: Rating): Row {
  return { liked: Number(isLiked(rating)), ...Object.fromEntries(FIELDS.map((name) => [name, `${rating[name]}`])) };
}

const DEFINITION = deepfm({ dim: 16, hidden: [64, 64], dropout: 0.2 });
const RECIPE: FitOptions = { batchSize: 1024, optimizer: adam({ lr: 1e-3 }) };

const schemaOf = (minCount: number): Schema => ({
  label: "liked",
  features: FIELDS.map((name) => categorical(name, name === "item" ? { minCount } : {})),
});

/** Returns the AUC after each number of ratings. */
async function trainWay(
  { fit, extend, shifts, byGenre, minCount = 1 }: Way,
  parts: Parts,
  seed: number,
): Promise<number[]> {
  const recipe = { ...RECIPE, ...fit };
  const training = readRows(parts.training.map(rowOf), schemaOf(minCount));
  await using model = await Model.create(DEFINITION, training.schema, {
    seed,
  });
  await model.fit(training, { epochs: 2, ...recipe });
  const scores: number[] = [];
  for (const count of COUNTS) {
    const rows = parts.first.flatMap((own) => own.slice(0, Math.max(count, 1)).map(rowOf));
    const isGrown = count > 0 || extend !== undefined;
    const { schema } = isGrown ? await readDataGrown(rows, model.schema) : model;
    const test = readRows(parts.test.map(rowOf), schema, { labeled: true });
    if (!isGrown) {
      scores.push(auc(await model.predict(test), test.labels));
      continue;
    }
    const data = byGenre && readRows([...parts.training.map(rowOf), ...rows], schema);
    const content = data && { data, fields: { item: "genre" } };
    await using next = await model.extend(schema, { ...extend, ...(content && { content }) });
    const seen = readRows(rows, schema, { labeled: true });
    if (count > 0 && shifts) await next.calibrate(seen, { by: "item", minRows: 1 });
    else if (count > 0) await next.fit(seen, { ...recipe, batchSize: 256 });
    scores.push(auc(await next.predict(test), test.labels));
  }
  return scores;
}

/** Returns the share of likes among the first ratings of each new movie, as popularity has it, and that among all. */
function popularityOf({ training, first }: Parts, count: number): { shares: Map<number, number>; all: number } {
  const all = training.filter(isLiked).length / training.length;
  const shares = new Map(first.map((own) => {
    const seen = own.slice(0, count);
    const likes = seen.filter(isLiked).length + PRIOR_RATINGS * all;
    return [own[0].item, likes / (seen.length + PRIOR_RATINGS)];
  }));
  return { shares, all };
}

/** Scores test rows by popularity alone, or by how much it moves the log-odds of a model that has seen none of the movies. */
function scoreByPopularity(parts: Parts, model?: Float32Array): number[] {
  const logOdds = (p: number): number => Math.log(p / (1 - p));
  const labels = parts.test.map((rating) => Number(isLiked(rating)));
  return COUNTS.map((count) => {
    const { shares, all } = popularityOf(parts, count);
    if (count === 0 && !model) return NaN;
    const moved = parts.test.map(({ item }, row) => {
      return logOdds(shares.get(item)!) - logOdds(all) + (model ? logOdds(model[row]) : 0);
    });
    return auc(moved, labels);
  });
}

/** Returns what a model that has seen none of the movies predicts of the test rows. */
async function predictUnseen({ training, test }: Parts, seed: number): Promise<Float32Array> {
  const data = readRows(training.map(rowOf), schemaOf(1));
  await using model = await Model.create(DEFINITION, data.schema, { seed });
  await model.fit(data, { epochs: 2, ...RECIPE });
  return await model.predict(readRows(test.map(rowOf), data.schema));
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["data", "seeds"], boolean: ["write"] });
  if (!options.data) throw new RangeError("Cannot run: name the folder of the data with --data");
  const seeds = (options.seeds ?? "1,2").split(",").map(Number);
  const parts = divide((await readRatings(options.data)).slice(-LAST_ROWS));
  const movies = new Set(parts.test.map(({ item }) => item)).size;
  const about = `${parts.training.length} training rows; ${movies} new movies with ${parts.test.length} test rows`;
  console.error(about);
  const lines: string[][] = [];
  const add = (name: string, scores: readonly (readonly number[])[]): void => {
    const means = COUNTS.map((_, i) => scores.reduce((sum, own) => sum + own[i], 0) / scores.length);
    lines.push([name, ...means.map((mean) => Number.isNaN(mean) ? "" : mean.toFixed(4))]);
    console.error(lines.at(-1)!.join("  "));
  };
  const eachSeed = async <T>(train: (seed: number) => Promise<T>): Promise<T[]> => {
    const results: T[] = [];
    for (const seed of seeds) results.push(await train(seed));
    return results;
  };
  add("popularity alone", [scoreByPopularity(parts)]);
  const unseen = await eachSeed((seed) => predictUnseen(parts, seed));
  add("popularity and the unseen row", unseen.map((model) => scoreByPopularity(parts, model)));
  for (const [name, way] of Object.entries(WAYS)) add(name, await eachSeed((seed) => trainWay(way, parts, seed)));
  const table = formatTable(["new movies", ...COUNTS.map((count) => `after ${count}`)], lines, [1, 2, 3]);
  console.log(table);
  if (options.write) {
    const page =
      `# New movies\n\n\`bench/cold_start.ts\`, ${about}; DeepFM of width 16, AUC, means of ${seeds.length} seeds.\n\n`;
    await Deno.writeTextFile(new URL("results/cold_start.md", import.meta.url), `${page}${table}\n`);
  }
  Deno.exit(0);
}
