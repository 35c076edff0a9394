/**
 * Trains models on MovieLens-1M, with histories and without, by one recipe.
 *
 *     deno run -A bench/movielens_models.ts --data DIR [--models din,bst] [--seeds 2021,2022] [--rows 400000] [--cache DIR]
 *
 * Adam at 1e-3, batch 4096, at most three epochs until validation AUC stops rising, embeddings of width 16 with L2 of 1e-5
 * in every step, clipping at a norm of 10, perceptrons of 128 and 64 units. `--cache` keeps the encoded rows.
 *
 * @module
 */
import { adam, Dataset, Model } from "../mod.ts";
import { parseArgs } from "../src/std.ts";
import { MODELS, namedModels, viewOf } from "./movielens/models.ts";
import { LAST_ROWS, movielensData, type MovielensParts } from "./movielens/rows.ts";

const PARTS = ["training", "validation", "test"] as const;

/** Reads the rows, or what was kept of them. */
async function readParts(folder: string, rows: number, cache: string | undefined): Promise<MovielensParts<Dataset>> {
  const pathOf = (part: string) => `${cache}/movielens-${rows}-${part}.weft`;
  if (cache) {
    const found = await Promise.all(PARTS.map((part) => Deno.stat(pathOf(part)).then(() => true, () => false)));
    if (found.every(Boolean)) {
      const [training, validation, test] = await Promise.all(PARTS.map((part) => Dataset.load(pathOf(part))));
      return { training, validation, test };
    }
  }
  const parts = await movielensData(folder, rows);
  if (cache) {
    await Deno.mkdir(cache, { recursive: true });
    for (const part of PARTS) await parts[part].save(pathOf(part));
  }
  return parts;
}

async function train(name: string, seed: number, parts: MovielensParts<Dataset>): Promise<void> {
  const { definition, view } = MODELS[name];
  const [training, validation, test] = PARTS.map((part) => viewOf(parts[part], view));
  await using model = await Model.create(definition, training.schema, { seed });
  const parameters = Object.values(await model.parameters()).reduce((sum, { data }) => sum + data.length, 0);
  const history = await model.fit(training, {
    validation,
    ...{ seed, epochs: 3, batchSize: 4096, clipNorm: 10, l2: { embedding: 1e-5 } },
    optimizer: adam({ lr: 1e-3, embeddingUpdate: "dense" }),
    earlyStopping: { monitor: "auc", patience: 1 },
    unseenShare: 0,
    initialBias: "keep",
    onEpoch: ({ epoch, seconds, validation }) =>
      console.error(`${name} ${seed} epoch ${epoch}: ${seconds.toFixed(1)} s, AUC ${validation?.auc?.toFixed(4)}`),
  });
  const best = Math.max(...history.epochs.map(({ validation }) => validation?.auc ?? 0));
  const { auc, logloss } = await model.evaluate(test);
  const seconds = history.epochs.map((epoch) => epoch.seconds).sort((a, b) => a - b);
  const cells = [name, seed, parameters, auc?.toFixed(4), best.toFixed(4), logloss?.toFixed(4), history.bestEpoch];
  console.log(`| ${[...cells, seconds[seconds.length >> 1].toFixed(1)].join(" | ")} |`);
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["data", "models", "seeds", "rows", "cache"] });
  if (!options.data) throw new RangeError("Cannot run: name the folder of the data with --data");
  const names = namedModels(options.models, Object.keys(MODELS));
  const parts = await readParts(options.data, Number(options.rows ?? LAST_ROWS), options.cache);
  console.log("| model | seed | parameters | test AUC | validation AUC | test log loss | best epoch | s/epoch |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const name of names) {
    for (const seed of (options.seeds ?? "2021").split(",").map(Number)) await train(name, seed, parts);
  }
  Deno.exit(0);
}
