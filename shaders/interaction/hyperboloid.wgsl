// Vectors lifted to the hyperboloid of Lorentz space and scaled to time 1 (Xu and Wu, AAAI 2020).
//   forward   s = sqrt(1 + |x|^2);  space[r, :] = x[r, :] / s;  time[r] = 1 - 1 / s = |x|^2 / (s (s + 1))
//   backward  dx = dspace / s + x (dtime - <x, dspace>) / s^3
// Shapes: x, space, dspace, dx [rows, D]; time, dtime [rows]; f32. The second form of time does not cancel at small x.
// Grid: one invocation per row. Fixed order, no atomics.
const LANES: u32 = 4u;  // lanes of D

struct Params { rows: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> space: array<Lane>;
@group(0) @binding(2) var<storage, read_write> time: array<f32>;
@group(0) @binding(3) var<storage, read> dspace: array<Lane>;
@group(0) @binding(4) var<storage, read> dtime: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

fn squared_norm(first: u32) -> f32 {
  var squares = Lane();
  for (var c = 0u; c < LANES; c++) { squares += x[first + c] * x[first + c]; }
  return total(squares);
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * LANES;
  let norm = squared_norm(first);
  let s = sqrt(1.0 + norm);
  for (var c = first; c < first + LANES; c++) { space[c] = x[c] / s; }
  time[row] = norm / (s * (s + 1.0));
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * LANES;
  var products = Lane();
  for (var c = first; c < first + LANES; c++) { products += x[c] * dspace[c]; }
  let inverse = 1.0 / sqrt(1.0 + squared_norm(first));
  let along = (dtime[row] - total(products)) * inverse * inverse * inverse;
  for (var c = first; c < first + LANES; c++) { dx[c] = inverse * dspace[c] + along * x[c]; }
}
