// A row crossed with another by a vector, once: y = x0 (x . w) + x + bias; dots = x . w.
//   backward  ds = dy . x0;  dx = dy + ds w;  dx0 = dots dy
// Shapes: x0, x, y, dy, dx, dx0 [B, N]; w, bias [N]; dots, ds [B]; rows in lanes; f32.
// Grid: one workgroup per sample, whose threads stride over lanes. Fixed order, no atomics: bit-reproducible.
const LANES: u32 = 1u;  // lanes of N

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> x: array<Lane>;
@group(0) @binding(2) var<storage, read> w: array<Lane>;
@group(0) @binding(3) var<storage, read> bias: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<storage, read_write> dots: array<f32>;
@group(0) @binding(6) var<storage, read> saved: array<f32>;  // dots, as the backward pass reads them
@group(0) @binding(7) var<storage, read> dy: array<Lane>;
@group(0) @binding(8) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(9) var<storage, read_write> dx0: array<Lane>;
@group(0) @binding(10) var<storage, read_write> ds: array<f32>;
@group(0) @binding(11) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups);
  let works = b < params.batch;
  let first = b * LANES;
  var sum = Lane();
  for (var n = lane; n < LANES && works; n += 64u) { sum += x[first + n] * w[n]; }
  let dot = folded(lane, total(sum));
  if (!works) { return; }
  if (lane == 0u) { dots[b] = dot; }
  for (var n = lane; n < LANES; n += 64u) { y[first + n] = dot * x0[first + n] + x[first + n] + bias[n]; }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups);
  let works = b < params.batch;
  let first = b * LANES;
  var sum = Lane();
  for (var n = lane; n < LANES && works; n += 64u) { sum += dy[first + n] * x0[first + n]; }
  let slope = folded(lane, total(sum));
  if (!works) { return; }
  if (lane == 0u) { ds[b] = slope; }
  for (var n = lane; n < LANES; n += 64u) {
    dx[first + n] = dy[first + n] + slope * w[n];
    dx0[first + n] = saved[b] * dy[first + n];
  }
}
