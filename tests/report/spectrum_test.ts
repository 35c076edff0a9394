import {
  effectiveRank,
  informationAbundance,
  singularValues,
  symmetricEigenvalues,
} from "../../src/report/measure/spectrum.ts";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { randomArray } from "../support.ts";

function assertNear(actual: readonly number[], expected: readonly number[], tolerance: number): void {
  assertEquals(actual.length, expected.length);
  actual.forEach((value, i) => assertAlmostEquals(value, expected[i], tolerance));
}

/** Returns the rows of the reflection 1 - 2 v v^T / |v|^2, which keeps all lengths. */
function reflection(size: number, seed: number): number[][] {
  const v = randomArray(size, seed);
  const square = v.reduce((sum, x) => sum + x * x, 0);
  return Array.from(
    { length: size },
    (_, i) => Array.from({ length: size }, (_, j) => Number(i === j) - 2 * v[i] * v[j] / square),
  );
}

Deno.test("eigenvalues are those of matrices whose eigenvalues are known", () => {
  assertNear(symmetricEigenvalues([2, 1, 1, 2], 2), [3, 1], 1e-14);
  assertNear(symmetricEigenvalues([1, 0, 0, 0, -5, 0, 0, 0, 3], 3), [3, 1, -5], 0);
  // The second difference of n points has the eigenvalues 2 - 2 cos(k pi / (n + 1)).
  const n = 12;
  const difference = Array.from({ length: n * n }, (_, at) => {
    const distance = Math.abs(Math.floor(at / n) - at % n);
    return distance === 0 ? 2 : distance === 1 ? -1 : 0;
  });
  const known = Array.from({ length: n }, (_, k) => 2 - 2 * Math.cos((n - k) * Math.PI / (n + 1)));
  assertNear(symmetricEigenvalues(difference, n), known, 1e-13);
  // Hilbert's matrix of size 4, whose numbers differ by four orders.
  const hilbert = Array.from({ length: 16 }, (_, at) => 1 / (Math.floor(at / 4) + at % 4 + 1));
  assertNear(
    symmetricEigenvalues(hilbert, 4),
    [1.5002142800592428, 0.16914122022144999, 0.006738273605760748, 9.670230402258655e-5],
    1e-14,
  );
});

Deno.test("singular values survive rotations of rows and columns", () => {
  const [dim, rows] = [6, 40];
  const values = [9, 4, 2, 1, 0.5, 0];
  const [left, right] = [reflection(rows, 3), reflection(dim, 5)];
  const matrix = left.flatMap((row) =>
    Array.from({ length: dim }, (_, j) => values.reduce((sum, value, k) => sum + row[k] * value * right[k][j], 0))
  );
  assertNear(singularValues(matrix, dim), values, 1e-7);
});

Deno.test("equal dimensions are all in use, and one dimension is one", () => {
  assertEquals([informationAbundance([2, 2, 2]), informationAbundance([5, 0, 0])], [3, 1]);
  assertAlmostEquals(effectiveRank([2, 2, 2]), 3, 1e-12);
  assertAlmostEquals(effectiveRank([5, 0, 0]), 1, 1e-12);
  assertEquals([informationAbundance([0, 0]), effectiveRank([])], [0, 0]);
});

Deno.test("a matrix of another size, or with numbers that are none, is refused", () => {
  assertThrows(() => symmetricEigenvalues([1, 2], 2), RangeError, "must have 4 numbers, received 2");
  assertThrows(() => singularValues([1, NaN], 2), RangeError, "numbers must be finite, received NaN");
});
