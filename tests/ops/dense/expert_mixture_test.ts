import { Graph } from "../../../src/graph/graph.ts";
import { mixExperts } from "../../../src/ops/dense/expert_mixture.ts";
import { assertThrows } from "@std/assert";
import { expertMixtureReference } from "../../reference/expert_mixture.ts";
import { checkOp } from "../../support.ts";

const CASES = [
  { batch: 1, sums: 1, width: 1, experts: 1, units: 1, own: 0, first: 0 },
  { batch: 37, sums: 2, width: 3, experts: 3, units: 6, own: 0, first: 0 },
  { batch: 5, sums: 3, width: 4, experts: 8, units: 17, own: 2, first: 6 },
  { batch: 9, sums: 1, width: 2, experts: 6, units: 8, own: 0, first: 4 },
  { batch: 4, sums: 2, width: 1, experts: 5, units: 4, own: 1, first: 2 },
];

for (const { batch, ...sizes } of CASES) {
  const { sums, width, experts, units, own, first } = sizes;
  Deno.test(`${sums} sums over ${own} own and ${width - own} shared of ${experts} experts match the reference`, () =>
    checkOp({
      inputs: { gates: ["B", sums, width], experts: ["B", experts, units] },
      batch,
      build: ({ gates, experts }) => mixExperts(gates, experts, { own, first }),
      reference: ({ gates, experts }) => expertMixtureReference(gates, experts, sizes),
    }));
}

Deno.test("mixExperts refuses gates for more experts than there are", () => {
  const graph = new Graph("train");
  const gates = graph.input("gates", ["B", 2, 3]);
  const experts = graph.input("experts", ["B", 4, 8]);
  const message = "gates [B, S, J] must be of 1 own experts and of others from 3 on among experts [B, E, H]";
  assertThrows(() => mixExperts(gates, experts, { own: 1, first: 3 }), TypeError, message);
  assertThrows(() => mixExperts(gates, graph.input("flat", ["B", 24])), TypeError, "received [B, 2, 3] and [B, 24]");
});
