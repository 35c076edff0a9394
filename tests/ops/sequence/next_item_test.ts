import { nextItemLoss, nextItemPairs } from "../../../src/ops/sequence/next_item.ts";
import { Graph } from "../../../src/graph/graph.ts";
import { assertEquals, assertThrows } from "@std/assert";
import {
  drawLengths,
  type HistorySizes,
  nextItemLoss as lossReference,
  nextItemPairs as pairsReference,
} from "../../reference/history.ts";
import { run } from "../../run.ts";
import { assertClose, centralDifferences, checkOp, runOp, step } from "../../support.ts";

/** Batches, places, units of a state and numbers of an item that go wrong most easily. */
const SIZES = [[1, 1, 1, 1], [37, 6, 4, 3], [5, 7, 17, 20], [3, 2, 1, 65]];

for (const [batch, places, units, width] of SIZES) {
  const sizes: HistorySizes = { batch, places, width };
  const shape = `[${batch}, ${places}, ${units} and ${width}]`;
  Deno.test(`states beside next items ${shape} match their reference and central differences`, () =>
    checkOp({
      inputs: { h: ["B", places, units], x: ["B", places, width], n: ["B", places, width] },
      batch,
      sampled: 200,
      build: ({ h, x, n }) => nextItemPairs(h, x, n),
      reference: ({ h, x, n }) => pairsReference(sizes, units, h, x, n),
    }));

  Deno.test(`the loss of next items ${shape} and its gradient match their reference`, async () => {
    const weight = 0.7;
    const { values, upstream, y, gradients } = await runOp({
      inputs: { logits: ["B", 1], scores: ["B", 2 * places, 1], lengths: ["B"] },
      integers: ["lengths"],
      batch,
      prepare: { lengths: drawLengths(places), scores: (scores) => scores.map((score) => 4 * score) },
      build: ({ logits, scores, lengths }) => nextItemLoss(logits, scores, lengths, weight),
    });
    assertEquals(y, Float32Array.from(values.logits));
    assertEquals(gradients.get("logits"), Float32Array.from(upstream));
    const loss = ({ scores, lengths }: typeof values) =>
      Float64Array.of(weight * lossReference(sizes, scores, lengths));
    const expected = centralDifferences(loss, values, "scores", Float64Array.of(1));
    assertClose(gradients.get("scores")!, expected, "dscores", { rtol: 2e-5 });

    const graph = new Graph("train");
    const scores = graph.input("scores", ["B", 2 * places, 1]);
    nextItemLoss(scores, scores, graph.input("lengths", ["B"], "u32"), weight);
    const inputs = { scores: Float32Array.from(values.scores), lengths: Uint32Array.from(values.lengths) };
    const [term] = await run([...graph.terms], { batch, steps: [step(batch)], inputs });
    assertClose(new Float32Array(term), loss(values), "term", { rtol: 2e-6 });
  });
}

Deno.test("the loss of next items has no gradient in a batch without any, and none that is not finite", async () => {
  const run = (length: number) =>
    runOp({
      inputs: { logits: ["B", 1], scores: ["B", 4, 1], lengths: ["B"] },
      integers: ["lengths"],
      batch: 2,
      prepare: {
        lengths: (values) => values.map(() => length),
        scores: (values) => values.map((v, i) => i % 2 ? 500 : -500 + v),
      },
      build: ({ logits, scores, lengths }) => nextItemLoss(logits, scores, lengths, 1),
    });
  assertEquals((await run(1)).gradients.get("scores"), new Float32Array(8));
  assertClose((await run(2)).gradients.get("scores")!, [0, 0, -0.5, 0.5, 0, 0, -0.5, 0.5], "dscores");
});

Deno.test("the loss of next items leaves predictions alone and refuses other shapes", () => {
  const predicting = new Graph("predict");
  const z = predicting.input("z", ["B", 1]);
  assertEquals(nextItemLoss(z, z, z, 1), z);
  const graph = new Graph("train");
  const [y, scores, lengths] = [
    graph.input("y", ["B", 1]),
    graph.input("scores", ["B", 5, 1]),
    graph.input("lengths", ["B"], "u32"),
  ];
  assertThrows(() => nextItemLoss(y, scores, lengths, 1), TypeError, "scores must have shape [B, 6, 1]");
  const [h, x] = [graph.input("h", ["B", 3, 2]), graph.input("x", ["B", 3, 4])];
  assertThrows(() => nextItemPairs(h, x, h), TypeError, "negatives must have shape [B, 3, 4], received [B, 3, 2]");
  assertThrows(() => nextItemPairs(scores, x, x), TypeError, "states must have shape [B, 3, 1], received [B, 5, 1]");
});
