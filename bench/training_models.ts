/**
 * Interaction models whose training steps are timed, with what their steps must compute and keep.
 *
 * @module
 */
import { autoint, dcn, dcnv2, fibinet, xdeepfm } from "../models/mod.ts";
import type { Definition } from "../src/definition.ts";

/** Sizes of a timed model. */
export interface ModelSizes {
  /** Fields F. */
  readonly fields: number;
  /** Width D of an embedding. */
  readonly dim: number;
  /** Widths of the perceptron's hidden layers. */
  readonly hidden: readonly number[];
}

/** A timed model. */
export interface TimedModel {
  readonly definition: Definition;
  /** Milliseconds of a step of PyTorch 1.13 with FuxiCTR's layers on two cores. */
  readonly torchMs: number;
  /** Multiply-adds of one row's forward pass in the form with the fewest. */
  readonly multiplyAdds: number;
  /**
   * Floats of one row that the backward pass reads, had each interaction the leanest known form: inputs of layers,
   * what a formula needs beside them, and no product of fields that can be formed again while it is consumed.
   */
  readonly keptFloats: number;
}

const CROSS_LAYERS = 3;
const CIN = [128, 128];
const ATTENTION = { layers: 2, heads: 2, width: 16 };
const REDUCTION = 3;

/**
 * Returns the timed models by slug.
 *
 * FiBiNET is there with one matrix for all pairs and with one for each: which of them PyTorch's figure is for is not known.
 */
export function timedModels({ fields, dim, hidden }: ModelSizes): Readonly<Record<string, TimedModel>> {
  const flat = fields * dim;
  const deep = sum(hidden);
  const options = { dim, hidden };
  const mlp = multiplyAddsOf([flat, ...hidden]);
  const last = hidden[hidden.length - 1];
  const [maps] = CIN;
  const pairs = fields * (fields - 1) / 2;
  const squeezed = Math.max(1, Math.floor(fields / REDUCTION));
  const gates = 2 * fields * squeezed;
  const pairMlp = multiplyAddsOf([2 * pairs * dim, ...hidden]) + last;
  const attentionInputs = [dim, ...Array(ATTENTION.layers - 1).fill(ATTENTION.width)];
  return {
    dcn: {
      definition: dcn({ ...options, layers: CROSS_LAYERS }),
      torchMs: 148,
      multiplyAdds: mlp + 2 * CROSS_LAYERS * flat + flat + last,
      // x_0, x_L, a number for each layer.
      keptFloats: 2 * flat + CROSS_LAYERS + deep,
    },
    dcnv2: {
      definition: dcnv2({ ...options, layers: CROSS_LAYERS }),
      torchMs: 257,
      multiplyAdds: mlp + CROSS_LAYERS * (flat * flat + flat) + flat + last,
      // x_0 to x_L and each layer's product.
      keptFloats: (2 * CROSS_LAYERS + 1) * flat + deep,
    },
    xdeepfm: {
      definition: xdeepfm({ ...options, cin: CIN }),
      torchMs: 8540,
      // The first layer is symmetric; the last and the top weights are one bilinear form.
      multiplyAdds: mlp + last + dim * (fields * (fields + 1) / 2 * (1 + maps) + fields * (maps + 1)),
      // Embeddings and the feature maps of the first layer.
      keptFloats: flat + dim * maps + deep,
    },
    autoint: {
      definition: autoint({ ...options, ...ATTENTION }),
      torchMs: 811,
      multiplyAdds: mlp + last + fields * ATTENTION.width *
          sum(attentionInputs.map((input) => (input === ATTENTION.width ? 3 : 4) * input + 2 * fields)),
      // Embeddings, and for each layer queries, keys, values, the log-sum-exp of each head and the output.
      keptFloats: flat + ATTENTION.layers * fields * (4 * ATTENTION.width + ATTENTION.heads) + deep,
    },
    fibinet: {
      definition: fibinet({ ...options, bilinear: "all", reductionRatio: REDUCTION }),
      torchMs: 2980,
      multiplyAdds: gates + 2 * (flat * dim + pairs * dim) + pairMlp,
      // Embeddings and gated ones, both times the matrix, the gates' three layers.
      keptFloats: 4 * flat + 2 * fields + squeezed + deep,
    },
    fibinet_interaction: {
      definition: fibinet({ ...options, bilinear: "interaction", reductionRatio: REDUCTION }),
      torchMs: 2980,
      multiplyAdds: gates + 2 * pairs * dim * (dim + 1) + pairMlp,
      // As above, without the products by matrices, of which there is one for each pair.
      keptFloats: 2 * flat + 2 * fields + squeezed + deep,
    },
  };
}

/** Counts the multiply-adds of a perceptron's forward pass over one row; training takes three times as many. */
export function multiplyAddsOf(widths: readonly number[]): number {
  return sum(widths.slice(1).map((width, i) => widths[i] * width));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
