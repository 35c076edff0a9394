import golden from "../golden/calibration.json" with { type: "json" };
import { interpolate, probabilityOf } from "../../src/calibration/curve.ts";
import { fitIsotonic, fitLogistic } from "../../src/calibration/fit.ts";
import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { assertClose, randomArray } from "../support.ts";

const { logits, labels } = golden;

Deno.test("Platt's curve equals scikit-learn's logistic regression", () => {
  const curve = fitLogistic({ x: logits, labels });
  assertAlmostEquals(curve.slope, golden.platt.a, 1e-9);
  assertAlmostEquals(curve.shift, golden.platt.b, 1e-9);
  assertClose(logits.map((z) => probabilityOf(curve, z)), golden.platt.probs, "probabilities", { rtol: 1e-9 });
});

for (const { name, weights, ...expected } of golden.isotonic.cases) {
  Deno.test(`the isotonic curve of ${name} equals scikit-learn's`, () => {
    const curve = fitIsotonic({ x: golden.isotonic.x, labels, weights: weights ?? undefined });
    assertEquals(curve.x, expected.thresholds_x);
    assertClose(curve.y, expected.thresholds_y, "thresholds", { rtol: 1e-9 });
    assertClose(golden.isotonic.x.map((x) => interpolate(curve, x)), expected.fitted_at_x, "fitted", { rtol: 1e-9 });
    assertClose(expected.grid.map((x) => interpolate(curve, x)), expected.predict_at_grid, "grid", { rtol: 1e-9 });
  });
}

Deno.test("a temperature and a shift of the rate are where the derivative of the log loss is 0", () => {
  const x = Array.from(randomArray(500, 1), (u) => 8 * u);
  const labels = Array.from(randomArray(500, 2), (u, i) => Number((u + 1) / 2 < 1 / (1 + Math.exp(-0.4 * x[i] - 1))));
  const loss = (slope: number, shift: number) =>
    x.reduce((sum, z, i) => sum + Math.log1p(Math.exp((labels[i] ? -1 : 1) * (slope * z + shift))), 0);
  const temperature = fitLogistic({ x, labels }, { shift: 0 });
  assertEquals(temperature.shift, 0);
  assertAlmostEquals(loss(temperature.slope + 1e-4, 0), loss(temperature.slope - 1e-4, 0), 1e-7);
  const shift = fitLogistic({ x, labels }, { slope: 1 });
  assertEquals(shift.slope, 1);
  assertAlmostEquals(loss(1, shift.shift + 1e-4), loss(1, shift.shift - 1e-4), 1e-7);
});

Deno.test("weights count as repeated rows", () => {
  const observations = { x: [0.3, -1, 2, 0.3], labels: [1, 0, 0, 0], weights: [2, 1, 3, 0] };
  const repeated = { x: [0.3, 0.3, -1, 2, 2, 2], labels: [1, 1, 0, 0, 0, 0] };
  assertAlmostEquals(fitLogistic(observations).slope, fitLogistic(repeated).slope, 1e-9);
  assertEquals(fitIsotonic(observations), fitIsotonic(repeated));
});

Deno.test("logits that tell all labels apart have no curve, and those of one value have a shift", () => {
  assertThrows(() => fitLogistic({ x: [-1, 1], labels: [0, 1] }), RangeError, "received 2 rows where they do");
  const level = fitLogistic({ x: [2, 2, 2, 2], labels: [1, 0, 0, 0] });
  assertAlmostEquals(probabilityOf(level, 2), 0.25, 1e-9);
  const one = fitIsotonic({ x: [0.5, 0.5], labels: [1, 0] });
  assertEquals([interpolate(one, 0), interpolate(one, 0.5), interpolate(one, 1)], [0.5, 0.5, 0.5]);
});

Deno.test("fits of extreme logits are finite", () => {
  const x = [-300, -200, 100, 400, 50, -50];
  const curve = fitLogistic({ x, labels: [0, 1, 1, 0, 1, 0] });
  assert([curve.slope, curve.shift].every(Number.isFinite));
  assertEquals(probabilityOf({ kind: "logistic", slope: 1, shift: 0 }, -1000), 0);
});
