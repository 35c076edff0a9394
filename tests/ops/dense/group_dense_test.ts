import { Graph } from "../../../src/graph/graph.ts";
import { groupDense } from "../../../src/ops/dense/group_dense.ts";
import { type RowGroups, rowGroups } from "../../../src/ops/dense/row_groups.ts";
import { starParameters } from "../../../src/ops/dense/star_parameters.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { bend, groupDense as reference } from "../../reference/domains.ts";
import { checkOp, runOp } from "../../support.ts";

const integers = ["groups"];

/** Groups below `count`, in padding rows too; with `absent` there is one that no row is of. */
const draw = (count: number, absent?: number) => (values: Float64Array): Float64Array =>
  values.map((value) => {
    const group = Math.floor((value + 1) / 2 * count);
    return group === absent ? (group + 1) % count : group;
  });

for (
  const { batch, count, absent } of [
    { batch: 1, count: 1 },
    { batch: 37, count: 5 },
    { batch: 300, count: 3, absent: 1 },
    { batch: 1000, count: 7, absent: 6 },
  ]
) {
  Deno.test(`rows are sorted by group in their order: ${batch} rows, ${count} groups`, async () => {
    const run = (pick: (groups: RowGroups) => keyof RowGroups & ("order" | "offsets")) =>
      runOp({
        inputs: { groups: ["B"] },
        ...{ integers, batch, prepare: { groups: draw(count, absent) } },
        build: ({ groups }) => {
          const sorted = rowGroups(groups, count);
          return sorted[pick(sorted)];
        },
      });
    const { y, values: { groups } } = await run(() => "order");
    const rows = Array.from({ length: batch }, (_, b) => b);
    assertEquals([...new Uint32Array(y.buffer)], rows.toSorted((a, b) => groups[a] - groups[b]));
    const offsets = await run(() => "offsets");
    const starts = Array.from({ length: count + 1 }, (_, g) => groups.filter((group) => group < g).length);
    assertEquals([...new Uint32Array(offsets.y.buffer)], starts);
  });
}

for (
  const { batch, inputs, outputs, count, absent, rows } of [
    { batch: 1, inputs: 1, outputs: 1, count: 1 },
    { batch: 37, inputs: 17, outputs: 5, count: 3 },
    { batch: 70, inputs: 16, outputs: 33, count: 4, absent: 2 },
    { batch: 20, inputs: 4, outputs: 3, count: 2, rows: 11 },
    { batch: 90, inputs: 70, outputs: 72, count: 2, rows: 80 },
  ]
) {
  const sizes = { inputs, outputs };
  Deno.test(`group_dense matches its reference: ${JSON.stringify({ batch, ...sizes, count, absent, rows })}`, () =>
    checkOp({
      inputs: { x: ["B", inputs], w: [count, inputs, outputs], bias: [count, outputs], groups: ["B"] },
      ...{ integers, batch, rows, prepare: { groups: draw(count, absent) }, sampled: 600 },
      build: ({ x, w, bias, groups }) => groupDense(x, w, bias, rowGroups(groups, count)),
      reference: (values) => reference(values, sizes),
    }));
}

for (const alone of [false, true]) {
  Deno.test(`shared parameters bent by group match their reference, group 0 alone: ${alone}`, () => {
    const [own, inputs, outputs] = [3, 5, 7];
    return checkOp({
      inputs: {
        ...{ x: ["B", inputs], groups: ["B"], shared: [inputs, outputs], own: [own, inputs, outputs] },
        ...{ bias: [outputs], ownBias: [own, outputs] },
      },
      ...{ integers, batch: 40, prepare: { groups: draw(own + Number(alone)) } },
      build: ({ x, groups, shared, own, bias, ownBias }) => {
        const bent = starParameters({ weight: shared, bias }, { weight: own, bias: ownBias }, alone);
        return groupDense(x, bent.weight, bent.bias, rowGroups(groups, Number(bent.weight.shape[0])));
      },
      reference: ({ x, groups, shared, own, bias, ownBias }) => {
        const [w, b] = [bend(shared, own, "times", alone), bend(bias, ownBias, "plus", alone)];
        return reference({ x, groups, w, bias: b }, { inputs, outputs });
      },
    });
  });
}

Deno.test("layers by group refuse shapes that do not fit", () => {
  const graph = new Graph("train");
  const [x, w, bias] = [graph.input("x", ["B", 4]), graph.input("w", [2, 4, 3]), graph.input("bias", [2, 3])];
  const ids = graph.input("ids", ["B"], "u32");
  assertThrows(() => groupDense(x, w, bias, rowGroups(ids, 3)), TypeError, "weights and biases of 3 groups");
  assertThrows(() => groupDense(x, w, x, rowGroups(ids, 2)), TypeError, "received [B, 4], [2, 4, 3], [B, 4]");
  assertThrows(() => rowGroups(x, 2), TypeError, "u32 of shape [B], received f32 [B, 4]");
  assertThrows(() => rowGroups(ids, 0), RangeError, "a whole number of groups, received 0");
  assertThrows(() => starParameters({ weight: w, bias }, { weight: w, bias }, false), TypeError, "shapes by group");
});
