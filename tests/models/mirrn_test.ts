import { mirrn, type MirrnOptions } from "../../models/mod.ts";
import { fourierFilter } from "../reference/fourier_filter.ts";
import { type Batch, concat, dense, embed, layerNorm, type Matrix, mlp, plus, type Weights } from "../reference/nn.ts";
import { codesOf } from "../reference/sign_hash.ts";
import { largestPlaces, targetHeads } from "../reference/target_heads.ts";
import { checkModel, type ModelShape } from "./check_model.ts";

const HEADS = 2;
const UNITS = 4;
const BITS = 5;

function mean(rows: Matrix, width: number): Float64Array {
  return Float64Array.from(
    { length: width },
    (_, n) => rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row[n], 0) / rows.length,
  );
}

/** Multiplies each of the heads' parts of a row with a matrix of its own. */
function byHead(row: Float64Array, weight: Float64Array): Float64Array {
  const [inner, size] = [row.length / HEADS, weight.length / HEADS];
  return Float64Array.from(
    Array.from({ length: HEADS }, (_, h) => {
      const own = { "w.weight": weight.subarray(h * size, (h + 1) * size) };
      return [...dense([row.subarray(h * inner, (h + 1) * inner)], own, "w")[0]];
    }).flat(),
  );
}

function attention(target: Float64Array, items: Matrix, weights: Weights, name: string): Float64Array {
  const sizes = { batch: 1, places: items.length, width: target.length, heads: HEADS };
  const flat = Float64Array.from(items.flatMap((row) => [...row]));
  const queries = byHead(dense([target], weights, `${name}.q`)[0], weights[`${name}.k.weight`]);
  const scaled = { ...sizes, scale: 1 / Math.sqrt(UNITS / HEADS) };
  const sums = targetHeads(scaled, queries, flat, Float64Array.of(items.length));
  return dense([byHead(sums, weights[`${name}.v.weight`])], weights, `${name}.o`)[0];
}

/** What the items that a query finds become, without those that the history lacks. */
function refined(
  items: Matrix,
  placed: Matrix,
  query: Float64Array,
  weights: Weights,
  list: number,
  top: number,
): Float64Array {
  const width = query.length;
  const hash = { batch: 1, places: 1, width, codes: 1, bits: BITS };
  const own = codesOf(hash, query, weights["hash.directions"]).join("");
  const scores = items.map((item) =>
    [...codesOf(hash, item, weights["hash.directions"]).join("")].filter((bit, i) => bit === own[i]).length
  );
  const found = largestPlaces(scores, top).map((place) => placed[place]);
  const sizes = { batch: 1, places: found.length, width };
  const filter = weights["fourier.filter"].subarray(2 * list * width, 2 * (list + 1) * width);
  const flat = Float64Array.from(found.flatMap((row) => [...row]));
  const filtered = fourierFilter(sizes, 1, flat, Float64Array.of(found.length), filter);
  const rows = found.map((_, t) => filtered.subarray(t * width, (t + 1) * width));
  return mean(found.length === 0 ? [] : layerNorm(plus(found, rows), weights, "fourier.ln", 1e-12), width);
}

function reference(weights: Weights, batch: Batch, places: number, options: MirrnOptions): Matrix {
  const { dim = 0, window = 0, recent = 0, top = 0 } = options;
  const e = embed(batch.ids, weights.embedding, dim);
  const interests = e.map((row, b) => {
    const items = embed(batch.events![b], weights.embedding, dim);
    const target = row.subarray(0, 2 * dim); // the history's sequences are of the first two fields
    const first = places - items.length;
    const placed = items.map((item, t) => item.map((value, n) => value + weights.position[(first + t) * 2 * dim + n]));
    const queries = [target, mean(items.slice(-recent), 2 * dim), mean(items, 2 * dim)];
    const vectors = queries.map((query, list) => refined(items, placed, query, weights, list, top));
    const short = attention(target, items.slice(-window), weights, "short");
    return Float64Array.of(...short, ...attention(target, vectors, weights, "long"));
  });
  return mlp(concat(e, interests), weights, "mlp", { batch });
}

const cases: [ModelShape, MirrnOptions][] = [
  [{ fields: 2, places: 1, dim: 1, rows: 4 }, { window: 1, recent: 1, top: 1 }],
  // Fewer items found than there are, and fewer of them newest.
  [{ fields: 3, places: 7, dim: 3, rows: 9 }, { window: 3, recent: 2, top: 4 }],
  // Searches that find all items.
  [{ fields: 2, places: 5, dim: 2, rows: 8 }, { window: 9, recent: 16, top: 50 }],
];
for (const [shape, sizes] of cases) {
  const options = { dim: shape.dim, hidden: [5], heads: HEADS, units: UNITS, bits: BITS, ...sizes };
  Deno.test(`mirrn with ${sizes.top} items of a search equals float64 for ${JSON.stringify(shape)}`, () =>
    checkModel(mirrn(options), shape, (weights, batch) => reference(weights, batch, shape.places!, options), {
      rtol: 5e-5,
    }));
}
