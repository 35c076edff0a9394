// Routing of rows to clusters, and the centers' way towards the rows (Li et al., arXiv:2211.12105).
//   weigh    shares[b, :] = softmax of <x_b, c_k> over k
//   gather   partial[block, k, :] = sum of shares[b, k] x_b over the block's valid rows
//   advance  c_k <- m / |m| with m = RATE c_k + (1 - RATE) sum of partial[:, k, :]
//   assign   groups[b] = the cluster k of the largest <x_b, c_k>, the first of equal ones
// Shapes: x [B, N]; centers [K, N]; shares [B, K]; partial [blocks, K, N]; N in lanes; groups [B]; f32 and u32.
// Grid: for weigh and assign one invocation per row; for gather one per lane of partial; for advance a workgroup per
// cluster. Fixed order: bit-reproducible.
const BLOCK: u32 = 32u;  // rows that an invocation of gather sums

struct Params { batch: u32, columns: u32, clusters: u32, blocks: u32, rate: f32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> centers: array<Lane>;
@group(0) @binding(2) var<storage, read> weights: array<f32>;  // shares, as gather reads them
@group(0) @binding(3) var<storage, read> sums: array<Lane>;    // partial, as advance reads it
@group(0) @binding(4) var<storage, read_write> shares: array<f32>;
@group(0) @binding(5) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(6) var<storage, read_write> moved: array<Lane>;  // the centers, as advance writes them
@group(0) @binding(7) var<storage, read_write> groups: array<u32>;
@group(0) @binding(8) var<uniform> params: Params;

fn score(b: u32, k: u32) -> f32 {
  let row = b * params.columns;
  let center = k * params.columns;
  var sum = Lane();
  for (var n = 0u; n < params.columns; n++) { sum += x[row + n] * centers[center + n]; }
  return total(sum);
}

@compute @workgroup_size(64)
fn weigh(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(workgroup, workgroups) * 64u + lane;
  if (b >= params.batch) { return; }
  let first = b * params.clusters;
  var largest = -3.0e38;
  for (var k = 0u; k < params.clusters; k++) {
    let known = score(b, k);
    shares[first + k] = known;
    largest = max(largest, known);
  }
  var sum = 0.0;
  for (var k = 0u; k < params.clusters; k++) {
    let power = exp(shares[first + k] - largest);
    shares[first + k] = power;
    sum += power;
  }
  for (var k = 0u; k < params.clusters; k++) { shares[first + k] /= sum; }
}

@compute @workgroup_size(64)
fn gather(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(workgroup, workgroups) * 64u + lane;
  let n = i % params.columns;
  let k = i / params.columns % params.clusters;
  let block = i / params.columns / params.clusters;
  if (block >= params.blocks) { return; }
  let end = min((block + 1u) * BLOCK, step.rows);
  var sum = Lane();
  for (var b = block * BLOCK; b < end; b++) {
    sum += weights[b * params.clusters + k] * x[b * params.columns + n];
  }
  partial[i] = sum;
}

var<workgroup> squares: array<f32, 64>;

@compute @workgroup_size(64)
fn advance(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first = group.x * params.columns;
  var square = 0.0;
  for (var n = lane; n < params.columns; n += 64u) {
    var sum = Lane();
    for (var block = 0u; block < params.blocks; block++) {
      sum += sums[block * params.clusters * params.columns + first + n];
    }
    let value = params.rate * moved[first + n] + (1.0 - params.rate) * sum;
    moved[first + n] = value;
    square += total(value * value);
  }
  squares[lane] = square;
  for (var half = 32u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { squares[lane] += squares[lane + half]; }
  }
  workgroupBarrier();
  let length = max(sqrt(squares[0]), 1e-12);
  for (var n = lane; n < params.columns; n += 64u) { moved[first + n] /= length; }
}

@compute @workgroup_size(64)
fn assign(
  @builtin(workgroup_id) workgroup: vec3u,
  @builtin(num_workgroups) workgroups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(workgroup, workgroups) * 64u + lane;
  if (b >= params.batch) { return; }
  var best = 0u;
  var largest = score(b, 0u);
  for (var k = 1u; k < params.clusters; k++) {
    let known = score(b, k);
    if (known > largest) {
      best = k;
      largest = known;
    }
  }
  groups[b] = best;
}
