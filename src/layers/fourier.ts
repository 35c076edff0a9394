/**
 * Filters of histories by their frequencies.
 *
 * @module
 */
import { normal } from "../initializer.ts";
import type { Tensor } from "../graph/tensor.ts";
import { add } from "../ops/dense/add.ts";
import { fourierFilter } from "../ops/sequence/fourier_filter.ts";
import { groupedPlacesOf } from "../ops/sequence/places.ts";
import { layerNorm } from "./activation.ts";
import type { Places } from "./history_attention.ts";
import { dropout as drop } from "./mlp.ts";

/** Options of {@linkcode fourierBlock}. */
export interface FourierBlockOptions {
  /** Name of the parameters' prefix. @default {"fourier"} */
  name?: string;
  /** Probability of zeroing a number of the filter's output in training. @default {0} */
  dropout?: number;
}

/**
 * Mixes the places of a history by a filter of its frequencies: y = LN(x + F^-1(w * F(x))), F being the discrete Fourier
 * transform over the places that are there, and w a learned complex number for each column.
 *
 * Several histories of a row have filters of their own and share the norm. Xu et al.: Multi-granularity Interest Retrieval
 * and Refinement Network. KDD 2025, arXiv:2411.15005, in the form of its code.
 *
 * @param places a history `[B, L, N]`, or G of each row `[B, G K, N]` with lengths `[B, G]`
 * @returns the shape of `places.x`
 */
export function fourierBlock({ x, lengths }: Places, options: FourierBlockOptions = {}): Tensor {
  const { groups, width } = groupedPlacesOf("fourier_block", x, lengths);
  const name = x.graph.uniqueName(options.name ?? "fourier");
  const weights = x.graph.parameter(`${name}.filter`, [groups, 2, width], normal(0.02));
  const filtered = drop(fourierFilter(x, lengths, weights), options.dropout ?? 0);
  return layerNorm(add(x, filtered), { name: `${name}.ln`, eps: 1e-12 });
}
