import { autoint } from "../../models/autoint.ts";
import { fgcnn } from "../../models/fgcnn.ts";
import { mlr } from "../../models/mlr.ts";
import { xdeepfm } from "../../models/xdeepfm.ts";
import { checkGolden, type Convert, type GoldenTensor } from "../golden.ts";

const dim = 4;
const hidden = [8, 6];

/** Weights [H, I F, 1] of feature maps; FuxiCTR's pairs have the field first. */
const cinWeights = (fieldFirst: boolean): Convert => (tensors) =>
  tensors.map((tensor) => {
    if (!/^cin\.\d+\.weight$/.test(tensor.name)) return tensor;
    const [outs, terms] = tensor.shape;
    const fields = 5;
    const rows = terms / fields;
    const place = (k: number): number => fieldFirst ? (k % fields) * rows + Math.floor(k / fields) : k;
    const data = tensor.data.map((_, i) => tensor.data[Math.floor(i / terms) * terms + place(i % terms)]);
    return { name: tensor.name, shape: [outs, terms], data };
  });

/** DeepCTR's last dense layer. */
const topOfMlp: Convert = (tensors) =>
  tensors.map((tensor) => ({ ...tensor, name: tensor.name.replace(/^top\./, "mlp.2.") }));

Deno.test("xdeepfm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("xdeepfm", xdeepfm({ dim, hidden, cin: [4, 3] }), cinWeights(true)));
Deno.test("xdeepfm with relu and split halves equals PyTorch in logits, gradients and three steps", () =>
  checkGolden(
    "xdeepfm_split",
    xdeepfm({ dim, hidden, cin: [6, 4], cinActivation: "relu", splitHalf: true, cinBias: false }),
    (tensors) => cinWeights(false)(topOfMlp(tensors)),
  ));

Deno.test("autoint with hidden layers and weights per value equals PyTorch", () =>
  checkGolden("autoint", autoint({ dim, hidden, width: 6, wide: true })));
Deno.test("autoint with scale and layer norm equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("autoint_ln", autoint({ dim, width: 6, scale: true, layerNorm: true })));

/** Kernels [N, C, K, 1], and the generator's table. */
const convolutions: Convert = (tensors) =>
  tensors.map(({ name, shape, data }) => ({
    name: name.replace(/^emb2\./, "generator."),
    shape: /^conv\.\d+\.weight$/.test(name) ? [shape[0], shape[1] * shape[2]] : shape,
    data,
  }));

const sizes = { dim, hidden, channels: [3, 2], kernels: 3 };

Deno.test("fgcnn equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("fgcnn", fgcnn(sizes), convolutions));
Deno.test("fgcnn with batch norm equals PyTorch in logits, gradients, statistics and three steps", () =>
  checkGolden("fgcnn_bn", fgcnn({ ...sizes, convolutionNorm: true }), convolutions));

/** One column of weights per region of gates, then of learners, side by side. */
const regions: Convert = (tensors) => {
  const fields = new Map<string, GoldenTensor[]>();
  for (const tensor of tensors) {
    const field = tensor.name.replace(/^\w+\.\d+\./, "mixture.");
    fields.set(field, [...(fields.get(field) ?? []), tensor]);
  }
  return [...fields].map(([name, columns]) => {
    const [rows] = columns[0].shape;
    const data = Array.from({ length: rows }, (_, row) => columns.map((column) => column.data[row])).flat();
    return { name, shape: [rows, columns.length], data };
  });
};

Deno.test("mlr equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("mlr", mlr({ regions: 3 }), regions));
Deno.test("mlr with shared weights equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("mlr_shared", mlr({ regions: 3, shared: true }), regions));
