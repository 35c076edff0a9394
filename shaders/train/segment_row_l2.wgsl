// L2 of the rows that a batch holds, each with a strength of its own: the gradient gains row_l2[row] row, once.
@group(0) @binding(13) var<storage, read> row_l2: array<f32>;  // by row of the shard

fn add_row_l2(number: u32, part: u32) {
  let at = number * STRIDE + part * SPAN;
  for (var j = 0u; j < SPAN; j++) { sum[j] += row_l2[number] * weights[at + j]; }
}
