import { aoanet, apg, ppnet, wukong } from "../../models/mod.ts";
import { checkGolden, inTurn, rename, transpose, transposeEach } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

Deno.test("aoanet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("aoanet", aoanet({ dim, hidden, layers: 2, maps: 2 }), transposeEach(/^aoa\.\d\.W$/)));

/** The projection is [in, out] already, and the layer norm takes the residual's bias away. */
const wukongNames = inTurn(
  rename(
    [/^fm\.(\d)\.proj$/, "wukong.$1.proj.weight"],
    [/^fm\.(\d)\.ln\./, "wukong.$1.ln."],
    [/^fm\.(\d)\./, "wukong.$1.fm."],
    [/^lin\.(\d)\./, "wukong.$1.linear."],
    [/^res\.(\d)\./, "wukong.$1.residual."],
    [/^out\.(\d)\.ln\./, "wukong.$1.out."],
  ),
  (tensors) =>
    tensors.filter(({ name }) => !name.endsWith("residual.bias")).map((tensor) =>
      tensor.name.endsWith("proj.weight") ? transpose(tensor) : tensor
    ),
);
Deno.test("wukong equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "wukong",
    wukong({ dim, layers: 2, linearRows: 3, fmRows: 2, rank: 2, fmHidden: [6], hidden: [6] }),
    wukongNames,
  ));

const apgNames = inTurn(
  rename([/^([UV]|bias)\.(\d)$/, "apg.$2.$1"], [/^hyper\.(\d)\./, "apg.$1.hyper."]),
  (tensors) =>
    tensors.map((tensor) => /^apg\.\d\.bias$/.test(tensor.name) ? { ...tensor, shape: tensor.shape.slice(1) } : tensor),
);
const sizes = { dim, hidden: [6, 4], rank: 2, hyperHidden: [3] };
Deno.test("apg by a layer's own input equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("apg_self", apg(sizes), apgNames));

/** FuxiCTR generates the bias in front of the matrix, as this engine does. */
Deno.test("apg by a group of fields equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("apg_group", apg({ ...sizes, condition: ["f1", "f3"], generateBias: true }), apgNames));

Deno.test("ppnet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "ppnet",
    ppnet({ dim, hidden, priors: ["f0", "f1"], priorDim: 3, gateHidden: 5 }),
    rename([/^gate_emb\./, "gate_embedding."]),
  ));
