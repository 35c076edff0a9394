/** What tests of the facade share: small data and small models. */
import type { Dataset } from "../../src/data/dataset.ts";
import { plantedInteractions } from "../../src/data/synthetic.ts";
import { defineModel } from "../../src/definition.ts";
import { embedding, fmInteraction, linear, senet } from "../../src/layers/mod.ts";
import { add } from "../../src/ops/dense/add.ts";

/** A factorization machine over gated embeddings, which exposes the gates. */
export const gated = defineModel(
  "gated",
  (x, { dim = 4 }: { dim?: number }) => add(linear(x), fmInteraction(senet(embedding(x, dim)))),
);

/** Draws rows with planted interactions. */
export function planted(rows: number, seed = 1): Dataset {
  return plantedInteractions({ rows, vocabularies: [7, 11, 5], dim: 3, noise: 0.5, seed }).data;
}

/** Lets everything run that waits for no device. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
