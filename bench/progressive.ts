/**
 * Evaluates models on each window of MovieLens-1M before they train on it, in the order of time, as in daily retraining.
 *
 *     deno run -A bench/progressive.ts --data DIR [--models hstu,deepfm] [--window 50000] [--seed 2021] [--write]
 *
 * All 904,591 ratings, one pass: a model trains on a window once, keeps the state of its optimizer, and is evaluated on the
 * next window. Ids have rows in the tables from the start, as if each got one when it first came up; nothing else of a
 * window is known before it. `bench/movielens` says what DIR holds. --write keeps the page bench/results/progressive.md.
 *
 * @module
 */
import { adam, type Dataset, Model, readRows, type Row } from "../mod.ts";
import { parseArgs } from "../src/std.ts";
import { MODELS, namedModels, viewOf } from "./movielens/models.ts";
import { movielensRows, movielensSchema } from "./movielens/rows.ts";
import { formatTable } from "./report.ts";

const BATCH = 1024;

/** A window of rows that follow one another. */
interface Window {
  readonly first: number;
  readonly end: number;
}

/** What a model reached on a window before it trained on it. */
interface Score {
  readonly auc: number;
  readonly logloss: number;
}

/** Reads all ratings in the order of time. */
async function readAll(folder: string): Promise<{ data: Dataset; times: readonly number[] }> {
  const parts = await movielensRows(folder, Infinity);
  const times: number[] = [];
  function* rows() {
    for (const part of [parts.training, parts.validation, parts.test]) {
      for (const row of part) {
        times.push(row.time);
        yield row as unknown as Row;
      }
    }
  }
  const data = readRows(rows(), movielensSchema(), { labeled: true, unknown: "ignore" });
  return { data, times };
}

/** Cuts the rows into windows; the last one takes what is left. */
function cut(rows: number, size: number): Window[] {
  const windows = Math.max(1, Math.floor(rows / size));
  return Array.from({ length: windows }, (_, k) => ({ first: k * size, end: k + 1 < windows ? (k + 1) * size : rows }));
}

/** Evaluates a model on each window but the first, and trains it on all but the last. */
async function run(name: string, all: Dataset, windows: readonly Window[], seed: number): Promise<Score[]> {
  const { definition, view } = MODELS[name];
  const data = viewOf(all, view);
  await using model = await Model.create(definition, data.schema, { seed });
  const scores: Score[] = [];
  for (const [k, { first, end }] of windows.entries()) {
    const window = data.slice(first, end);
    if (k > 0) {
      const { auc, logloss } = await model.evaluate(window);
      scores.push({ auc: auc!, logloss });
      console.error(`${name} window ${k + 1}: AUC ${auc!.toFixed(4)}`);
    }
    if (k === windows.length - 1) break;
    await model.fit(window, {
      ...{ seed: seed + k, epochs: 1, batchSize: BATCH, clipNorm: 10, unseenShare: 0 },
      optimizer: adam({ lr: 1e-3 }),
      optimizerState: k > 0 ? "keep" : "fresh",
    });
  }
  return scores;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const dayOf = (time: number): string => new Date(time * 1000).toISOString().slice(0, 10);

/** Draws a line for each model, in the order of the names. */
function chart(names: readonly string[], scores: readonly Score[][]): string {
  const lines = scores.map((ofModel) => `  line [${ofModel.map(({ auc }) => auc.toFixed(4)).join(", ")}]`);
  const axis = `  x-axis "window" [${scores[0].map((_, k) => k + 2).join(", ")}]`;
  const title = `  title "AUC on the next window, before training on it: ${names.join(", ")}"`;
  return ["```mermaid", "xychart-beta", title, axis, '  y-axis "AUC"', ...lines, "```"].join("\n");
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["data", "models", "window", "seed"], boolean: ["write"] });
  if (!options.data) throw new TypeError("Cannot train: --data must name the folder of MovieLens-1M, received none");
  const names = namedModels(options.models, ["hstu", "deepfm"]);
  const [size, seed] = [Number(options.window ?? 50_000), Number(options.seed ?? 2021)];
  const { data, times } = await readAll(options.data);
  if (!(size >= 1 && 2 * size <= data.rows)) {
    throw new RangeError(`Cannot train: --window must be 1 to ${data.rows >> 1} rows, received ${options.window}`);
  }
  const windows = cut(data.rows, size);
  const scores: Score[][] = [];
  for (const name of names) scores.push(await run(name, data, windows, seed));
  const cells = windows.slice(1).map(({ first, end }, k) => [
    `${k + 2}`,
    dayOf(times[first]),
    `${end - first}`,
    ...scores.map((ofModel) => ofModel[k].auc.toFixed(4)),
  ]);
  cells.push(["mean", "", "", ...scores.map((ofModel) => mean(ofModel.map(({ auc }) => auc)).toFixed(4))]);
  cells.push(["log loss", "", "", ...scores.map((ofModel) => mean(ofModel.map(({ logloss }) => logloss)).toFixed(4))]);
  const table = formatTable(["window", "from", "rows", ...names], cells, [0, 2, ...names.map((_, k) => 3 + k)]);
  console.log(table);
  if (options.write) {
    const about =
      `MovieLens-1M, all ${data.rows} ratings in the order of time, in windows of ${size}: AUC on a window of ` +
      `models that trained once on all windows before it and not yet on it. Batch ${BATCH}, Adam at 1e-3 whose state is ` +
      `kept, seed ${seed}. The last lines are the means of AUC and log loss.`;
    const page = `# Progressive validation\n\n${about}\n\n${chart(names, scores)}\n\n${table}\n`;
    await Deno.writeTextFile(new URL("results/progressive.md", import.meta.url), page);
  }
  Deno.exit(0);
}
