import { Graph } from "../../../src/graph/graph.ts";
import { cartesian, polar } from "../../../src/ops/dense/polar.ts";
import { assertThrows } from "@std/assert";
import { assertClose, checkOp, runOp } from "../../support.ts";

const inputs = { a: ["B", 3, 5] as const, b: ["B", 3, 5] as const };

/** Keeps points away from the jump of the angle and from 0, where differences are none of the slope. */
const right = (values: Float64Array): Float64Array => values.map((value) => 1.2 + value);

for (const [name, prepare] of [["right of 0", { a: right }], ["above 0", { b: right }]] as const) {
  Deno.test(`polar gives the radius of points ${name}`, () =>
    checkOp({
      inputs,
      batch: 7,
      prepare,
      build: ({ a, b }) => polar(a, b).logRadius,
      reference: ({ a, b }) => a.map((x, i) => 0.5 * Math.log(x * x + b[i] * b[i] + 1e-8)),
    }));
  Deno.test(`polar gives the angle of points ${name}`, () =>
    checkOp({
      inputs,
      batch: 7,
      prepare,
      build: ({ a, b }) => polar(a, b).angle,
      reference: ({ a, b }) => a.map((x, i) => Math.atan2(b[i], x)),
    }));
}

for (const place of ["x", "y"] as const) {
  Deno.test(`cartesian gives ${place} of angles of several turns`, () =>
    checkOp({
      inputs,
      batch: 7,
      prepare: { b: (values) => values.map((value) => 20 * value) },
      build: ({ a, b }) => cartesian(a, b)[place],
      reference: ({ a, b }) => a.map((r, i) => Math.exp(r) * (place === "x" ? Math.cos(b[i]) : Math.sin(b[i]))),
    }));
}

Deno.test("polar gives angles all around, and 0 at 0", async () => {
  const around = Array.from({ length: 40 }, (_, i) => i === 0 ? [0, 0] : [Math.cos(i / 6), Math.sin(i / 6)]);
  const points = [...around, [1, 0], [-1, 0], [0, 1], [0, -1], [1e-3, 1], [1, -1e-3], [-2, -2]];
  const { y } = await runOp({
    inputs: { a: [points.length], b: [points.length] },
    batch: 1,
    prepare: { a: () => Float64Array.from(points, ([x]) => x), b: () => Float64Array.from(points, ([, y]) => y) },
    build: ({ a, b }) => polar(a, b).angle,
  });
  assertClose(y, points.map(([x, y]) => Math.atan2(y, x)), "angles", { rtol: 0, atol: 4e-7 });
});

Deno.test("polar refuses coordinates of different shapes", () => {
  const graph = new Graph("train");
  const [a, b] = [graph.input("a", ["B", 3]), graph.input("b", ["B", 4])];
  assertThrows(() => polar(a, b), TypeError, "both inputs must have shape [B, 3], received [B, 4]");
});
