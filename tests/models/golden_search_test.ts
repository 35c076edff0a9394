import { eta, sdim, sim, twin } from "../../models/mod.ts";
import { checkGolden, type Convert, type GoldenTensor, inTurn, rename, transpose } from "../golden.ts";

const HEADS = 2;

/** Turns [rows, columns] into [columns, rows]. */
function turned(data: readonly number[], columns: number): number[] {
  const rows = data.length / columns;
  return data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)]);
}

/** Keys' and values' weights by head; the cases have [A, N]. */
function byHead(tensor: GoldenTensor): GoldenTensor {
  const [units, width] = tensor.shape;
  const { name, data } = tensor;
  if (name.endsWith(".k.weight")) return { name, shape: [HEADS, units / HEADS, width], data };
  const head = data.length / HEADS;
  const heads = Array.from({ length: HEADS }, (_, h) => turned(data.slice(h * head, (h + 1) * head), width));
  return { name, shape: [HEADS, width, units / HEADS], data: heads.flat() };
}

/** Columns of a first layer in order of the fields; the cases have fields 1 and 2, the targets, after all others. */
function inOrder({ name, shape, data }: GoldenTensor): GoldenTensor {
  const [dim, order] = [4, [0, 3, 4, 1, 2]];
  const place = (column: number): number => {
    const field = Math.floor(column / dim);
    return field < order.length ? order.indexOf(field) * dim + column % dim : column;
  };
  const columns = shape[1];
  return { name, shape, data: data.map((_, i) => data[i - i % columns + place(i % columns)]) };
}

/** Directions by hash and bit; the cases have [N, hashes, bits], or [N, bits] of one code. */
function directions({ shape: [width, ...codes], data }: GoldenTensor): GoldenTensor {
  const [hashes, bits] = codes.length === 2 ? codes : [1, codes[0]];
  return { name: "hash.directions", shape: [hashes, bits, width], data: turned(data, hashes * bits) };
}

const convert: Convert = (tensors) =>
  tensors.map((tensor) => {
    if (/^(short|long)\.[kv]\.weight$/.test(tensor.name)) return byHead(tensor);
    if (/^(mlp|search)\.0\.weight$/.test(tensor.name)) return inOrder(tensor);
    // The search goes through the items' weights backwards.
    if (tensor.name === "relevance.b.weight") return transpose(tensor);
    return tensor.name === "rotations" ? directions(tensor) : tensor;
  });
const search = inTurn(rename([/^w([ab])\./, "relevance.$1."], [/^aux\./, "search."]), convert);

const sizes = { dim: 4, hidden: [8, 6], units: 6, heads: HEADS, window: 3 };

for (const normalize of [false, true]) {
  const name = normalize ? "sdim_l2" : "sdim";
  Deno.test(`${name} equals FuxiCTR in logits, gradients and three steps`, () =>
    checkGolden(name, sdim({ ...sizes, hashes: 3, bits: 2, normalize }), convert));
}
Deno.test("eta equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("eta", eta({ ...sizes, bits: 6, top: 3 }), convert));
Deno.test("twin equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("twin", twin({ ...sizes, top: 3 }), convert));
Deno.test("sim with a soft search equals FuxiCTR in logits, gradients and three steps", () =>
  checkGolden("sim_soft", sim({ ...sizes, top: 3 }), search));
Deno.test("sim with a search by category equals PyTorch in logits, gradients and three steps", () =>
  checkGolden("sim_hard", sim({ ...sizes, search: "hard", top: 3 }), convert));
