import { bst, deepfm, dien, din, dmin, dmr, qin, transact } from "../../models/mod.ts";
import { checkGolden, type Convert, type GoldenTensor, inTurn, rename, transpose } from "../golden.ts";

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
Deno.test("din with L2 by count equals PyTorch in gradients and three steps, lazy and dense", () =>
  checkGolden("din_minibatch_l2", din(relu), names));

/** The cases' names of transformer layers; PyTorch keeps the rows of queries, keys and values one below the other. */
const blocks: Convert = (tensors) =>
  tensors.map((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^tf\./, "block.").replace(/^block\.0\./, "block.").replace(/^block\.1\./, "block_1.")
      .replace(".att.in_", ".attention.qkv.").replace(".att.out.", ".attention.out.").replace(/^pos$/, "position")
      .replace(/^mlp\.0\./, "mlp.0."),
  }));
const transformer = { dim: 4, hidden, heads: 2 };

Deno.test("bst with the mean of places equals PyTorch", () => checkGolden("bst", bst(transformer), blocks));
Deno.test("bst with two causal layers and the target's place equals PyTorch", () =>
  checkGolden("bst_target", bst({ ...transformer, layers: 2, causal: true, pooling: "target" }), blocks));
Deno.test("transact equals PyTorch", () =>
  checkGolden(
    "transact",
    transact({ dim: 2, hidden: [6], feedForward: 7, latest: 2, crossLayers: 1 }),
    (tensors) =>
      blocks(tensors).map((tensor) => ({
        ...tensor,
        name: tensor.name.replace(/^mlp\.0\./, "top.").replace(/^deep\./, "mlp."),
      })),
  ));

Deno.test("dmr equals PyTorch", () => checkGolden("dmr", dmr({ dim: 2, hidden, attention: [5], positionDim: 2 })));

const extractors = rename(
  [/^ref\.in_/, "refiner.qkv."],
  [/^ref\./, "refiner."],
  [/^mi\.qkv/, "extractor.qkv"],
  [/^mi\.(o|ln)\.(\d)/, "extractor.$2.$1"],
  [/^mi\.ffn\.(\d)\.(\d)/, "extractor.$1.ffn.$2"],
  [/^mi\.ta\.(\d)\./, "extractor.$1."],
);
Deno.test("dmin equals PyTorch", () =>
  checkGolden("dmin", dmin({ dim: 2, hidden, attention: [5], positionDim: 2 }), extractors));
/** The cases' names of recurrent layers; the second one's gates come as u, r and n, u being unused where there is none. */
function recurrent(kind: "augru" | "agru"): Convert {
  return (tensors) =>
    layers(tensors).map((tensor) => tensor.name.startsWith("evolution") ? reorder(tensor, kind) : tensor);
}

const layers = rename(
  [/^gru\.w_ih/, "extractor.input.weight"],
  [/^gru\.b_ih/, "extractor.input.bias"],
  [/^gru\.w_hh/, "extractor.state.weight"],
  [/^gru\.b_hh/, "extractor.state.bias"],
  [/^x2h/, "evolution.input"],
  [/^h2h/, "evolution.state"],
  [/^att\.kernel/, "attention.weight"],
  [/^aux\./, "auxiliary."],
);

function reorder({ name, shape: [rows, ...rest], data }: GoldenTensor, kind: "augru" | "agru"): GoldenTensor {
  const third = data.length / 3;
  const [u, r, n] = [0, 1, 2].map((gate) => data.slice(gate * third, (gate + 1) * third));
  return kind === "augru"
    ? { name, shape: [rows, ...rest], data: [...r, ...u, ...n] }
    : { name, shape: [rows * 2 / 3, ...rest], data: [...r, ...n] };
}

for (const evolution of ["augru", "agru"] as const) {
  Deno.test(`dien with ${evolution} equals PyTorch`, () =>
    checkGolden(`dien_${evolution}`, dien({ dim: 2, hidden: [6, 4], evolution }), recurrent(evolution)));
}

Deno.test("dien with its auxiliary loss equals PyTorch", () => {
  const negatives = ["neg_hist", "neg_cate"];
  const definition = dien({ dim: 2, hidden: [6, 4], auxiliary: 0.5, auxiliaryHidden: [5], negatives });
  return checkGolden("dien_aux", definition, recurrent("augru"));
});

/** The layer keeps the keys' matrix turned: it multiplies queries, not items. */
const sparse = inTurn(
  rename([/^att\./, "attention."], [/^qnn\./, "quadratic."], [/^prelu\.(\d)/, "quadratic.$1.prelu.slope"]),
  (tensors) => tensors.map((tensor) => tensor.name === "attention.k.weight" ? transpose(tensor) : tensor),
);
Deno.test("qin equals PyTorch", () => checkGolden("qin", qin({ dim: 3, layers: 2 }), sparse));
Deno.test("qin with batch norm equals PyTorch", () =>
  checkGolden("qin_bn", qin({ dim: 2, layers: 2, batchNorm: true }), sparse));
