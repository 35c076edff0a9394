// Weights of the edges between fields: a softmax over the other fields of LeakyReLU(from + to).
//   forward   w[b, i, j] = exp(z_ij) / sum_{k != i} exp(z_ik) for j != i, w[b, i, i] = 0,
//             z_ij = leaky(s[b, i, 0] + s[b, j, 1]), leaky(x) = x for x > 0, else SLOPE x
//   senders   ds[b, i, 0] = sum_j dz_ij with dz_ij = w_ij (dw_ij - c_i) leaky', and c[b, i] = sum_j w_ij dw_ij
//   receivers ds[b, j, 1] = sum_i dz_ij
// Shapes: s, ds [B, F, 2]; w, dw [B, F, F]; c [B, F]; f32. Grid: one invocation per (b, i) or (b, j).
override SLOPE: f32 = 0.01;

struct Params { rows: u32, fields: u32 }  // rows: B F
@group(0) @binding(0) var<storage, read> s: array<f32>;
@group(0) @binding(1) var<storage, read_write> w: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> dw: array<f32>;
@group(0) @binding(4) var<storage, read_write> ds: array<f32>;
@group(0) @binding(5) var<storage, read_write> c: array<f32>;
@group(0) @binding(6) var<storage, read> sums: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn leaky(x: f32) -> f32 {
  return select(SLOPE * x, x, x > 0.0);
}

// Number of field j of the sample that row i of all samples belongs to.
fn row_of(i: u32, j: u32) -> u32 {
  return i - i % params.fields + j;
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.rows) { return; }
  let sender = i % params.fields;
  let start = s[2u * i];
  var highest = -3.4e38;
  for (var j = 0u; j < params.fields; j++) {
    if (j != sender) { highest = max(highest, leaky(start + s[2u * row_of(i, j) + 1u])); }
  }
  var sum = 0.0;
  for (var j = 0u; j < params.fields; j++) {
    var weight = 0.0;
    if (j != sender) { weight = exp(leaky(start + s[2u * row_of(i, j) + 1u]) - highest); }
    w[i * params.fields + j] = weight;
    sum += weight;
  }
  // A field alone has no edges.
  let inverse = select(0.0, 1.0 / sum, sum > 0.0);
  for (var j = 0u; j < params.fields; j++) { w[i * params.fields + j] *= inverse; }
}

@compute @workgroup_size(64)
fn senders(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.rows) { return; }
  let first = i * params.fields;
  var mean = 0.0;
  for (var j = 0u; j < params.fields; j++) { mean += weights[first + j] * dw[first + j]; }
  var sum = 0.0;
  for (var j = 0u; j < params.fields; j++) {
    let z = s[2u * i] + s[2u * row_of(i, j) + 1u];
    sum += weights[first + j] * (dw[first + j] - mean) * select(SLOPE, 1.0, z > 0.0);
  }
  ds[2u * i] = sum;
  c[i] = mean;
}

@compute @workgroup_size(64)
fn receivers(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let j = linear_group(group, groups) * 64u + lane;
  if (j >= params.rows) { return; }
  var sum = 0.0;
  for (var field = 0u; field < params.fields; field++) {
    let i = row_of(j, field);
    let at = i * params.fields + j % params.fields;
    let z = s[2u * i] + s[2u * j + 1u];
    sum += weights[at] * (dw[at] - sums[i]) * select(SLOPE, 1.0, z > 0.0);
  }
  ds[2u * j + 1u] = sum;
}
