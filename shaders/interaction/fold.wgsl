// Sum of one number over the 64 lanes of a workgroup, in a fixed tree.
var<workgroup> fold: array<f32, 64>;

fn folded(lane: u32, value: f32) -> f32 {
  fold[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { fold[lane] += fold[lane + half]; }
    workgroupBarrier();
  }
  let sum = fold[0];
  workgroupBarrier();
  return sum;
}
