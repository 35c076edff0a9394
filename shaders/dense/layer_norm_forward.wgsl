// Layer normalization of rows, or one by the root mean square, for GPUs: several threads share a sample and read it once.
//   forward    y[r, n] = gamma[n] xhat[r, n] + beta[n],  xhat = (x - mean_r) rstd_r,  rstd = 1 / sqrt(variance + eps);
//              where it is not CENTERED, the mean is 0 and beta does not count
// Row r takes gamma and beta number r % sets. Needs layer_norm_threads.wgsl. Shapes: x, y [samples, width]; gamma, beta
// [sets, width], all in lanes; moments [samples, 2] = (mean, rstd); f32.
// Grid: 256 threads, THREADS to a sample, and four lanes to a thread at most. Memory: 8 bytes per number.
const CENTERED: bool = true;

struct Params { samples: u32, sets: u32, width: u32, share: f32, epsilon: f32 }  // width: lanes; share: 1 / numbers
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> gamma: array<Lane>;
@group(0) @binding(2) var<storage, read> beta: array<Lane>;
@group(0) @binding(3) var<storage, read_write> moments: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

fn off(own: Own, i: u32, number: Lane, mean: f32) -> Lane {
  return select(Lane(), number - mean, counts(own, i));
}

fn store(own: Own, i: u32, centered: Lane, rstd: f32) {
  if (!counts(own, i)) { return; }
  let n = column_of(own, i);
  let at = own.sample % params.sets * params.width + n;
  var number = gamma[at] * centered * rstd;
  if (CENTERED) { number += beta[at]; }
  y[own.first + n] = number;
}

@compute @workgroup_size(256)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_group(group, groups);
  let own = own_of(tile, lane, params.samples, params.width);
  let x0 = x[own.first + column_of(own, 0u)];
  let x1 = x[own.first + column_of(own, 1u)];
  let x2 = x[own.first + column_of(own, 2u)];
  let x3 = x[own.first + column_of(own, 3u)];
  var mean = 0.0;
  if (CENTERED) {
    let sum = total_of(Four(off(own, 0u, x0, 0.0), off(own, 1u, x1, 0.0), off(own, 2u, x2, 0.0), off(own, 3u, x3, 0.0)));
    mean = shared_sum(vec2f(sum, 0.0), lane).x * params.share;
  }
  let d = Four(off(own, 0u, x0, mean), off(own, 1u, x1, mean), off(own, 2u, x2, mean), off(own, 3u, x3, mean));
  let square = total_of(Four(d.v0 * d.v0, d.v1 * d.v1, d.v2 * d.v2, d.v3 * d.v3));
  let rstd = 1.0 / sqrt(shared_sum(vec2f(square, 0.0), lane).x * params.share + params.epsilon);
  if (tile * (256u / THREADS) + lane / THREADS >= params.samples) { return; }
  store(own, 0u, d.v0, rstd);
  store(own, 1u, d.v1, rstd);
  store(own, 2u, d.v2, rstd);
  store(own, 3u, d.v3, rstd);
  if (own.n == 0u) { moments[own.sample] = vec2f(mean, rstd); }
}
