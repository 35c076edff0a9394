// Norm of all gradients together, L2 term included, and the factor that clips it.
//   of_rows     partial[k] = sum of (reduced + l2 w)^2 over share k of all rows of a table
//   of_touched  the same over the rows that occur in the batch, from sums kept at the start of each run
//   of_dense    the same over the flat gradient of the dense parameters
//   scale       clip[0] = min(1, limit / (sqrt(sum_k partial[k]) + 1e-6)), NaN where the sum is not finite
// Frozen rows have no gradient. Later shards of a table add to the partial sums of the first. Needs step.wgsl, grid.wgsl, a
// lane file, and row_strength.wgsl or _none.
// Grid: 64 workgroups, each striding over its share (scale: one); sums fold in a fixed tree: bit-reproducible.
const FIELDS: u32 = 1u;
const LANES: u32 = 1u;   // lanes of D
const STRIDE: u32 = 1u;  // lanes from one row of the table to the next

struct Params {
  first: u32,  // first row of the shard
  rows: u32,   // rows of the shard, or lanes of the flat gradient
  l2: f32,
  limit: f32,
}
@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> weights: array<Lane>;
@group(0) @binding(3) var<storage, read> reduced: array<Lane>;
@group(0) @binding(4) var<storage, read> block_l2: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<f32>;
@group(0) @binding(6) var<storage, read> squares: array<f32>;
@group(0) @binding(7) var<storage, read_write> clip: array<f32>;

var<workgroup> folded: array<f32, 64>;

fn fold(lane: u32, own: f32) -> f32 {
  folded[lane] = own;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (lane < half) { folded[lane] += folded[lane + half]; }
    workgroupBarrier();
  }
  return folded[0];
}

fn keep(group: u32, lane: u32, own: f32) {
  let square = fold(lane, own);
  if (lane > 0u) { return; }
  if (params.first == 0u) { partial[group] = square; } else { partial[group] += square; }
}

fn square_of(number: u32, gradient: Lane, w: Lane) -> f32 {
  if (is_frozen(number)) { return 0.0; }
  let g = gradient + l2_of(number) * w;
  return total(g * g);
}

@compute @workgroup_size(64)
fn of_rows(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var own = 0.0;
  for (var number = group.x * 64u + lane; number < params.rows; number += 4096u) {
    let at = number * STRIDE;
    for (var j = 0u; j < LANES; j++) { own += square_of(number, reduced[at + j], weights[at + j]); }
  }
  keep(group.x, lane, own);
}

@compute @workgroup_size(64)
fn of_touched(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var own = 0.0;
  for (var at = group.x * 64u + lane; at < step.rows * FIELDS; at += 4096u) {
    let row = pairs[at].x;
    let number = row - params.first;
    if (number >= params.rows || (at > 0u && pairs[max(at, 1u) - 1u].x == row)) { continue; }
    for (var j = 0u; j < LANES; j++) {
      own += square_of(number, reduced[at * LANES + j], weights[number * STRIDE + j]);
    }
  }
  keep(group.x, lane, own);
}

@compute @workgroup_size(64)
fn of_dense(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var own = 0.0;
  for (var at = group.x * 64u + lane; at < params.rows; at += 4096u) {
    let g = reduced[at] + block_l2[at / 16u] * weights[at];
    own += total(g * g);
  }
  keep(group.x, lane, own);
}

@compute @workgroup_size(64)
fn scale(@builtin(local_invocation_index) lane: u32) {
  let square = fold(lane, squares[lane]);
  if (lane > 0u) { return; }
  // A sum past float32's range would give a factor of 0: steps that change nothing, and no error.
  let bits = bitcast<u32>(min(1.0, params.limit / (sqrt(square) + 1e-6)));
  clip[0] = bitcast<f32>(select(bits, 0x7fc00000u, !(square < 3.4e38)));
}
