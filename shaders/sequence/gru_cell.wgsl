// One step of a gated recurrent unit (Cho et al., EMNLP 2014), its two dense layers given.
//   r = sigmoid(a_r + c_r);  z = sigmoid(a_z + c_z);  n = tanh(a_n + r c_n);  y = (1 - z) n + z h
// Shapes: a, c, da, dc [rows, 3 N] in the order r, z, n; h, y, dy, dh [rows, N]; f32. Grid: one invocation per number of y.
struct Params { size: u32, width: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> c: array<f32>;
@group(0) @binding(2) var<storage, read> h: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read_write> da: array<f32>;
@group(0) @binding(6) var<storage, read_write> dc: array<f32>;
@group(0) @binding(7) var<storage, read_write> dh: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

struct Gates { first: u32, r: f32, z: f32, n: f32 }

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

fn gates(i: u32) -> Gates {
  let first = i / params.width * 3u * params.width + i % params.width;
  let at_z = first + params.width;
  let at_n = at_z + params.width;
  let r = sigmoid(a[first] + c[first]);
  // Beyond 15 tanh is 1 in single precision, and some devices overflow there.
  let n = tanh(clamp(a[at_n] + r * c[at_n], -15.0, 15.0));
  return Gates(first, r, sigmoid(a[at_z] + c[at_z]), n);
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let g = gates(i);
  y[i] = (1.0 - g.z) * g.n + g.z * h[i];
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let g = gates(i);
  let at_z = g.first + params.width;
  let at_n = at_z + params.width;
  let dn = dy[i] * (1.0 - g.z) * (1.0 - g.n * g.n);
  let dz = dy[i] * (h[i] - g.n) * g.z * (1.0 - g.z);
  let dr = dn * c[at_n] * g.r * (1.0 - g.r);
  da[g.first] = dr;
  dc[g.first] = dr;
  da[at_z] = dz;
  dc[at_z] = dz;
  da[at_n] = dn;
  dc[at_n] = dn * g.r;
  dh[i] = dy[i] * g.z;
}
