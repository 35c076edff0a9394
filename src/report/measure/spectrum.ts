/**
 * Singular values of tall matrices, and what they tell of the dimensions that embeddings use.
 *
 * @module
 */

/** Sweeps of Jacobi's method; it converges quadratically, in fewer than ten for any matrix seen. */
const MOST_SWEEPS = 60;

/**
 * Computes the eigenvalues of a symmetric matrix by cyclic Jacobi rotations, in float64.
 *
 * Each rotation zeroes one pair of elements off the diagonal; sweeps over all pairs go on until what is left there is
 * below the rounding of the diagonal. Golub and Van Loan, Matrix Computations, section 8.5.
 *
 * @param matrix `[n, n]`, row-major; only its symmetric part counts
 * @param n its size
 * @returns eigenvalues in falling order
 * @throws {RangeError} when the matrix has not n^2 numbers, or one is not finite
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): number[] {
  if (matrix.length !== n * n) {
    throw new RangeError(
      `Cannot compute eigenvalues: the matrix must have ${n * n} numbers, received ${matrix.length}`,
    );
  }
  const a = Float64Array.from({ length: n * n }, (_, i) => (matrix[i] + matrix[(i % n) * n + Math.floor(i / n)]) / 2);
  const bad = a.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new RangeError(`Cannot compute eigenvalues: numbers must be finite, received ${a[bad]}`);
  const scale = Math.sqrt(a.reduce((sum, value) => sum + value * value, 0));
  for (let sweep = 0; sweep < MOST_SWEEPS && offDiagonal(a, n) > Number.EPSILON * scale; sweep++) {
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, n, p, q);
  }
  return Array.from({ length: n }, (_, i) => a[i * n + i]).sort((x, y) => y - x);
}

function offDiagonal(a: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) sum += a[i * n + j] ** 2;
  return Math.sqrt(sum);
}

/** Turns the plane of axes p and q so that a[p, q] becomes 0. */
function rotate(a: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q];
  if (apq === 0) return;
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < n; k++) {
    const [akp, akq] = [a[k * n + p], a[k * n + q]];
    a[k * n + p] = c * akp - s * akq;
    a[k * n + q] = s * akp + c * akq;
  }
  for (let k = 0; k < n; k++) {
    const [apk, aqk] = [a[p * n + k], a[q * n + k]];
    a[p * n + k] = c * apk - s * aqk;
    a[q * n + k] = s * apk + c * aqk;
  }
}

/**
 * Computes the singular values of rows `[rows, D]` from the eigenvalues of their Gram matrix `[D, D]` in float64: tables
 * have many rows and few columns. Values below about 1e-8 of the largest one are lost in its rounding, and are 0 here.
 *
 * @param values row-major, D numbers a row
 * @param dim D
 * @returns D singular values in falling order
 * @throws {RangeError} when a number is not finite
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 *
 * assert.deepEqual(singularValues([3, 0, 0, 4, 0, 0], 2), [4, 3]);
 * ```
 */
export function singularValues(values: ArrayLike<number>, dim: number): number[] {
  const gram = new Float64Array(dim * dim);
  for (let at = 0; at < values.length; at += dim) {
    for (let i = 0; i < dim; i++) {
      const x = values[at + i];
      for (let j = 0; j <= i; j++) gram[i * dim + j] += x * values[at + j];
    }
  }
  for (let i = 0; i < dim; i++) for (let j = i + 1; j < dim; j++) gram[i * dim + j] = gram[j * dim + i];
  const eigenvalues = symmetricEigenvalues(gram, dim);
  const floor = dim * Number.EPSILON * Math.max(0, eigenvalues[0] ?? 0);
  return eigenvalues.map((value) => (value > floor ? Math.sqrt(value) : 0));
}

/**
 * Computes the information abundance: the sum of the singular values over the largest, from 1 for a single dimension to D
 * for D equal ones (Guo et al.: On the Embedding Collapse when Scaling up Recommendation Models. ICML 2024).
 *
 * @returns 0 where all values are 0
 */
export function informationAbundance(singular: readonly number[]): number {
  const largest = Math.max(0, ...singular);
  return largest === 0 ? 0 : singular.reduce((sum, value) => sum + value, 0) / largest;
}

/**
 * Computes the effective rank exp(-sum p ln p) of the shares p of the singular values (Roy and Vetterli, EUSIPCO 2007).
 *
 * @returns 0 where all values are 0
 */
export function effectiveRank(singular: readonly number[]): number {
  const sum = singular.reduce((total, value) => total + value, 0);
  if (sum === 0) return 0;
  return Math.exp(
    -singular.reduce((total, value) => value > 0 ? total + (value / sum) * Math.log(value / sum) : total, 0),
  );
}
