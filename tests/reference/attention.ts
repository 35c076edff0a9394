/** Multi-head self-attention over fields in float64. */
export interface AttentionSizes {
  fields: number;
  heads: number;
  width: number;
  stride: number;
  scale: number;
}

/** Returns weights [B, H, F, F]. */
export function attentionWeights(p: Float64Array, sizes: AttentionSizes): Float64Array {
  const { fields, heads, width, stride, scale } = sizes;
  const head = width / heads;
  const batch = p.length / (fields * stride);
  const weights = new Float64Array(batch * heads * fields * fields);
  for (let row = 0; row < batch * heads * fields; row++) {
    const i = row % fields;
    const h = Math.floor(row / fields) % heads;
    const b = Math.floor(row / fields / heads);
    const scores = Array.from({ length: fields }, (_, j) => {
      let sum = 0;
      for (let c = h * head; c < (h + 1) * head; c++) {
        sum += p[(b * fields + i) * stride + c] * p[(b * fields + j) * stride + width + c];
      }
      return scale * sum;
    });
    const top = Math.max(...scores);
    const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
    scores.forEach((score, j) => weights[row * fields + j] = Math.exp(score - top) / total);
  }
  return weights;
}

/** Returns softmax(scale q k^T) v, head by head. */
export function attentionReference(p: Float64Array, sizes: AttentionSizes): Float64Array {
  const { fields, heads, width, stride } = sizes;
  const weights = attentionWeights(p, sizes);
  const head = width / heads;
  const rows = p.length / stride;
  return Float64Array.from({ length: rows * width }, (_, at) => {
    const c = at % width;
    const row = Math.floor(at / width);
    const b = Math.floor(row / fields);
    const from = ((b * heads + Math.floor(c / head)) * fields + row % fields) * fields;
    let sum = 0;
    for (let j = 0; j < fields; j++) sum += weights[from + j] * p[(b * fields + j) * stride + 2 * width + c];
    return sum;
  });
}
