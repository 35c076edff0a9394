import { eulernet, fignn } from "../../models/mod.ts";
import { checkGolden, type Convert, inTurn, rename, transpose, transposeEach } from "../golden.ts";

/** The weights of both ends of an edge side by side, [2, D] as a dense layer has them. */
const edges: Convert = (tensors) =>
  tensors.map((tensor) => tensor.name === "edges.weight" ? { ...tensor, shape: [2, tensor.shape[1] / 2] } : tensor);

const names = inTurn(
  rename(
    [/^att\.weight$/, "edges.weight"],
    [/^gnn\.(?:0\.)?W_/, "gnn."],
    [/^gnn\.1\.W_/, "gnn_1."],
    [/^gnn\.(?:0\.)?bias_p/, "gnn.bias"],
    [/^gnn\.1\.bias_p/, "gnn_1.bias"],
    [/^gru\.w_ih$/, "gru.input.weight"],
    [/^gru\.w_hh$/, "gru.state.weight"],
    [/^gru\.b_ih$/, "gru.input.bias"],
    [/^gru\.b_hh$/, "gru.state.bias"],
  ),
  edges,
  transposeEach(/^gnn(?:_1)?\.(?:in|out)$/),
);

Deno.test("fignn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("fignn", fignn({ dim: 3, steps: 2 }), names));
Deno.test("fignn with shared matrices and without a GRU equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("fignn_shared", fignn({ dim: 3, steps: 2, gru: false, shared: true }), names));

/** Biases are [1, D, N], and the radii [1, F, 1]. */
const eulerNames = inTurn(
  rename(
    [/^(euler\.\d)\.bias_lam$/, "$1.radius"],
    [/^(euler\.\d)\.bias_theta$/, "$1.angle"],
    [/^(euler\.\d)\.im\./, "$1.linear."],
    [/^(euler\.\d)\.ln_r\./, "$1.ln_re."],
    [/^(euler\.\d)\.ln_p\./, "$1.ln_im."],
    [/^reg\./, "top."],
  ),
  (tensors) =>
    tensors.map((tensor) => {
      if (tensor.name === "mu") return { ...tensor, shape: tensor.shape.slice(1) };
      const isBias = /\.(?:radius|angle)$/.test(tensor.name);
      return isBias ? transpose({ ...tensor, shape: tensor.shape.slice(1) }) : tensor;
    }),
);
Deno.test("eulernet equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("eulernet", eulernet({ dim: 3, neurons: [3, 3] }), eulerNames));
