// Elementwise arithmetic with broadcasting, and the sums that are its gradients.
//   multiply       y[i] = a[i] b[i % modulus]
//   multiply_each  y[i] = a[i] factors[(i / divisor) % modulus]
//   scale          y[i] = factor a[i]
//   subtract       y[i] = a[i] - b[i]
//   fill           y[i] = factor
//   row_dot        sums[r] = sum_n a[r, n] b[r, n]
//   column_dot     y[n] = sum_r a[r, n] b[r, n]
// Shapes: a, y [size]; row_dot and column_dot a, b [rows, width]; all but factors and sums in lanes; f32.
// Grid: one invocation per lane of y or row; column_dot one workgroup per column of lanes, whose lanes stride over rows
// and are folded in a fixed tree: bit-reproducible. Padded rows need no mask: one factor is an upstream gradient, which
// is 0 there.
struct Params { size: u32, divisor: u32, modulus: u32, width: u32, factor: f32 }
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> b: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@group(0) @binding(3) var<uniform> params: Params;
@group(0) @binding(4) var<storage, read> factors: array<f32>;
@group(0) @binding(5) var<storage, read_write> sums: array<f32>;

var<workgroup> partial: array<Lane, 64>;

@compute @workgroup_size(256)
fn multiply(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] * b[i % params.modulus];
}

@compute @workgroup_size(256)
fn multiply_each(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] * factors[i / params.divisor % params.modulus];
}

@compute @workgroup_size(256)
fn scale(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = params.factor * a[i];
}

@compute @workgroup_size(256)
fn subtract(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = a[i] - b[i];
}

@compute @workgroup_size(256)
fn fill(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = Lane(params.factor);
}

@compute @workgroup_size(64)
fn row_dot(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.size) { return; }
  let first = row * params.width;
  var sum = Lane();
  for (var n = 0u; n < params.width; n++) { sum += a[first + n] * b[first + n]; }
  sums[row] = total(sum);
}

@compute @workgroup_size(64)
fn column_dot(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_group(group, groups);
  var sum = Lane();
  if (column < params.width) {
    for (var row = lane; row < params.size; row += 64u) {
      let at = row * params.width + column;
      sum += a[at] * b[at];
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && column < params.width) { y[column] = partial[0]; }
}
