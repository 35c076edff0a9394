// First-order weights in float16, two in a word; no entry points.
//   weight_of(row)  linear[row]
@group(0) @binding(3) var<storage, read> linear: array<u32>;

fn weight_of(row: u32) -> f32 {
  let pair = unpack2x16float(linear[row / 2u]);
  return select(pair.x, pair.y, (row & 1u) == 1u);
}
