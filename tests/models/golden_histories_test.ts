import { deepfm, din } from "../../models/mod.ts";
import { checkGolden, type Convert } from "../golden.ts";

const hidden = [8, 6];
const attention = [5];

/** The cases' names of attention units and of Dice's slopes. */
const names: Convert = (tensors) =>
  tensors.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^att\./, "attention.").replace("dice.alpha", "dice.slope").replace("dice.bn.", "dice."),
  }));

Deno.test("deepfm with a pooled field of several values equals PyTorch", () =>
  checkGolden("deepfm_multi", deepfm({ dim: 4, hidden })));
Deno.test("din with Dice equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("din", din({ dim: 4, hidden, attention }), names));
const relu = { dim: 4, hidden, attention, activation: "relu", attentionActivation: "relu" } as const;
Deno.test("din with ReLU equals PyTorch", () => checkGolden("din_relu", din(relu), names));
Deno.test("din with softmax equals PyTorch", () => checkGolden("din_softmax", din({ ...relu, softmax: true }), names));
Deno.test("din over items and categories equals PyTorch", () => checkGolden("din_two", din(relu), names));
