// A weighted mean of values as a term of the loss, with its gradient.
//   term = weight / n sum_b values[b] over the n = step.rows valid rows;  d_values[b] = weight / n there, 0 in padding rows
// Needs step.wgsl. Shapes: values, d_values [B]; term [1]; f32.
// Grid: one workgroup, whose threads add every 256th row and then their sums in a fixed tree: bit-reproducible.
struct Params { batch: u32, weight: f32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> d_values: array<f32>;
@group(0) @binding(2) var<storage, read_write> term: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> tree: array<f32, 256>;

@compute @workgroup_size(256)
fn mean(@builtin(local_invocation_index) lane: u32) {
  let share = params.weight / f32(max(step.rows, 1u));
  var sum = 0.0;
  for (var b = lane; b < params.batch; b += 256u) {
    let valid = b < step.rows;
    sum += select(0.0, values[b], valid);
    d_values[b] = select(0.0, share, valid);
  }
  tree[lane] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  if (lane == 0u) { term[0] = share * tree[0]; }
}
