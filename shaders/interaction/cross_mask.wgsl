// What DCNv3's cross layers do behind their product and its normalization (Li et al., arXiv:2407.13349).
//   forward   y = x0 (g + b) + x with g = c in the first half of a field's columns and c relu(m) in the second one
//   gradient  dx0 = dy (g + b);  dc and dm from dg = dy x0, whose sum over rows is db
// Shapes: x0, x, y, dy, dx0 [B, F, 2, HALF]; b [F, 2, HALF]; c, m, dc, dm [B, F, HALF]; f32.
// Grid: one invocation per number of c, which takes one column of each half. No sums.
struct Params { batch: u32, width: u32, half: u32 }  // width: F HALF
@group(0) @binding(0) var<storage, read> x0: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> c: array<f32>;
@group(0) @binding(3) var<storage, read> m: array<f32>;
@group(0) @binding(4) var<storage, read> b: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx0: array<f32>;
@group(0) @binding(8) var<storage, read_write> dc: array<f32>;
@group(0) @binding(9) var<storage, read_write> dm: array<f32>;
@group(0) @binding(10) var<uniform> params: Params;

// Column of the first half that meets number n of a row of c.
fn column_of(n: u32) -> u32 {
  return n / params.half * 2u * params.half + n % params.half;
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * params.width) { return; }
  let column = column_of(i % params.width);
  let plain = i / params.width * 2u * params.width + column;
  let masked = plain + params.half;
  y[plain] = x0[plain] * (c[i] + b[column]) + x[plain];
  y[masked] = x0[masked] * (c[i] * max(m[i], 0.0) + b[column + params.half]) + x[masked];
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * params.width) { return; }
  let column = column_of(i % params.width);
  let plain = i / params.width * 2u * params.width + column;
  let masked = plain + params.half;
  let mask = max(m[i], 0.0);
  dx0[plain] = dy[plain] * (c[i] + b[column]);
  dx0[masked] = dy[masked] * (c[i] * mask + b[column + params.half]);
  let dmasked = dy[masked] * x0[masked];
  dc[i] = dy[plain] * x0[plain] + dmasked * mask;
  dm[i] = select(0.0, dmasked * c[i], m[i] > 0.0);
}
