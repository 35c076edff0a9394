import { deepim, dssm, flen, hfm, lorentzfm, onn, qnn } from "../../models/mod.ts";
import type { Layout } from "../../src/interchange/state_dict/layout.ts";
import { checkGolden } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

Deno.test("qnn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("qnn_alpha", qnn({ dim: 3, layers: 2 })));
Deno.test("deepim equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("deepim", deepim({ dim, hidden, order: 4 })));
Deno.test("lorentzfm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("lorentzfm", lorentzfm({ dim })));

Deno.test("hfm by correlation equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("hfm", hfm({ dim })));
Deno.test("hfm+ by convolution equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("hfm_plus", hfm({ dim, hidden, kind: "convolution" })));

Deno.test("onn equals PyTorch in logits, gradients and three steps", () => checkGolden("onn", onn({ dim: 3, hidden })));

const groups = [["f0", "f4"], ["f1", "f3"], ["f2"]];

/** The case has no table for the field that no tower uses; it stays as it is. */
const withUnused: Layout = () => (tensors) =>
  tensors.flatMap((tensor) => {
    if (tensor.name !== "emb.f1") return [tensor];
    return [tensor, { name: "emb.f2", shape: [5, dim], data: new Array(5 * dim).fill(0) }];
  });
Deno.test("dssm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("dssm", dssm({ dim, hidden, groups: [groups[0], groups[1]] }), withUnused));
Deno.test("flen equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "flen",
    flen({ dim, hidden, groups }),
  ));
