import { Graph } from "../../../src/graph/graph.ts";
import { gatedAttention } from "../../../src/ops/sequence/gated_attention.ts";
import { assertThrows } from "@std/assert";
import { drawLengths, gatedAttention as reference, type GatedSizes } from "../../reference/history.ts";
import { checkOp } from "../../support.ts";

const EPS = 1e-6;

const SMALL = { batch: 5, places: 6, heads: 2, query: 4, value: 4, scale: 0.5, causal: true };
const CASES: Record<string, Omit<GatedSizes, "eps">> = {
  "softmax weights": SMALL,
  "silu weights": { ...SMALL, divisor: 3, targets: 1 },
  "silu weights, seen as they are": { ...SMALL, divisor: 3, targets: 1, sees: true },
  "odd widths": { ...SMALL, query: 3, value: 5, divisor: 2 },
  "odd widths, seen as they are": { ...SMALL, query: 3, value: 1, divisor: 2, sees: true },
};

for (const [name, sizes] of Object.entries(CASES)) {
  Deno.test(`gated attention with ${name} matches its reference and central differences`, () => {
    const { batch, places, heads, query, value, targets = 0, divisor, sees, ...mask } = sizes;
    const width = heads * value;
    return checkOp({
      inputs: { x: ["B", places, 2 * heads * (query + value)], lengths: ["B"], gamma: [width], beta: [width] },
      ...{ integers: ["lengths"], batch },
      prepare: { lengths: drawLengths(places - targets), x: (values) => values.map((v) => 3 * v) },
      build: ({ x, lengths, gamma, beta }) => {
        const weights = divisor ? { divisor } : "softmax";
        return gatedAttention(x, lengths, { gamma, beta }, {
          ...{ ...mask, targets, heads, valueWidth: value, weights, eps: EPS, sees },
        });
      },
      reference: ({ x, lengths, gamma, beta }) => reference({ ...sizes, eps: EPS }, x, lengths, gamma, beta),
      rtol: 5e-5,
      atol: 4e-6,
    });
  });
}

Deno.test("gated attention refuses columns that leave no queries, and scales of another width", () => {
  const graph = new Graph("train");
  const [x, lengths] = [graph.input("x", ["B", 4, 16]), graph.input("lengths", ["B"], "u32")];
  const [gamma, beta] = [graph.input("gamma", [4]), graph.input("beta", [4])];
  const options = { heads: 1, scale: 1 };
  assertThrows(
    () => gatedAttention(x, lengths, { gamma, beta }, { ...options, valueWidth: 8 }),
    RangeError,
    "received 8 columns",
  );
  assertThrows(
    () => gatedAttention(x, lengths, { gamma, beta }, { ...options, valueWidth: 6 }),
    TypeError,
    "the scale must have shape [6], received [4]",
  );
});
