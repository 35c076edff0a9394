import { aoanet, apg, ppnet, wukong } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

Deno.test("aoanet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("aoanet", aoanet({ dim, hidden, layers: 2, maps: 2 })));

Deno.test("wukong equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "wukong",
    wukong({ dim, layers: 2, linearRows: 3, fmRows: 2, rank: 2, fmHidden: [6], hidden: [6] }),
  ));

const sizes = { dim, hidden: [6, 4], rank: 2, hyperHidden: [3] };
Deno.test("apg by a layer's own input equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("apg_self", apg(sizes)));

/** FuxiCTR generates the bias in front of the matrix, as this engine does. */
Deno.test("apg by a group of fields equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("apg_group", apg({ ...sizes, condition: ["f1", "f3"], generateBias: true })));

Deno.test("ppnet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "ppnet",
    ppnet({ dim, hidden, priors: ["f0", "f1"], priorDim: 3, gateHidden: 5 }),
  ));
