// Weighted sums of experts, with weights of each row: S sums over `own` experts that only the sum has and `shared` ones.
//   forward          y[b, s, :] = sum_j gates[b, s, j] experts[b, expert(s, j), :]
//                    expert(s, j) = s own + j for j < own, and first + j - own for the others
//   expert_gradient  dExperts[b, e, :] = sum over the places (s, j) of e of gates[b, s, j] dy[b, s, :], 0 for one without a place
//   gate_gradient    dGates[b, s, j] = dy[b, s, :] . experts[b, expert(s, j), :]
// Shapes: gates [B, S, own + shared]; experts [B, E, H]; y, dy [B, S, H]; experts, y and dy in lanes of H; f32.
// Grid: one invocation per lane of y (forward) or of experts (expert_gradient), or per gate (gate_gradient).
// Memory: each expert is read S times, from the cache but for the first time.
struct Params { batch: u32, sums: u32, own: u32, shared_count: u32, first: u32, experts: u32, lanes: u32 }
@group(0) @binding(0) var<storage, read> gates: array<f32>;
@group(0) @binding(1) var<storage, read> experts: array<Lane>;
@group(0) @binding(2) var<storage, read> dy: array<Lane>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<storage, read_write> d_experts: array<Lane>;
@group(0) @binding(5) var<storage, read_write> d_gates: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

fn width() -> u32 {
  return params.own + params.shared_count;
}

// Returns the expert of a sum's place.
fn expert(s: u32, j: u32) -> u32 {
  return select(params.first + j - params.own, s * params.own + j, j < params.own);
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let row = id / params.lanes;
  if (row >= params.batch * params.sums) { return; }
  let n = id % params.lanes;
  let b = row / params.sums;
  let s = row % params.sums;
  var sum = Lane();
  for (var j = 0u; j < width(); j++) {
    sum += gates[row * width() + j] * experts[(b * params.experts + expert(s, j)) * params.lanes + n];
  }
  y[id] = sum;
}

@compute @workgroup_size(64)
fn expert_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let row = id / params.lanes;
  if (row >= params.batch * params.experts) { return; }
  let n = id % params.lanes;
  let b = row / params.experts;
  let e = row % params.experts;
  var sum = Lane();
  if (e < params.sums * params.own) {
    let at = b * params.sums + e / params.own;
    sum += gates[at * width() + e % params.own] * dy[at * params.lanes + n];
  }
  if (e >= params.first && e < params.first + params.shared_count) {
    for (var s = 0u; s < params.sums; s++) {
      let at = b * params.sums + s;
      sum += gates[at * width() + params.own + e - params.first] * dy[at * params.lanes + n];
    }
  }
  d_experts[id] = sum;
}

@compute @workgroup_size(64)
fn gate_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let row = id / width();
  if (row >= params.batch * params.sums) { return; }
  let b = row / params.sums;
  let start = (b * params.experts + expert(row % params.sums, id % width())) * params.lanes;
  var sum = Lane();
  for (var n = 0u; n < params.lanes; n++) { sum += dy[row * params.lanes + n] * experts[start + n]; }
  d_gates[id] = total(sum);
}
