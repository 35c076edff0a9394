// First-order weights in float32; no entry points.
//   weight_of(row)  linear[row]
@group(0) @binding(3) var<storage, read> linear: array<f32>;

fn weight_of(row: u32) -> f32 {
  return linear[row];
}
