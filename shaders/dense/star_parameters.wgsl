// Parameters of a layer in each group: the shared ones bent by the group's own (Sheng et al., CIKM 2021).
//   combine   w[g, s] = shared_w[s] own_w[g, s];  b[g, t] = shared_b[t] + own_b[g, t]
//   gradient  d_shared_w[s] = sum_g dw[g, s] own_w[g, s];  d_own_w[g, s] = dw[g, s] shared_w[s];
//             d_shared_b[t] = sum_g db[g, t];  d_own_b[g, t] = db[g, t]
// With ALONE = 1 group 0 has the shared parameters alone, and own parameters belong to groups 1 and up.
// Shapes: shared_w [S]; own_w [O, S]; w, dw [G, S]; shared_b [T]; own_b [O, T]; b, db [G, T]; G = O + ALONE; f32.
// Grid: for combine one invocation per number of a group; for gradient one per shared number, which walks the groups.
override ALONE: u32 = 0u;

struct Params { weights: u32, biases: u32, count: u32 }
@group(0) @binding(0) var<storage, read> shared_w: array<f32>;
@group(0) @binding(1) var<storage, read> own_w: array<f32>;
@group(0) @binding(2) var<storage, read> shared_b: array<f32>;
@group(0) @binding(3) var<storage, read> own_b: array<f32>;
@group(0) @binding(4) var<storage, read> dw: array<f32>;
@group(0) @binding(5) var<storage, read> db: array<f32>;
@group(0) @binding(6) var<storage, read_write> w: array<f32>;
@group(0) @binding(7) var<storage, read_write> b: array<f32>;
@group(0) @binding(8) var<storage, read_write> d_shared_w: array<f32>;
@group(0) @binding(9) var<storage, read_write> d_own_w: array<f32>;
@group(0) @binding(10) var<storage, read_write> d_shared_b: array<f32>;
@group(0) @binding(11) var<storage, read_write> d_own_b: array<f32>;
@group(0) @binding(12) var<uniform> params: Params;

@compute @workgroup_size(64)
fn combine(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let each = params.weights + params.biases;
  let g = i / each;
  if (g >= params.count) { return; }
  let at = i % each;
  let alone = g < ALONE;
  let own = select(g - ALONE, 0u, alone);
  if (at < params.weights) {
    w[g * params.weights + at] = shared_w[at] * select(own_w[own * params.weights + at], 1.0, alone);
  } else {
    let t = at - params.weights;
    b[g * params.biases + t] = shared_b[t] + select(own_b[own * params.biases + t], 0.0, alone);
  }
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.weights) {
    var sum = 0.0;
    if (ALONE == 1u) { sum = dw[i]; }
    for (var g = ALONE; g < params.count; g++) {
      let own = (g - ALONE) * params.weights + i;
      let slope = dw[g * params.weights + i];
      sum += slope * own_w[own];
      d_own_w[own] = slope * shared_w[i];
    }
    d_shared_w[i] = sum;
  } else if (i < params.weights + params.biases) {
    let t = i - params.weights;
    var sum = 0.0;
    if (ALONE == 1u) { sum = db[t]; }
    for (var g = ALONE; g < params.count; g++) {
      let slope = db[g * params.biases + t];
      sum += slope;
      d_own_b[(g - ALONE) * params.biases + t] = slope;
    }
    d_shared_b[t] = sum;
  }
}
