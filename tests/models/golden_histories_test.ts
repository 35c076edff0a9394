import { bst, deepfm, dien, din, dmin, dmr, qin, transact } from "../../models/mod.ts";
import type { Layout } from "../../src/interchange/state_dict/layout.ts";
import { eachOf, inTurn, rename, transpose } from "../../src/interchange/state_dict/tensor.ts";
import { checkGolden } from "../golden.ts";

const hidden = [8, 6];
const attention = [5];

Deno.test("deepfm with a pooled field of several values equals PyTorch", () =>
  checkGolden("deepfm_multi", deepfm({ dim: 4, hidden })));
Deno.test("din with Dice equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("din", din({ dim: 4, hidden, attention })));
const relu = { dim: 4, hidden, attention, activation: "relu", attentionActivation: "relu" } as const;
Deno.test("din with ReLU equals PyTorch", () => checkGolden("din_relu", din(relu)));
Deno.test("din with softmax equals PyTorch", () => checkGolden("din_softmax", din({ ...relu, softmax: true })));
Deno.test("din over items and categories equals PyTorch", () => checkGolden("din_two", din(relu)));
Deno.test("din with L2 by count equals PyTorch in gradients and three steps, lazy and dense", () =>
  checkGolden("din_minibatch_l2", din(relu)));

const transformer = { dim: 4, hidden, heads: 2 };

Deno.test("bst with the mean of places equals PyTorch", () => checkGolden("bst", bst(transformer)));
Deno.test("bst with two causal layers and the target's place equals PyTorch", () =>
  checkGolden("bst_target", bst({ ...transformer, layers: 2, causal: true, pooling: "target" })));
Deno.test("transact equals PyTorch", () =>
  checkGolden(
    "transact",
    transact({ dim: 2, hidden: [6], feedForward: 7, latest: 2, crossLayers: 1 }),
  ));

Deno.test("dmr equals PyTorch", () => checkGolden("dmr", dmr({ dim: 2, hidden, attention: [5], positionDim: 2 })));

/** The cases' names of the refiner and of the interests. */
const extractors: Layout = () =>
  rename(
    [/^ref\.in_/, "refiner.qkv."],
    [/^ref\./, "refiner."],
    [/^mi\.qkv/, "extractor.qkv"],
    [/^mi\.(o|ln)\.(\d)/, "extractor.$2.$1"],
    [/^mi\.ffn\.(\d)\.(\d)/, "extractor.$1.ffn.$2"],
    [/^mi\.ta\.(\d)\./, "extractor.$1."],
  );
Deno.test("dmin equals PyTorch", () =>
  checkGolden("dmin", dmin({ dim: 2, hidden, attention: [5], positionDim: 2 }), extractors));
for (const evolution of ["augru", "agru"] as const) {
  Deno.test(`dien with ${evolution} equals PyTorch`, () =>
    checkGolden(`dien_${evolution}`, dien({ dim: 2, hidden: [6, 4], evolution })));
}

Deno.test("dien with its auxiliary loss equals PyTorch", () => {
  const negatives = ["neg_hist", "neg_cate"];
  const definition = dien({ dim: 2, hidden: [6, 4], auxiliary: 0.5, auxiliaryHidden: [5], negatives });
  return checkGolden("dien_aux", definition);
});

/** The layer keeps the keys' matrix turned: it multiplies queries, not items. */
const sparse: Layout = () =>
  inTurn(
    rename([/^att\./, "attention."], [/^qnn\./, "quadratic."], [/^prelu\.(\d)/, "quadratic.$1.prelu.slope"]),
    eachOf(/^attention\.k\.weight$/, transpose),
  );
Deno.test("qin equals PyTorch", () => checkGolden("qin", qin({ dim: 3, layers: 2 }), sparse));
Deno.test("qin with batch norm equals PyTorch", () =>
  checkGolden("qin_bn", qin({ dim: 2, layers: 2, batchNorm: true }), sparse));
