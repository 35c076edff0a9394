// Gradients of a layer normalization, or of one by the root mean square, for GPUs.
//   slopes     parts[s, 0, c] = sum_i dy[i, c] xhat[i, c],  parts[s, 1, c] = sum_i dy[i, c]  over the rows i of split s,
//              xhat = (x - mean) rstd
//   gradients  the same, and dx[r, n] = rest[r, n] + rstd_r (g[n] - mean_m g[m] - xhat[r, n] mean_m g[m] xhat[r, m]) with
//              g = gamma dy; rest counts where ADDS, and mean_m g[m] where CENTERED
// Rows i have the samples r of all sets of parameters one after the other, r = i sets + set, each with moments of its own.
// The parts are added up by column_sums.wgsl. Needs layer_norm_threads.wgsl. Shapes: x, dy, dx, rest [rows, sets, width],
// parts [S, 2, sets, width], gamma [sets, width], all in lanes; saved [rows, sets, 2] = (mean, rstd); f32.
// Grid: slopes has a workgroup of 16 x 16 threads per 16 lanes and split; a thread takes every 16th row, four loads at a
// time, and 16 threads' sums are added in order. gradients has `tiles` of those, which take longest, and then one for the
// dx of 256 / THREADS samples, four lanes to a thread at most. Memory: 8 bytes per number, and 12 for dx. No atomics,
// fixed order of sums: bit-reproducible. Padded rows need no mask: dy is 0 there.
const CENTERED: bool = true;
const ADDS: bool = false;

struct Params {
  rows: u32,
  sets: u32,
  width: u32,  // lanes of a set
  split_rows: u32,
  tiles: u32,  // of the sums
  share: f32,  // 1 / numbers of a set
}
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<Lane>;
@group(0) @binding(2) var<storage, read> saved: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read> gamma: array<Lane>;
@group(0) @binding(6) var<storage, read> rest: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dx: array<Lane>;

var<workgroup> gammas: array<array<Lane, 16>, 16>;
var<workgroup> betas: array<array<Lane, 16>, 16>;

struct Slopes { gamma: Lane, beta: Lane }

// Loads past the end are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Slopes {
  let i = min(row, end - 1u);
  let at = i * params.sets * params.width + column;
  let own = saved[i * params.sets + column / params.width];
  let slope = select(Lane(), dy[at], row < end);
  return Slopes(slope * ((x[at] - own.x) * own.y), slope);
}

// Sums of a tile: 16 lanes of a split.
fn sum_tile(tile: u32, id: vec2u) {
  let lanes = params.sets * params.width;
  let across = (lanes + 15u) / 16u;
  let column = tile % across * 16u + id.x;
  let split = tile / across;
  let first = split * params.split_rows;
  let end = min(first + params.split_rows, params.rows);
  let inside = column < lanes && first < end;
  var by_gamma = Lane();
  var by_beta = Lane();
  if (inside) {
    for (var row = first + id.y; row < end; row += 64u) {
      let t0 = term(row, column, end);
      let t1 = term(row + 16u, column, end);
      let t2 = term(row + 32u, column, end);
      let t3 = term(row + 48u, column, end);
      by_gamma += t0.gamma + t1.gamma + (t2.gamma + t3.gamma);
      by_beta += t0.beta + t1.beta + (t2.beta + t3.beta);
    }
  }
  gammas[id.y][id.x] = by_gamma;
  betas[id.y][id.x] = by_beta;
  workgroupBarrier();
  if (id.y > 1u || !inside) { return; }
  // One row of threads adds up the slopes of gamma, the next one those of beta.
  var sum = Lane();
  if (id.y == 0u) {
    for (var row = 0u; row < 16u; row++) { sum += gammas[row][id.x]; }
  } else {
    for (var row = 0u; row < 16u; row++) { sum += betas[row][id.x]; }
  }
  parts[(2u * split + id.y) * lanes + column] = sum;
}

// g = gamma dy and x - mean of a lane of a thread, 0 where there is none.
struct Pair { slope: Lane, centered: Lane }

fn pair_at(own: Own, i: u32, mean: f32) -> Pair {
  let n = column_of(own, i);
  let slope = gamma[own.sample % params.sets * params.width + n] * dy[own.first + n];
  let there = counts(own, i);
  return Pair(select(Lane(), slope, there), select(Lane(), x[own.first + n] - mean, there));
}

// Means of g, and of g xhat times rstd.
fn store(own: Own, i: u32, pair: Pair, means: vec2f, rstd: f32) {
  if (!counts(own, i)) { return; }
  let at = own.first + column_of(own, i);
  var slope = pair.slope - pair.centered * means.y;
  if (CENTERED) { slope -= means.x; }
  slope *= rstd;
  if (ADDS) { slope += rest[at]; }
  dx[at] = slope;
}

// dx of the samples of 256 threads.
fn differentiate(tile: u32, lane: u32) {
  let samples = params.rows * params.sets;
  let own = own_of(tile, lane, samples, params.width);
  let moments = saved[own.sample];
  let p0 = pair_at(own, 0u, moments.x);
  let p1 = pair_at(own, 1u, moments.x);
  let p2 = pair_at(own, 2u, moments.x);
  let p3 = pair_at(own, 3u, moments.x);
  let slope = total_of(Four(p0.slope, p1.slope, p2.slope, p3.slope));
  let left = p0.slope * p0.centered + p1.slope * p1.centered;
  let dot = total(left + (p2.slope * p2.centered + p3.slope * p3.centered));
  let means = shared_sum(vec2f(slope, dot * moments.y * moments.y), lane) * params.share;
  if (tile * (256u / THREADS) + lane / THREADS >= samples) { return; }
  store(own, 0u, p0, means, moments.y);
  store(own, 1u, p1, means, moments.y);
  store(own, 2u, p2, means, moments.y);
  store(own, 3u, p3, means, moments.y);
}

@compute @workgroup_size(16, 16)
fn slopes(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  sum_tile(linear_group(group, groups), id.xy);
}

@compute @workgroup_size(16, 16)
fn gradients(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_group(group, groups);
  if (tile < params.tiles) {
    sum_tile(tile, id.xy);
  } else {
    differentiate(tile - params.tiles, lane);
  }
}
