import { Graph } from "../../../src/graph/graph.ts";
import { mixTokens } from "../../../src/ops/interaction/token_mixing.ts";
import { assertThrows } from "@std/assert";
import { tokenMixing } from "../../reference/token_mixing.ts";
import { checkOp } from "../../support.ts";

for (const [batch, tokens, width, rows] of [[1, 1, 1, 1], [37, 3, 5, 30], [5, 4, 4, 5], [9, 2, 6, 7]]) {
  Deno.test(`mixTokens of [${batch}, ${tokens}, ${tokens} x ${width}] matches its reference`, () =>
    checkOp({
      inputs: { x: ["B", tokens, tokens * width] },
      batch,
      rows,
      build: ({ x }) => mixTokens(x),
      reference: ({ x }) => tokenMixing(x, { batch, tokens, width }),
    }));
}

Deno.test("mixTokens refuses columns that the tokens do not divide", () => {
  const x = new Graph("train").input("x", ["B", 4, 6]);
  assertThrows(() => mixTokens(x), TypeError, "[B, T, M] with M a multiple of T, received [B, 4, 6]");
});
