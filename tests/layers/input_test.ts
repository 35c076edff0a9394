import { evenGroups, fieldGroups, type Input } from "../../src/layers/input.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/graph/tensor.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { checkOp } from "../support.ts";

const FIELDS = 5;
const DIM = 2;

function inputOf(graph: Graph): Input {
  const fields = Array.from({ length: FIELDS }, (_, f) => ({ name: `f${f}`, rows: 3, offset: 3 * f }));
  return {
    graph,
    ids: graph.input("ids", [FIELDS, "B"], "u32"),
    values: undefined,
    fields,
    rowCount: 3 * FIELDS,
    tasks: ["label"],
  };
}

function groupsOf(e: Tensor, groups: readonly (readonly string[])[]): Tensor[] {
  return fieldGroups(inputOf(e.graph), e, groups);
}

const cases: readonly (readonly (readonly string[])[])[] = [
  [["f0", "f1"], ["f2", "f3", "f4"]],
  [["f4", "f0"], ["f3", "f1"]],
  [["f1", "f2", "f3"], ["f3", "f2"]],
];
for (const groups of cases) {
  for (const [number, names] of groups.entries()) {
    Deno.test(`fieldGroups takes ${names} out of ${FIELDS} fields`, () =>
      checkOp({
        inputs: { e: ["B", FIELDS, DIM] },
        batch: 3,
        build: ({ e }) => groupsOf(e, groups)[number],
        reference: ({ e }) =>
          Float64Array.from({ length: 3 * names.length * DIM }, (_, i) => {
            const field = Number(names[Math.floor(i / DIM) % names.length].slice(1));
            return e[(Math.floor(i / (names.length * DIM)) * FIELDS + field) * DIM + i % DIM];
          }),
      }));
  }
}

Deno.test("fieldGroups refuses empty groups and unknown fields", () => {
  const e = new Graph("train").input("e", ["B", FIELDS, DIM]);
  assertThrows(() => groupsOf(e, [["f0"], []]), RangeError, "each group needs a field, received an empty one");
  assertThrows(() => groupsOf(e, [["f9"]]), RangeError, 'received "f9"');
});

Deno.test("evenGroups cuts fields in their order", () => {
  const x = inputOf(new Graph("train"));
  assertEquals(evenGroups(x, 2), [["f0", "f1", "f2"], ["f3", "f4"]]);
  assertEquals(evenGroups(x, 5).flat(), ["f0", "f1", "f2", "f3", "f4"]);
  assertThrows(() => evenGroups(x, 6), RangeError, "6 groups need a field each, received 5");
});
