// The gate of gated_norm.wgsl for GPUs: several threads share a row, which they read once.
//   forward    g[r, n] = silu(z[r, n]) (gamma[n] ohat[r, n] + beta[n]),  ohat = (o - mean_r) rstd_r,
//              rstd = 1 / sqrt(variance + eps);  y = g or, SEES, (silu(z), o, g)
//   gradient   dz = (dg normal + du) silu'(z), dnormal = dg silu(z), and do = rstd (s - mean s - ohat mean (s ohat)) + dseen
//              with s = gamma dnormal; du and dseen are the gradients by what else is seen
// Needs layer_norm_threads.wgsl. Shapes: z, dz the first `width` columns of rows of `row` columns; o, do, dnormal, g [rows,
// width]; y, dy [rows, width] or [rows, 3 width]; gamma, beta [width], all in lanes; moments [rows, 2] = (mean, rstd); f32.
// Grid: 256 threads, THREADS to a row, and four lanes to a thread at most. Padded rows need no mask: dy is 0 there.
override SEES: bool = false;

struct Params { rows: u32, width: u32, row: u32, share: f32, epsilon: f32 }  // width, row: lanes; share: 1 / numbers
@group(0) @binding(0) var<storage, read> z: array<Lane>;
@group(0) @binding(1) var<storage, read> o: array<Lane>;
@group(0) @binding(2) var<storage, read> gamma: array<Lane>;
@group(0) @binding(3) var<storage, read> beta: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<storage, read_write> moments: array<vec2f>;
@group(0) @binding(6) var<uniform> params: Params;
@group(0) @binding(7) var<storage, read> dy: array<Lane>;
@group(0) @binding(8) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(9) var<storage, read_write> d_o: array<Lane>;
@group(0) @binding(10) var<storage, read_write> d_normal: array<Lane>;

fn sigmoid(x: Lane) -> Lane {
  return 1.0 / (1.0 + exp(-x));
}

// Where column n of the gate is in row `row` of y.
fn gate_at(row: u32, n: u32) -> u32 {
  return select(row * params.width, (3u * row + 2u) * params.width, SEES) + n;
}

fn seen(own: Own, i: u32) -> Lane {
  return o[own.first + column_of(own, i)];
}

fn off(own: Own, i: u32, number: Lane, mean: f32) -> Lane {
  return select(Lane(), number - mean, counts(own, i));
}

// The numbers of a row of o that a thread has, less the row's mean, which with 1 / deviation is the row's moments.
struct Centered { four: Four, moments: vec2f }

fn centered(own: Own, lane: u32) -> Centered {
  let n = Four(seen(own, 0u), seen(own, 1u), seen(own, 2u), seen(own, 3u));
  let all = Four(off(own, 0u, n.v0, 0.0), off(own, 1u, n.v1, 0.0), off(own, 2u, n.v2, 0.0), off(own, 3u, n.v3, 0.0));
  let mean = shared_sum(vec2f(total_of(all), 0.0), lane).x * params.share;
  let d = Four(off(own, 0u, n.v0, mean), off(own, 1u, n.v1, mean), off(own, 2u, n.v2, mean), off(own, 3u, n.v3, mean));
  let square = total_of(Four(d.v0 * d.v0, d.v1 * d.v1, d.v2 * d.v2, d.v3 * d.v3));
  let variance = shared_sum(vec2f(square, 0.0), lane).x * params.share;
  return Centered(d, vec2f(mean, 1.0 / sqrt(variance + params.epsilon)));
}

fn exists(tile: u32, lane: u32) -> bool {
  return tile * (256u / THREADS) + lane / THREADS < params.rows;
}

fn store_gate(own: Own, i: u32, off: Lane, moments: vec2f) {
  if (!counts(own, i)) { return; }
  let n = column_of(own, i);
  let own_z = z[own.sample * params.row + n];
  let u = own_z * sigmoid(own_z);
  y[gate_at(own.sample, n)] = (gamma[n] * off * moments.y + beta[n]) * u;
  if (SEES) {
    y[3u * own.first + n] = u;
    y[3u * own.first + params.width + n] = o[own.first + n];
  }
}

@compute @workgroup_size(256)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_group(group, groups);
  let own = own_of(tile, lane, params.rows, params.width);
  let row = centered(own, lane);
  if (!exists(tile, lane)) { return; }
  store_gate(own, 0u, row.four.v0, row.moments);
  store_gate(own, 1u, row.four.v1, row.moments);
  store_gate(own, 2u, row.four.v2, row.moments);
  store_gate(own, 3u, row.four.v3, row.moments);
  if (own.n == 0u) { moments[own.sample] = row.moments; }
}

// Stores dnormal and dz of a lane, and returns s, 0 where there is none.
fn slope_at(own: Own, i: u32, off: Lane, rstd: f32, there: bool) -> Lane {
  let n = column_of(own, i);
  let at = own.sample * params.row + n;
  let own_z = z[at];
  let share = sigmoid(own_z);
  let dg = dy[gate_at(own.sample, n)];
  let slope = dg * own_z * share;
  var du = dg * (gamma[n] * off * rstd + beta[n]);
  if (SEES) { du += dy[3u * own.first + n]; }
  if (!there || !counts(own, i)) { return Lane(); }
  d_normal[own.first + n] = slope;
  dz[at] = du * share * (1.0 + own_z * (1.0 - share));
  return gamma[n] * slope;
}

// means are those of s, and of s ohat.
fn store_slope(own: Own, i: u32, slope: Lane, off: Lane, rstd: f32, means: vec2f) {
  if (!counts(own, i)) { return; }
  let at = own.first + column_of(own, i);
  var all = rstd * (slope - means.x - off * rstd * means.y);
  if (SEES) { all += dy[2u * own.first + params.width + at]; }
  d_o[at] = all;
}

@compute @workgroup_size(256)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_group(group, groups);
  let own = own_of(tile, lane, params.rows, params.width);
  let row = centered(own, lane);
  let d = row.four;
  let rstd = row.moments.y;
  let there = exists(tile, lane);
  let s0 = slope_at(own, 0u, d.v0, rstd, there);
  let s1 = slope_at(own, 1u, d.v1, rstd, there);
  let s2 = slope_at(own, 2u, d.v2, rstd, there);
  let s3 = slope_at(own, 3u, d.v3, rstd, there);
  let dot = total_of(Four(s0 * d.v0, s1 * d.v1, s2 * d.v2, s3 * d.v3)) * rstd;
  let means = shared_sum(vec2f(total_of(Four(s0, s1, s2, s3)), dot), lane) * params.share;
  if (!there) { return; }
  store_slope(own, 0u, s0, d.v0, rstd, means);
  store_slope(own, 1u, s1, d.v1, rstd, means);
  store_slope(own, 2u, s2, d.v2, rstd, means);
  store_slope(own, 3u, s3, d.v3, rstd, means);
}
