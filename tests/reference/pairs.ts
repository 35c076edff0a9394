/** Float64 loops over pairs of fields i < j, in the order (0, 1), (0, 2), ..., (1, 2), ... */

/** Calls `visit` with each pair and its number. */
export function eachPair(fields: number, visit: (i: number, j: number, p: number) => void): void {
  let p = 0;
  for (let i = 0; i < fields; i++) for (let j = i + 1; j < fields; j++) visit(i, j, p++);
}

/** y[b, :] = sum_{i<j} e[b, i, :] e[b, j, :]. */
export function biInteractionReference(e: ArrayLike<number>, fields: number, dim: number): Float64Array {
  const batch = e.length / (fields * dim);
  const y = new Float64Array(batch * dim);
  for (let b = 0; b < batch; b++) {
    eachPair(fields, (i, j) => {
      for (let d = 0; d < dim; d++) y[b * dim + d] += e[(b * fields + i) * dim + d] * e[(b * fields + j) * dim + d];
    });
  }
  return y;
}

/**
 * q[b, p] = sum_d s_p[d] e[b, i, d] e[b, j, d].
 *
 * @param strengths numbers [P] or vectors [P, D]
 */
export function innerProductReference(
  e: ArrayLike<number>,
  fields: number,
  dim: number,
  strengths?: ArrayLike<number>,
): Float64Array {
  const batch = e.length / (fields * dim);
  const pairs = fields * (fields - 1) / 2;
  const width = strengths ? strengths.length / pairs : 1;
  const q = new Float64Array(batch * pairs);
  for (let b = 0; b < batch; b++) {
    eachPair(fields, (i, j, p) => {
      for (let d = 0; d < dim; d++) {
        const product = e[(b * fields + i) * dim + d] * e[(b * fields + j) * dim + d];
        q[b * pairs + p] += product * (strengths ? strengths[p * width + d % width] : 1);
      }
    });
  }
  return q;
}

/** Sums consecutive groups of `width` numbers. */
export function groupSums(x: ArrayLike<number>, width: number): Float64Array {
  const y = new Float64Array(x.length / width);
  for (let i = 0; i < x.length; i++) y[Math.floor(i / width)] += x[i];
  return y;
}

/** r[b, p, d] = (sum_c e[b, i, c] W_p[c, d]) e[b, j, d]. */
export function matrixElementsReference(
  e: ArrayLike<number>,
  fields: number,
  dim: number,
  matrices: ArrayLike<number>,
): Float64Array {
  const batch = e.length / (fields * dim);
  const pairs = fields * (fields - 1) / 2;
  const r = new Float64Array(batch * pairs * dim);
  for (let b = 0; b < batch; b++) {
    eachPair(fields, (i, j, p) => {
      for (let d = 0; d < dim; d++) {
        let sum = 0;
        for (let c = 0; c < dim; c++) sum += e[(b * fields + i) * dim + c] * matrices[(p * dim + c) * dim + d];
        r[(b * pairs + p) * dim + d] = sum * e[(b * fields + j) * dim + d];
      }
    });
  }
  return r;
}

/** r[b, p, d] = u[b, i, d] x[b, j, d]. */
export function pairElementsReference(
  u: ArrayLike<number>,
  x: ArrayLike<number>,
  fields: number,
  dim: number,
): Float64Array {
  const batch = u.length / (fields * dim);
  const pairs = fields * (fields - 1) / 2;
  const r = new Float64Array(batch * pairs * dim);
  for (let b = 0; b < batch; b++) {
    eachPair(fields, (i, j, p) => {
      for (let d = 0; d < dim; d++) {
        r[(b * pairs + p) * dim + d] = u[(b * fields + i) * dim + d] * x[(b * fields + j) * dim + d];
      }
    });
  }
  return r;
}
