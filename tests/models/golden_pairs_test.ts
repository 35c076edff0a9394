import { afm, ffm, fibinet, fmfm, fwfm, nfm, pnn } from "../../models/mod.ts";
import { DEEPCTR_LAYOUTS } from "../../src/interchange/state_dict/layouts.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

Deno.test("nfm equals PyTorch in logits, gradients and three steps", () => checkGolden("nfm", nfm({ dim, hidden })));
Deno.test("pnn with inner products equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("pnn_inner", pnn({ dim, hidden })));
for (const kernel of ["mat", "vec", "num"] as const) {
  Deno.test(`pnn with outer products by ${kernel} kernels equals PyTorch`, () =>
    checkGolden(`pnn_outer_${kernel}`, pnn({ dim, hidden, products: "outer", kernel }), DEEPCTR_LAYOUTS.pnn));
}
Deno.test("pnn with both products equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("pnn_inner_outer", pnn({ dim, hidden, products: "both" }), DEEPCTR_LAYOUTS.pnn));
Deno.test("fwfm with a linear vector per field equals PyTorch", () => checkGolden("fwfm", fwfm({ dim })));
Deno.test("fwfm with a linear weight per value equals PyTorch", () =>
  checkGolden("fwfm_lw", fwfm({ dim, linearType: "LW" })));
Deno.test("ffm equals PyTorch in logits, gradients and three steps", () => checkGolden("ffm", ffm({ dim })));
Deno.test("fmfm equals PyTorch in logits, gradients and three steps", () => checkGolden("fmfm", fmfm({ dim })));
for (const bilinear of ["all", "each", "interaction"] as const) {
  Deno.test(`fibinet with matrices for ${bilinear} equals PyTorch in logits, gradients and three steps`, () =>
    checkGolden(`fibinet_${bilinear}`, fibinet({ dim, hidden, bilinear, reductionRatio: 2 })));
}
Deno.test("afm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("afm", afm({ dim, attentionDim: 5 })));
