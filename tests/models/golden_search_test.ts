import { eta, sdim, sim, twin } from "../../models/mod.ts";
import type { Layout } from "../../src/interchange/state_dict/layout.ts";
import {
  eachOf,
  gather,
  inTurn,
  type NamedTensor,
  rename,
  reshape,
  transpose,
} from "../../src/interchange/state_dict/tensor.ts";
import { checkGolden } from "../golden.ts";

const HEADS = 2;

/** Keys' and values' weights by head; the cases have [A, N]. */
function byHead(tensor: NamedTensor): NamedTensor {
  const [units, width] = tensor.shape;
  const size = units / HEADS;
  if (tensor.name.endsWith(".k.weight")) return reshape(tensor, [HEADS, size, width]);
  return gather(tensor, [HEADS, width, size], (i) => {
    const [head, at] = [Math.floor(i / (size * width)), i % (size * width)];
    return (head * size + at % size) * width + Math.floor(at / size);
  });
}

/** Columns of a first layer in order of the fields; the cases have fields 1 and 2, the targets, after all others. */
function inOrder(tensor: NamedTensor): NamedTensor {
  const [dim, order] = [4, [0, 3, 4, 1, 2]];
  const place = (column: number): number => {
    const field = Math.floor(column / dim);
    return field < order.length ? order.indexOf(field) * dim + column % dim : column;
  };
  const columns = tensor.shape[1];
  return gather(tensor, tensor.shape, (i) => i - i % columns + place(i % columns));
}

/** Directions by hash and bit; the cases have [N, hashes, bits], or [N, bits] of one code. */
function directions(tensor: NamedTensor): NamedTensor {
  const [width, ...codes] = tensor.shape;
  const [hashes, bits] = codes.length === 2 ? codes : [1, codes[0]];
  const turned = transpose({ ...tensor, name: "hash.directions", shape: [width, hashes * bits] });
  return reshape(turned, [hashes, bits, width]);
}

const layout: Layout = () =>
  inTurn(
    eachOf(/^(short|long)\.[kv]\.weight$/, byHead),
    eachOf(/^(mlp|search)\.0\.weight$/, inOrder),
    // The search goes through the items' weights backwards.
    eachOf(/^relevance\.b\.weight$/, transpose),
    eachOf(/^rotations$/, directions),
  );
const search: Layout = (model) => inTurn(rename([/^w([ab])\./, "relevance.$1."], [/^aux\./, "search."]), layout(model));

const sizes = { dim: 4, hidden: [8, 6], units: 6, heads: HEADS, window: 3 };

for (const normalize of [false, true]) {
  const name = normalize ? "sdim_l2" : "sdim";
  Deno.test(`${name} equals FuxiCTR in logits, gradients and three steps`, () =>
    checkGolden(name, sdim({ ...sizes, hashes: 3, bits: 2, normalize }), layout));
}
Deno.test("eta equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("eta", eta({ ...sizes, bits: 6, top: 3 }), layout));
Deno.test("twin equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("twin", twin({ ...sizes, top: 3 }), layout));
Deno.test("sim with a soft search equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("sim_soft", sim({ ...sizes, top: 3 }), search));
Deno.test("sim with a search by category equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sim_hard", sim({ ...sizes, search: "hard", top: 3 }), layout));
