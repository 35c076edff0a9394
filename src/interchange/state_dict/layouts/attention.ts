/**
 * Layouts of models with attention over fields, graphs of fields and histories.
 *
 * @module
 */
import type { Layout } from "../layout.ts";
import {
  concatenate,
  each,
  eachOf,
  inTurn,
  type NamedTensor,
  rename,
  reshape,
  transpose,
  transposeEach,
} from "../tensor.ts";

/** Biases of DESTINE that cancel in a softmax are left out. */
export const destine: Layout = () => (tensors) =>
  tensors.filter(({ name }) => !/^att\.\d+\.(?:q|k|unary)\.bias$/.test(name));

/** InterHAt's aggregations. */
export const interhat: Layout = () => rename([/^agg\./, "order."], [/^top\./, "orders."]);

/** AOANet's matrices. */
export const aoanet: Layout = () => transposeEach(/^aoa\.\d+\.W$/);

/** SAM's layers; one alone has no number, and the layer on top belongs to it. */
export const sam: Layout = (model) =>
  inTurn(
    Object.hasOwn(model, "sam.top.weight")
      ? rename([/^sam\.0\.W$/, "sam.W"], [/^top\./, "sam.top."])
      : (tensors) => tensors,
    eachOf(/^pool$/, (tensor) => transpose({ ...tensor, name: "pool.weight" })),
  );

/** Fi-GNN's steps, and the weights of both ends of an edge side by side, [2, D] as a dense layer has them. */
export const fignn: Layout = () =>
  inTurn(
    rename(
      [/^att\.weight$/, "edges.weight"],
      [/^gnn\.(?:0\.)?W_/, "gnn."],
      [/^gnn\.(\d+)\.W_/, "gnn_$1."],
      [/^gnn\.(?:0\.)?bias_p/, "gnn.bias"],
      [/^gnn\.(\d+)\.bias_p/, "gnn_$1.bias"],
      [/^gru\.w_ih$/, "gru.input.weight"],
      [/^gru\.w_hh$/, "gru.state.weight"],
      [/^gru\.b_ih$/, "gru.input.bias"],
      [/^gru\.b_hh$/, "gru.state.bias"],
    ),
    eachOf(/^edges\.weight$/, (tensor) => reshape(tensor, [2, tensor.shape[1] / 2])),
    transposeEach(/^gnn(?:_\d+)?\.(?:in|out)$/),
  );

/** DIN's attention unit, and the slopes and statistics of Dice. */
export const din: Layout = () =>
  each((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^att\./, "attention.").replace("dice.alpha", "dice.slope").replace("dice.bn.", "dice."),
  }));

/** Transformer layers; PyTorch keeps the rows of queries, keys and values one below the other. */
export const bst: Layout = () =>
  each((tensor) => ({
    ...tensor,
    name: tensor.name.replace(/^tf\./, "block.").replace(/^block\.0\./, "block.").replace(
      /^block\.(\d+)\./,
      "block_$1.",
    )
      .replace(".att.in_", ".attention.qkv.").replace(".att.out.", ".attention.out.").replace(/^pos$/, "position"),
  }));

/** TransAct's transformer, its perceptron and the layer on top. */
export const transact: Layout = (model) => inTurn(bst(model), rename([/^mlp\.0\./, "top."], [/^deep\./, "mlp."]));

/** DIEN's recurrent layers; the second one's gates come as u, r and n, u being unused where the model has none. */
export const dien: Layout = (model) =>
  inTurn(
    rename(
      [/^gru\.w_ih/, "extractor.input.weight"],
      [/^gru\.b_ih/, "extractor.input.bias"],
      [/^gru\.w_hh/, "extractor.state.weight"],
      [/^gru\.b_hh/, "extractor.state.bias"],
      [/^x2h/, "evolution.input"],
      [/^h2h/, "evolution.state"],
      [/^att\.kernel/, "attention.weight"],
      [/^aux\./, "auxiliary."],
    ),
    eachOf(/^evolution/, (tensor) => reorderGates(tensor, sizeOf(model[tensor.name]) === tensor.data.length)),
  );

function sizeOf({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((product, size) => product * size, 1);
}

function reorderGates({ name, shape: [rows, ...rest], data }: NamedTensor, hasUpdate: boolean): NamedTensor {
  const third = data.length / 3;
  const [u, r, n] = [0, 1, 2].map((gate) => {
    const part = Array.from({ length: third }, (_, i) => data[gate * third + i]);
    return { name, shape: [third], data: part };
  });
  return hasUpdate ? concatenate(name, [rows, ...rest], [r, u, n]) : concatenate(name, [rows * 2 / 3, ...rest], [r, n]);
}
