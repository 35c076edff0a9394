import { deepfm, dnn, fm, lr, wideDeep } from "../../models/mod.ts";
import { checkGolden } from "../golden.ts";

const hidden = [8, 6];

Deno.test("lr equals PyTorch in logits, gradients and three steps", () => checkGolden("lr", lr()));
Deno.test("fm equals PyTorch in logits, gradients and three steps", () => checkGolden("fm", fm({ dim: 4 })));
Deno.test("dnn equals PyTorch in logits, gradients and three steps", () => checkGolden("dnn", dnn({ dim: 4, hidden })));
Deno.test("dnn with batch norm equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("dnn_bn", dnn({ dim: 4, hidden, batchNorm: true })));
Deno.test("wide_deep equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("widedeep", wideDeep({ dim: 4, hidden })));
Deno.test("deepfm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("deepfm", deepfm({ dim: 4, hidden })));
Deno.test("deepfm with L2 equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("deepfm_l2", deepfm({ dim: 4, hidden })));
