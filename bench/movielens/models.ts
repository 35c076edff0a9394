/**
 * The models that are compared on MovieLens-1M.
 *
 * @module
 */
import { bst, Dataset, deepfm, type Definition, din, FittedSchema, hstu, sdim, transact } from "../../mod.ts";
import type { Histories } from "../../src/data/mod.ts";

/** How a model sees histories: not at all, as the mean of their embeddings, or item by item. */
export type View = "none" | "mean" | "items";

const shared = { dim: 16, hidden: [128, 64] };

/** Models with what they see, by name, in the sizes of the recipe: width 16, perceptrons of 128 and 64 units. */
export const MODELS: Readonly<Record<string, { readonly definition: Definition; readonly view: View }>> = {
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
export function viewOf(data: Dataset, view: View): Dataset {
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

/**
 * Returns the models that an option names, with commas between them.
 *
 * @param otherwise names where there is no option
 * @throws {RangeError} when one is unknown
 */
export function namedModels(option: string | undefined, otherwise: readonly string[]): readonly string[] {
  const names = option?.split(",") ?? otherwise;
  const unknown = names.find((name) => !MODELS[name]);
  if (unknown === undefined) return names;
  throw new RangeError(`Cannot train: models are ${Object.keys(MODELS).join(", ")}, received "${unknown}"`);
}
