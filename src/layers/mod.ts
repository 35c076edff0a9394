/**
 * Layers: what models are written with, and how a model of your own is defined.
 *
 * A model is a pure function from an {@linkcode Input} to logits `[B, 1]`, or to a record of them by task; parameters are declared by the layers that use
 * them. Layers that a model is named after have `Interaction` behind: `fm` is the model, `fmInteraction` the layer.
 *
 * @example Two networks whose outputs are multiplied
 * ```ts
 * import assert from "node:assert/strict";
 * import { add, defineModel, embedding, flatten, linear, mlp, rowDot } from "./mod.ts";
 *
 * const twin = defineModel("twin", (x, { dim = 16 }: { dim?: number }) => {
 *   const e = flatten(embedding(x, dim)); // [B, F D]
 *   return add(linear(x), rowDot(mlp(e, [64, 8]), mlp(e, [64, 8]))); // logits [B, 1]
 * });
 * assert.equal(twin({ dim: 4 }).name, "twin");
 * ```
 *
 * @module
 */
export { defineModel, type Definition, type DefinitionFactory, type FieldWidths, type Logits } from "../definition.ts";
export {
  constant,
  heNormal,
  identity,
  type Initializer,
  type InitializerInfo,
  normal,
  ones,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from "../initializer.ts";
export { sinusoids } from "../initializer/sinusoids.ts";
export { unitMatrices } from "../initializer/unit_matrices.ts";
export * from "./activation.ts";
export * from "./adaptive.ts";
export * from "./attention.ts";
export * from "./attention_pooling.ts";
export * from "./target_attention.ts";
export * from "./target_heads.ts";
export * from "./bilinear.ts";
export * from "./block.ts";
export * from "./cin.ts";
export * from "./convolution.ts";
export * from "./cross.ts";
export * from "./domains.ts";
export * from "./embedding.ts";
export * from "./experts.ts";
export * from "./euler.ts";
export * from "./fields.ts";
export * from "./fourier.ts";
export * from "./gate.ts";
export * from "./hash.ts";
export * from "./hazards.ts";
export * from "./history_attention.ts";
export * from "./generated.ts";
export * from "./graph.ts";
export * from "./input.ts";
export * from "./likeness.ts";
export * from "./linear.ts";
export * from "./merge.ts";
export * from "./meta.ts";
export * from "./mixed_block.ts";
export * from "./mlp.ts";
export * from "./next_item.ts";
export * from "./pairs.ts";
export * from "./personal.ts";
export * from "./place_attention.ts";
export * from "./power.ts";
export * from "./recurrent.ts";
export * from "./search.ts";
export * from "./sessions.ts";
export * from "./share.ts";
export * from "./token.ts";
export * from "./transfer.ts";
export type { Dim, Shape, Tensor } from "../graph/tensor.ts";
export { add } from "../ops/dense/add.ts";
export { fieldDot, filled, lastDot, multiply, rowDot, scale, subtract } from "../ops/dense/arithmetic.ts";
export * from "./similarity.ts";
export * from "./wukong.ts";
export { attendFields } from "../ops/interaction/attend_fields.ts";
export { batchMatmul, batchMatmulNt, batchMatmulTn } from "../ops/dense/batch_matmul.ts";
export { biInteraction } from "../ops/interaction/bi_interaction.ts";
export { columns, concat, split } from "../ops/shape/concat.ts";
export type { Activation } from "../ops/dense/dense.ts";
export { allPlaces, atLeast, atMost, type LatestOptions, latestPlaces } from "../ops/sequence/latest.ts";
export type { HistoryMask } from "../ops/sequence/history_attention.ts";
export type { PositionOptions } from "../ops/sequence/positions.ts";
export type { AttentionalGruKind, GruStates } from "../ops/sequence/gru.ts";
export { poolHistory, type Pooling } from "../ops/sequence/pooling.ts";
export { placeDots, weightedPool } from "../ops/sequence/weighted_pooling.ts";
export { placeSoftmax } from "../ops/sequence/place_softmax.ts";
export { compare } from "../ops/sequence/compare.ts";
export { withAuxiliary } from "../ops/train/auxiliary.ts";
export { addLoss } from "../ops/train/add_loss.ts";
export { distilledMean } from "../ops/train/distill.ts";
export { supervisedMean } from "../ops/train/supervise.ts";
export type { FactorizeKind } from "../ops/interaction/factorize.ts";
export { circularProducts } from "../ops/interaction/circular.ts";
export type { CircularKind } from "../ops/interaction/circular.ts";
export { ffm as ffmInteraction, ffmProducts, inverseNorm } from "../ops/interaction/ffm.ts";
export { largestOfWindows, largestRows } from "../ops/interaction/field_pooling.ts";
export {
  centerFields,
  fieldMean,
  fieldsBefore,
  fieldSum,
  repeat,
  shiftFields,
  sumPlaces,
} from "../ops/interaction/field_sums.ts";
export { fieldDense } from "../ops/interaction/field_dense.ts";
export { fieldMatrix } from "../ops/interaction/field_matrix.ts";
export { fm as fmInteraction } from "../ops/interaction/fm.ts";
export { gelu, silu } from "../ops/dense/gate.ts";
export type { ExpertPlaces } from "../ops/dense/expert_mixture.ts";
export { groupedMatmul } from "../ops/dense/grouped_matmul.ts";
export { innerProduct, pairSum } from "../ops/interaction/inner_product.ts";
export { cartesian, polar } from "../ops/dense/polar.ts";
export { exponential, logarithm } from "../ops/dense/logarithm.ts";
export { mixtureLogit } from "../ops/dense/mixture.ts";
export { productLogit } from "../ops/dense/product_logit.ts";
export { matrixElements, matrixProduct, matrixSum } from "../ops/interaction/pair_matrix.ts";
export { stopGradient } from "../ops/shape/stop_gradient.ts";
export { flatten, reshape } from "../ops/shape/reshape.ts";
export { sigmoidGate } from "../ops/dense/sigmoid_gate.ts";
export { softmax } from "../ops/dense/softmax.ts";
export { symmetricSums } from "../ops/interaction/symmetric_sums.ts";
export { thirdOrder } from "../ops/interaction/third_order.ts";
