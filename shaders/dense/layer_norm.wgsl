// Layer normalization (Ba, Kiros and Hinton, arXiv:1607.06450, equation 4) of rows.
//   forward    y[r, n] = gamma[n] xhat[r, n] + beta[n],  xhat = (x - mean_r) rstd_r,  rstd = 1 / sqrt(variance + eps)
//   gradient   dx[r, n] = rstd_r (g[n] - mean_m g[m] - xhat[r, n] mean_m g[m] xhat[r, m]),  g = gamma dy
//   gradient_and_rest  the same, added to rest, the gradient of x by whatever else reads it
// Row r takes gamma and beta number r % sets. Shapes: x, y, dy, dx, rest [rows, width]; gamma, beta [sets, width], all in
// lanes; moments [rows, 2] = (mean, rstd); f32.
// Grid: one invocation per row. Padded rows need no mask: dy is 0 there.
struct Params { rows: u32, width: u32, sets: u32, numbers: u32, epsilon: f32 }  // width: lanes; numbers: of a row
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<Lane>;
@group(0) @binding(2) var<storage, read> gamma: array<Lane>;
@group(0) @binding(3) var<storage, read> beta: array<Lane>;
@group(0) @binding(4) var<storage, read_write> moments: array<vec2f>;
@group(0) @binding(5) var<storage, read> saved: array<vec2f>;  // moments of the forward
@group(0) @binding(6) var<storage, read_write> y: array<Lane>;
@group(0) @binding(7) var<uniform> params: Params;
@group(0) @binding(8) var<storage, read> rest: array<Lane>;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  let numbers = f32(params.numbers);
  var sum = 0.0;
  for (var n = 0u; n < params.width; n++) { sum += total(x[first + n]); }
  let mean = sum / numbers;
  var squares = 0.0;
  for (var n = 0u; n < params.width; n++) {
    let centered = x[first + n] - mean;
    squares += total(centered * centered);
  }
  let rstd = 1.0 / sqrt(squares / numbers + params.epsilon);
  let own = row % params.sets * params.width;
  for (var n = 0u; n < params.width; n++) {
    y[first + n] = gamma[own + n] * (x[first + n] - mean) * rstd + beta[own + n];
  }
  moments[row] = vec2f(mean, rstd);
}

// What the gradient of a row is made of, and the gradient of one lane of it.
struct Slopes { first: u32, own: u32, mean: f32, rstd: f32, sum: f32, dot: f32 }

fn slopes_of(row: u32) -> Slopes {
  let first = row * params.width;
  let own = row % params.sets * params.width;
  let mean = saved[row].x;
  let rstd = saved[row].y;
  var sum = 0.0;
  var dot = 0.0;
  for (var n = 0u; n < params.width; n++) {
    let g = gamma[own + n] * dy[first + n];
    sum += total(g);
    dot += total(g * (x[first + n] - mean)) * rstd;
  }
  return Slopes(first, own, mean, rstd, sum / f32(params.numbers), dot / f32(params.numbers));
}

fn gradient_at(n: u32, s: Slopes) -> Lane {
  let normal = (x[s.first + n] - s.mean) * s.rstd;
  return s.rstd * (gamma[s.own + n] * dy[s.first + n] - s.sum - normal * s.dot);
}

// y receives dx.
@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let slopes = slopes_of(row);
  for (var n = 0u; n < params.width; n++) { y[slopes.first + n] = gradient_at(n, slopes); }
}

@compute @workgroup_size(64)
fn gradient_and_rest(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let slopes = slopes_of(row);
  for (var n = 0u; n < params.width; n++) {
    y[slopes.first + n] = rest[slopes.first + n] + gradient_at(n, slopes);
  }
}
