// The log-odds of a product of two probabilities that are given by their log-odds: y = log(p / (1 - p)) with
// p = sigmoid(a) sigmoid(b), which is -log(exp(-a) + exp(-b) + exp(-a - b)). The largest term is taken out of the sum, so
// that neither p nor 1 - p is ever rounded.
//   forward   y
//   backward  da = dy (exp(-a) + exp(-a - b)) / sum, db = dy (exp(-b) + exp(-a - b)) / sum
// Shapes: all [size]; f32. Grid: one invocation per number.
struct Params { size: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> da: array<f32>;
@group(0) @binding(5) var<storage, read_write> db: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

// Returns the three exponents and the largest of them.
fn exponents(i: u32) -> vec4f {
  let terms = vec3f(-a[i], -b[i], -a[i] - b[i]);
  return vec4f(terms, max(max(terms.x, terms.y), terms.z));
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let terms = exponents(i);
  let parts = exp(terms.xyz - terms.w);
  y[i] = -terms.w - log(parts.x + parts.y + parts.z);
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.size) { return; }
  let terms = exponents(i);
  let parts = exp(terms.xyz - terms.w);
  let share = dy[i] / (parts.x + parts.y + parts.z);
  da[i] = share * (parts.x + parts.z);
  db[i] = share * (parts.y + parts.z);
}
