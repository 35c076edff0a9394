/**
 * Two cases of the textbook: clicks that no sum of fields explains, and rows split at random that should be split by time.
 *
 *     deno run -A bench/textbook.ts [--seed 1] [--write]
 *
 * **XOR.** A click has probability 0.9 where user and item are of different parity, else 0.1, so each user and each item
 * alone has a rate of 0.5. The best AUC is that of the probabilities.
 *
 * **Time.** Calls of a bank in the order of their dates: four fifths to train on, a tenth to choose the epoch by, and a tenth
 * to predict, cut in that order or at random. Model, columns and options are the same.
 *
 * --write makes bench/results/textbook.md.
 *
 * @module
 */
import {
  adam,
  categorical,
  deepfm,
  fm,
  lr,
  Model,
  numeric,
  readCsvSplit,
  readRows,
  type SplitOptions,
} from "../mod.ts";
import { randomU32, randomUnit } from "../src/data/random.ts";
import { auc } from "../src/metrics.ts";
import { parseArgs } from "../src/std.ts";
import { formatTable } from "./report.ts";

const PAGE = new URL("results/textbook.md", import.meta.url);
const BANK = new URL("data/bank-additional-full.csv.gz", import.meta.url).pathname;
const MODELS = { lr: lr(), fm: fm({ dim: 8 }), deepfm: deepfm({ dim: 8, hidden: [32] }) };

/** Rows of the XOR case, and how many of the first are trained on. */
const [XOR_ROWS, XOR_TRAINING] = [30_000, 20_000];

/** A result of the XOR case. */
export interface XorResult {
  /** Model, or `best`. */
  readonly model: string;
  /** AUC on rows that it was not trained on. */
  readonly auc: number;
}

/** Trains models on clicks by the parity of user and item; the last result is the best one that can be had. */
export async function runXor(seed: number, rows = XOR_ROWS, training = XOR_TRAINING, epochs = 6): Promise<XorResult[]> {
  const drawn = Array.from({ length: rows }, (_, row) => {
    const [user, item] = [randomU32(seed, row, 0) % 20, randomU32(seed, row, 1) % 20];
    const probability = (user ^ item) & 1 ? 0.9 : 0.1;
    return { user, item, probability, click: +(randomUnit(seed, row, 2) < probability) };
  });
  const schema = { label: "click", features: [categorical("user"), categorical("item")] };
  const data = readRows(drawn, schema, { unknown: "ignore" });
  const [fitting, test] = [data.slice(0, training), data.slice(training, rows)];
  const results: XorResult[] = [];
  for (const [name, definition] of Object.entries(MODELS)) {
    await using model = await Model.create(definition, data.schema, { seed });
    await model.fit(fitting, { epochs, batchSize: 256, optimizer: adam({ lr: 0.01 }), seed });
    results.push({ model: name, auc: (await model.evaluate(test)).auc });
  }
  const probabilities = drawn.slice(training).map(({ probability }) => probability);
  return [...results, { model: "best", auc: auc(probabilities, test.labels) }];
}

/** A result of the bank's calls. */
export interface SplitResult {
  /** How the rows were divided. */
  readonly split: string;
  /** Share of label 1 in the rows to train on, and to predict. */
  readonly rates: readonly [number, number];
  /** AUC and log loss on the validation rows, and on those to predict. */
  readonly validation: readonly [number, number];
  /** The same on the rows to predict. */
  readonly test: readonly [number, number];
}

const NAMED = ["job", "marital", "education", "contact", "month", "day_of_week", "poutcome"];
const NUMBERS = [
  "age",
  "campaign",
  "pdays",
  "previous",
  "emp.var.rate",
  "cons.price.idx",
  "cons.conf.idx",
  "euribor3m",
];

/** Trains a DeepFM on the bank's calls, divided by time and at random. */
export async function runSplits(seed: number, epochs = 5): Promise<SplitResult[]> {
  const features = [
    ...NAMED.map((name) => categorical(name)),
    ...NUMBERS.map((name) => numeric(name, { buckets: 12 })),
  ];
  const schema = { label: "y", positive: "yes", negative: "no", features };
  const splits: Record<string, SplitOptions> = { "by time": { by: "position" }, "at random": { seed } };
  const results: SplitResult[] = [];
  for (const [split, options] of Object.entries(splits)) {
    const [training, validation, test] = await readCsvSplit(BANK, schema, [0.8, 0.1, 0.1], options);
    await using model = await Model.create(deepfm({ dim: 8, hidden: [64, 32], dropout: 0.2 }), training.schema, {
      seed,
    });
    const earlyStopping = { monitor: "auc", patience: 2 } as const;
    await model.fit(training, {
      validation,
      epochs,
      batchSize: 512,
      optimizer: adam({ lr: 1e-3 }),
      earlyStopping,
      seed,
    });
    const [before, after] = [await model.evaluate(validation), await model.evaluate(test)];
    results.push({
      split,
      rates: [training.positives / training.rows, test.positives / test.rows],
      validation: [before.auc, before.logloss],
      test: [after.auc, after.logloss],
    });
  }
  return results;
}

function formatXor(results: readonly XorResult[]): string {
  return formatTable(["model", "test AUC"], results.map(({ model, auc }) => [model, auc.toFixed(4)]), [1]);
}

function formatSplits(results: readonly SplitResult[]): string {
  const header = ["split", "rate, training", "rate, test", "validation AUC", "log loss", "test AUC", "log loss"];
  const rows = results.map(({ split, rates, validation, test }) => {
    const shares = rates.map((rate) => `${(100 * rate).toFixed(1)} %`);
    return [split, ...shares, ...[...validation, ...test].map((metric) => metric.toFixed(4))];
  });
  return formatTable(header, rows, [1, 2, 3, 4, 5, 6]);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["seed"], boolean: ["write"] });
  const seed = Number(options.seed ?? 1);
  const [xor, splits] = [formatXor(await runXor(seed)), formatSplits(await runSplits(seed))];
  console.log(`${xor}\n\n${splits}`);
  if (options.write) {
    const page = `# Two cases of the textbook

\`npx -y deno@2.9.6 run -A bench/textbook.ts --write\`, seed ${seed}.

## XOR

Clicks by the parity of user and item; neither alone tells anything. "best" is the AUC of the probabilities that the
clicks were drawn with. A sum of weights cannot tell, products of vectors can.

${xor}

## Time against chance

DeepFM on the calls of a bank in the order of their dates. Divided at random, the calls to predict have neighbors of the
same week among those to train on, whose interest rates and employment figures name the week; such a test measures how
well weeks are filled in. Divided by time, the test is on the weeks that come after, as in use: the rate of the label is
another one, and columns that name a week say nothing of a new one.

${splits}
`;
    await Deno.writeTextFile(PAGE, page);
  }
  Deno.exit(0);
}
