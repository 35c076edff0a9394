// Softmax over the places of a history.
//   forward   w[b, t] = exp(s[b, t] - max) / sum over t < lengths[b], 0 past the end
//   backward  ds[b, t] = w[b, t] (dw[b, t] - sum_u dw[b, u] w[b, u])
// Shapes: all [B, L], f32; lengths [B]. Grid: one invocation per row of the batch.
struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let first = b * params.places;
  let end = first + lengths[b];
  var largest = x[first];
  for (var i = first + 1u; i < end; i++) { largest = max(largest, x[i]); }
  var sum = 0.0;
  for (var i = first; i < end; i++) { sum += exp(x[i] - largest); }
  for (var i = first; i < end; i++) { y[i] = exp(x[i] - largest) / sum; }
  for (var i = end; i < first + params.places; i++) { y[i] = 0.0; }
}

// x holds the forward's y, and y receives ds.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let first = b * params.places;
  let end = first + lengths[b];
  var dot = 0.0;
  for (var i = first; i < end; i++) { dot += dy[i] * x[i]; }
  for (var i = first; i < end; i++) { y[i] = x[i] * (dy[i] - dot); }
  for (var i = end; i < first + params.places; i++) { y[i] = 0.0; }
}
