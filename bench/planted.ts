/**
 * Trains models on logs whose clicks depend on a user's history in a known way, and compares their AUC with the best one
 * that can be had.
 *
 *     deno run -A bench/planted.ts [--models din,bst] [--rules item,category,latest] [--rows 60000] [--epochs 8] [--seed 1]
 *
 * A row has a target item and up to 20 items before it, oldest first, each with a category. A click's probability is
 *
 * | rule | probability of a click |
 * | --- | --- |
 * | `item` | 0.8 where the target is among the items before, else 0.1 |
 * | `category` | by the number of items before that are of the target's category: 0.05, 0.4, 0.7, then 0.9 |
 * | `latest` | 0.8 where the latest item is of the target's category, else 0.1 |
 *
 * The best AUC is that of the probabilities themselves on the same rows. DIN and the pooled history know no positions, so
 * that `latest` is beyond them.
 *
 * @module
 */
import {
  adam,
  auc,
  bst,
  categorical,
  type Combiner,
  Dataset,
  deepfm,
  type Definition,
  din,
  dmf,
  dmr,
  dsin,
  eta,
  FittedSchema,
  type Histories,
  hstu,
  longer,
  mirrn,
  Model,
  onetrans,
  qin,
  sdim,
  sequence,
  sim,
  transact,
  twin,
} from "../mod.ts";
import { parseArgs } from "../src/std.ts";

const ITEMS = 400;
const CATEGORIES = 20;
const PLACES = 20;

/** Draws numbers in [0, 1) that depend on the seed alone. */
function draws(seed: number): () => number {
  let state = (seed * 0x9e3779b9 + 1) >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // The low bits of such a generator have short periods.
    return (state >>> 8) / 2 ** 24;
  };
}

/** A row of a log: items by number. */
interface PlantedRow {
  readonly target: number;
  readonly history: readonly number[];
}

const categoryOf = (item: number): number => item % CATEGORIES;

/** Probability of a click by rule. */
const RULES: Readonly<Record<string, (row: PlantedRow) => number>> = {
  item: ({ target, history }) => history.includes(target) ? 0.8 : 0.1,
  category: ({ target, history }) => {
    const alike = history.filter((item) => categoryOf(item) === categoryOf(target)).length;
    return [0.05, 0.4, 0.7, 0.9][Math.min(alike, 3)];
  },
  latest: ({ target, history }) =>
    history.length > 0 && categoryOf(history[history.length - 1]) === categoryOf(target) ? 0.8 : 0.1,
};

function drawRow(draw: () => number): PlantedRow {
  const integer = (below: number) => Math.floor(draw() * below);
  const history = Array.from({ length: integer(PLACES + 1) }, () => integer(ITEMS));
  let target = integer(ITEMS);
  // Half of the targets are like something in the history, so that both cases are common.
  if (history.length > 0 && draw() < 0.5) {
    const like = history[draw() < 0.5 ? history.length - 1 : integer(history.length)];
    target = draw() < 0.5 ? like : categoryOf(like) + CATEGORIES * integer(ITEMS / CATEGORIES);
  }
  return { target, history };
}

function schemaOf(combiner?: Combiner): FittedSchema {
  const vocabulary = (size: number) => Array.from({ length: size }, (_, i) => String(i));
  const options = { maxLength: PLACES, ...(combiner && { combiner }) };
  return new FittedSchema({
    declared: { label: "click" },
    missing: [""],
    fields: [
      { feature: categorical("item"), missing: false, vocabulary: vocabulary(ITEMS) },
      { feature: categorical("category"), missing: false, vocabulary: vocabulary(CATEGORIES) },
    ],
    sequences: [
      { feature: sequence("items", { of: "item", ...options }) },
      { feature: sequence("categories", { of: "category", ...options, ...(!combiner && { along: "items" }) }) },
    ],
  });
}

