import { afm, ffm, fibinet, fmfm, fwfm, nfm, pnn } from "../../models/mod.ts";
import { checkGolden, type Convert, fromTablesOfPartners } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

/** DeepCTR's last dense layer and its kernel [D, P, D], of which the right field comes first. */
const fromDeepCtr: Convert = (tensors) =>
  tensors.map((tensor) => {
    if (tensor.name.startsWith("top.")) return { ...tensor, name: tensor.name.replace("top", "mlp.2") };
    if (tensor.name !== "outer.kernel" || tensor.shape.length !== 3) return tensor;
    const [right, pairs, left] = tensor.shape;
    const at = (p: number, c: number, d: number): number => tensor.data[(d * pairs + p) * left + c];
    const data = tensor.data.map((_, i) => at(Math.floor(i / (left * right)), Math.floor(i / right) % left, i % right));
    return { name: tensor.name, shape: [pairs, left, right], data };
  });

/** FuxiCTR's bilinear matrix, [in, out] already. */
const withBilinearMatrix: Convert = (tensors) =>
  tensors.map((tensor) => {
    if (!/^bil\d\.weight$/.test(tensor.name) || tensor.shape.length !== 2) return tensor;
    return { ...tensor, data: tensor.data.map((_, i) => tensor.data[(i % dim) * dim + Math.floor(i / dim)]) };
  });

Deno.test("nfm equals PyTorch in logits, gradients and three steps", () => checkGolden("nfm", nfm({ dim, hidden })));
Deno.test("pnn with inner products equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("pnn_inner", pnn({ dim, hidden })));
for (const kernel of ["mat", "vec", "num"] as const) {
  Deno.test(`pnn with outer products by ${kernel} kernels equals PyTorch`, () =>
    checkGolden(`pnn_outer_${kernel}`, pnn({ dim, hidden, products: "outer", kernel }), fromDeepCtr));
}
Deno.test("pnn with both products equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("pnn_inner_outer", pnn({ dim, hidden, products: "both" }), fromDeepCtr));
Deno.test("fwfm with a linear vector per field equals PyTorch", () => checkGolden("fwfm", fwfm({ dim })));
Deno.test("fwfm with a linear weight per value equals PyTorch", () =>
  checkGolden("fwfm_lw", fwfm({ dim, linearType: "LW" })));
Deno.test("ffm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("ffm", ffm({ dim }), fromTablesOfPartners("ffm")));
Deno.test("fmfm equals PyTorch in logits, gradients and three steps", () => checkGolden("fmfm", fmfm({ dim })));
for (const bilinear of ["all", "each", "interaction"] as const) {
  Deno.test(`fibinet with matrices for ${bilinear} equals PyTorch in logits, gradients and three steps`, () =>
    checkGolden(`fibinet_${bilinear}`, fibinet({ dim, hidden, bilinear, reductionRatio: 2 }), withBilinearMatrix));
}
Deno.test("afm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("afm", afm({ dim, attentionDim: 5 })));
