// Rows repeated at each place, and summed over the places.
//   repeat  y[b, t, n] = x[b, n]
//   sum     y[b, n] = sum_t x[b, t, n]
// Shapes: [B, N] and [B, L, N], f32. Grid: one invocation per number written.
struct Params { places: u32, width: u32, size: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn repeat(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let b = i / (params.places * params.width);
  y[i] = x[b * params.width + i % params.width];
}

@compute @workgroup_size(64)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let first = i / params.width * params.places * params.width + i % params.width;
  var total = 0.0;
  for (var t = 0u; t < params.places; t++) { total += x[first + t * params.width]; }
  y[i] = total;
}
