// The auxiliary loss of DIEN: the state before an item tells it from one that was not clicked (Zhou et al., AAAI 2019,
// interest extractor layer).
//   pairs            z[b, 2 t, :] = (states[b, t - 1, :], items[b, t, :]), z[b, 2 t + 1, :] the same with negatives;
//                    zeros for the state before place 0
//   state_gradient   y[b, t, :] = dz[b, 2 t + 2, :H] + dz[b, 2 t + 3, :H], 0 at the last place
//   item_gradient    y[b, t, :] = dz[b, 2 t + PART, H:]; PART is 0 for items, 1 for negatives
//   count            terms[0] = sum_b max(lengths[b] - 1, 0)
//   score_gradient   y[b, 2 t] = -k sigmoid(-s[b, 2 t]), y[b, 2 t + 1] = k sigmoid(s[b, 2 t + 1]) with k = weight / terms
//                    for 1 <= t < lengths[b], else 0: of k sum (-ln sigmoid(s[b, 2 t]) - ln sigmoid(-s[b, 2 t + 1])), whose
//                    parts over 64 numbers go to partial
//   finish           term[0] = k sum of partial
// Shapes: states [B, L, H]; items, negatives [B, L, N]; z, dz [B, 2 L, H + N]; s [B, 2 L]; lengths [B]; terms [1]; f32.
// Grid: one invocation per number written; count and finish one workgroup. Sums fold in a fixed tree: bit-reproducible.
const PART: u32 = 0u;

struct Params { batch: u32, places: u32, units: u32, width: u32, parts: u32, weight: f32 }
@group(0) @binding(0) var<storage, read> states: array<f32>;
@group(0) @binding(1) var<storage, read> items: array<f32>;
@group(0) @binding(2) var<storage, read> negatives: array<f32>;
@group(0) @binding(3) var<storage, read> dz: array<f32>;
@group(0) @binding(4) var<storage, read> scores: array<f32>;
@group(0) @binding(5) var<storage, read> lengths: array<u32>;
@group(0) @binding(6) var<storage, read> counted: array<u32>;
@group(0) @binding(7) var<storage, read_write> terms: array<u32>;
@group(0) @binding(8) var<storage, read_write> y: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;
@group(0) @binding(10) var<storage, read_write> partial: array<f32>;
@group(0) @binding(11) var<storage, read_write> term: array<f32>;

var<workgroup> tree: array<u32, 256>;

@compute @workgroup_size(64)
fn pairs(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let columns = params.units + params.width;
  let place = i / (2u * columns);
  if (place >= params.batch * params.places) { return; }
  let column = i % columns;
  if (column < params.units) {
    let before = max(place, 1u) - 1u;
    y[i] = select(states[before * params.units + column], 0.0, place % params.places == 0u);
    return;
  }
  let number = place * params.width + column - params.units;
  let isNegative = i / columns % 2u == 1u;
  y[i] = select(items[number], negatives[number], isNegative);
}

@compute @workgroup_size(64)
fn state_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.units;
  if (place >= params.batch * params.places) { return; }
  let columns = params.units + params.width;
  let isLast = (place + 1u) % params.places == 0u;
  let next = select(place + 1u, 0u, isLast) * 2u * columns + i % params.units;
  y[i] = select(dz[next] + dz[next + columns], 0.0, isLast);
}

@compute @workgroup_size(64)
fn item_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let place = i / params.width;
  if (place >= params.batch * params.places) { return; }
  y[i] = dz[(2u * place + PART) * (params.units + params.width) + params.units + i % params.width];
}

@compute @workgroup_size(256)
fn count(@builtin(local_invocation_index) lane: u32) {
  var sum = 0u;
  for (var b = lane; b < params.batch; b += 256u) { sum += max(lengths[b], 1u) - 1u; }
  tree[lane] = sum;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  if (lane == 0u) { terms[0] = tree[0]; }
}

fn terms_in_all() -> f32 {
  return f32(max(counted[0], 1u));
}

var<workgroup> losses: array<f32, 256>;

// Returns the sum over the first `size` threads, in the first of them.
fn fold(lane: u32, own: f32, size: u32) -> f32 {
  losses[lane] = own;
  for (var half = size / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { losses[lane] += losses[lane + half]; }
  }
  return losses[0];
}

@compute @workgroup_size(64)
fn score_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let part = linear_group(group, groups);
  let i = part * 64u + lane;
  let place = i / 2u;
  let b = place / params.places;
  let t = place % params.places;
  var loss = 0.0;
  if (b < params.batch) {
    let counts = t > 0u && t < lengths[b];
    let toward = select(-1.0, 1.0, i % 2u == 1u);
    let s = toward * scores[i];
    y[i] = select(0.0, toward * params.weight / (terms_in_all() * (1.0 + exp(-s))), counts);
    loss = select(0.0, max(s, 0.0) + log(1.0 + exp(-abs(s))), counts);
  }
  let sum = fold(lane, loss, 64u);
  if (lane == 0u && part < params.parts) { partial[part] = sum; }
}

@compute @workgroup_size(256)
fn finish(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var part = lane; part < params.parts; part += 256u) { sum += partial[part]; }
  let whole = fold(lane, sum, 256u);
  if (lane == 0u) { term[0] = params.weight * whole / terms_in_all(); }
}
