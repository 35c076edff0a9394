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
import {
  adam,
  bst,
  Dataset,
  deepfm,
  type Definition,
  din,
  FittedSchema,
  type Histories,
  hstu,
  Model,
  sdim,
  transact,
} from "../mod.ts";
import { parseArgs } from "../src/std.ts";
import { LAST_ROWS, movielensData, type MovielensParts } from "./movielens/rows.ts";

const PARTS = ["training", "validation", "test"] as const;

/** How a model sees histories: not at all, as the mean of their embeddings, or item by item. */
type View = "none" | "mean" | "items";

const shared = { dim: 16, hidden: [128, 64] };

/** Models with what they see, by name. */
const MODELS: Readonly<Record<string, { readonly definition: Definition; readonly view: View }>> = {
  deepfm: { definition: deepfm(shared), view: "none" },
  deepfm_mean: { definition: deepfm(shared), view: "mean" },
  din: {
    definition: din({ ...shared, attention: [64], activation: "relu", attentionActivation: "relu" }),
    view: "items",
  },
  bst: { definition: bst(shared), view: "items" },
  transact: { definition: transact({ ...shared, crossLayers: 1 }), view: "items" },
  hstu: { definition: hstu(shared), view: "items" },
  sdim: { definition: sdim({ ...shared, hashes: 4, bits: 3, window: 16, units: 32 }), view: "items" },
};

/** Returns the rows as a model is to see them; ids are shared. */
function viewOf(data: Dataset, view: View): Dataset {
  if (view === "items") return data;
  const { schema, rows, ids, values, labels, histories: [{ offsets, ids: items }] } = data;
  const sequences = view === "none" ? [] : schema.sequences.map(({ feature: { along: _, ...feature } }) => ({
    feature: { ...feature, combiner: "mean" as const },
  }));
  const { missing, fields, label, threshold } = schema;
  const pooled = new FittedSchema({ declared: { label, threshold }, missing, fields, sequences });
  const lists = sequences.map((_, member): Histories => {
    const own = new Uint32Array(items.length / schema.sequences.length);
    own.forEach((_, i) => own[i] = items[i * schema.sequences.length + member]);
    return { offsets, ids: own };
  });
  return new Dataset({ schema: pooled, rows, ids, values, histories: lists, labels, labeled: true });
}

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
  const names: string[] = options.models?.split(",") ?? Object.keys(MODELS);
  const unknown = names.find((name) => !MODELS[name]);
  if (unknown) {
    throw new RangeError(`Cannot train: models are ${Object.keys(MODELS).join(", ")}, received "${unknown}"`);
  }
  const parts = await readParts(options.data, Number(options.rows ?? LAST_ROWS), options.cache);
  console.log("| model | seed | parameters | test AUC | validation AUC | test log loss | best epoch | s/epoch |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const name of names) {
    for (const seed of (options.seeds ?? "2021").split(",").map(Number)) await train(name, seed, parts);
  }
  Deno.exit(0);
}