function encode(schema: FittedSchema, rows: readonly PlantedRow[], labels: Float32Array<ArrayBuffer>): Dataset {
  // The first row of a field is that of unseen values.
  const rowOf = (field: number, value: number) => schema.fields[field].offset + 1 + value;
  const cellOf = [(item: number) => rowOf(0, item), (item: number) => rowOf(1, categoryOf(item))];
  const ids = Uint32Array.from(cellOf.flatMap((cell) => rows.map(({ target }) => cell(target))));
  const offsets = new Uint32Array(rows.length + 1);
  rows.forEach(({ history }, row) => offsets[row + 1] = offsets[row] + history.length);
  const listOf = (cells: typeof cellOf): Histories => ({
    offsets,
    ids: Uint32Array.from(rows.flatMap(({ history }) => history.flatMap((item) => cells.map((cell) => cell(item))))),
  });
  const histories = schema.histories.length === 1 ? [listOf(cellOf)] : cellOf.map((cell) => listOf([cell]));
  return new Dataset({ schema, rows: rows.length, ids, values: undefined, histories, labels, labeled: true });
}

const small = { dim: 16, hidden: [64] };
const search = { window: 5, top: 5, units: 32 };

/** Models by name; `deepfm` sees the mean of the history, which the others read item by item. */
const MODELS: Readonly<Record<string, Definition>> = {
  deepfm: deepfm(small),
  din: din({ ...small, attention: [32], activation: "relu", attentionActivation: "relu" }),
  bst: bst(small),
  transact: transact({ ...small, crossLayers: 1 }),
  hstu: hstu(small),
  dmr: dmr({ ...small, attention: [32] }),
  qin: qin({ dim: 16, layers: 2 }),
  onetrans: onetrans({ dim: 16, tokens: 4, width: 32 }),
  sim: sim({ ...small, ...search }),
  sim_hard: sim({ ...small, ...search, search: "hard" }),
  sdim: sdim({ ...small, window: search.window }),
  eta: eta({ ...small, ...search }),
  twin: twin({ ...small, ...search }),
  mirrn: mirrn({ ...small, ...search }),
  longer: longer({ ...small, width: 16, merge: 2 }),
  dsin: dsin({ ...small, size: 5, attention: [32] }),
  dmf: dmf({ ...small, units: 32 }),
};

async function train(
  definition: Definition,
  data: Dataset,
  test: Dataset,
  { epochs, seed }: { epochs: number; seed: number },
): Promise<number> {
  await using model = await Model.create(definition, data.schema, { seed });
  await model.fit(data, { epochs, batchSize: 512, optimizer: adam({ lr: 2e-3 }), seed });
  return auc(await model.predict(test), test.labels);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["models", "rules", "rows", "epochs", "seed"] });
  const names: string[] = options.models?.split(",") ?? Object.keys(MODELS);
  const rules: string[] = options.rules?.split(",") ?? Object.keys(RULES);
  const [rows, epochs, seed] = [options.rows ?? 60_000, options.epochs ?? 8, options.seed ?? 1].map(Number);
  console.log(`| model | ${rules.join(" | ")} |\n| --- |${" ---: |".repeat(rules.length)}`);
  const draw = draws(seed);
  const drawn = Array.from({ length: rows }, () => drawRow(draw));
  const first = Math.floor(rows / 6);
  const results = new Map<string, string[]>([["best", []], ...names.map((name) => [name, []] as [string, string[]])]);
  for (const rule of rules) {
    const probabilities = Float32Array.from(drawn, RULES[rule]);
    const labels = probabilities.map((probability) => Number(draw() < probability));
    results.get("best")!.push(auc(probabilities.subarray(0, first), labels.subarray(0, first)).toFixed(4));
    for (const name of names) {
      const all = encode(schemaOf(name === "deepfm" ? "mean" : undefined), drawn, labels);
      const [test, data] = [all.slice(0, first), all.slice(first, rows)];
      results.get(name)!.push((await train(MODELS[name], data, test, { epochs, seed })).toFixed(4));
      console.error(`${rule} ${name} ${results.get(name)!.at(-1)}`);
    }
  }
  for (const [name, values] of results) console.log(`| ${name} | ${values.join(" | ")} |`);
  Deno.exit(0);
}
