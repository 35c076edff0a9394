import { destine, interhat } from "../../models/mod.ts";
import { checkGolden, type Convert, rename } from "../golden.ts";

/** Biases that cancel in a softmax. */
const withoutCanceled: Convert = (tensors) =>
  tensors.filter(({ name }) => !/^att\.\d\.(?:q|k|unary)\.bias$/.test(name));

Deno.test("destine equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "destine",
    destine({ dim: 4, hidden: [8, 6], layers: 2, heads: 1, width: 5, scale: true, wide: true }),
    withoutCanceled,
  ));

const orders = rename([/^agg\./, "order."], [/^top\./, "orders."]);
Deno.test("interhat equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("interhat", interhat({ dim: 4, order: 2, heads: 1, width: 5, inner: 6, hidden: [6] }), orders));
