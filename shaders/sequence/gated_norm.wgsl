// The gate of a layer of hierarchical sequential transduction units (Zhai et al., arXiv:2402.17152, equation 3), for
// processors, and for GPUs where rows are wide.
//   forward   g[r, n] = silu(z[r, n]) (gamma[n] ohat[r, n] + beta[n]),  ohat = (o - mean_r) rstd_r,
//             rstd = 1 / sqrt(variance + eps);  y = g or, SEES, (silu(z), o, g)
//   gradient  dz = (dg normal + du) silu'(z), dnormal = dg silu(z), and do = rstd (s - mean s - ohat mean (s ohat)) + dseen
//             with s = gamma dnormal; du and dseen are the gradients by what else is seen
// Shapes: z, dz the first `width` columns of rows of `row` columns; o, do, dnormal, g [rows, width]; y, dy [rows, width] or
// [rows, 3 width]; gamma, beta [width], all in lanes; moments [rows, 2] = (mean, rstd); f32.
// Grid: one invocation per row. Padded rows need no mask: dy is 0 there.
override SEES: bool = false;

struct Params { rows: u32, width: u32, row: u32, numbers: u32, epsilon: f32 }  // width, row: lanes; numbers: of width
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

// Mean and 1 / deviation of a row of o. The gradient finds them again, for their buffer would be one too many to bind.
fn moments_of(first: u32) -> vec2f {
  let numbers = f32(params.numbers);
  var sum = 0.0;
  for (var n = 0u; n < params.width; n++) { sum += total(o[first + n]); }
  let mean = sum / numbers;
  var squares = 0.0;
  for (var n = 0u; n < params.width; n++) {
    let centered = o[first + n] - mean;
    squares += total(centered * centered);
  }
  return vec2f(mean, 1.0 / sqrt(squares / numbers + params.epsilon));
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  let own = moments_of(first);
  for (var n = 0u; n < params.width; n++) {
    let at = row * params.row + n;
    let u = z[at] * sigmoid(z[at]);
    y[gate_at(row, n)] = (gamma[n] * (o[first + n] - own.x) * own.y + beta[n]) * u;
    if (SEES) {
      y[3u * first + n] = u;
      y[3u * first + params.width + n] = o[first + n];
    }
  }
  moments[row] = own;
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  let own = moments_of(first);
  var sum = 0.0;
  var dot = 0.0;
  for (var n = 0u; n < params.width; n++) {
    let at = row * params.row + n;
    let share = sigmoid(z[at]);
    let normal = (o[first + n] - own.x) * own.y;
    let slope = dy[gate_at(row, n)] * z[at] * share;
    d_normal[first + n] = slope;
    sum += total(gamma[n] * slope);
    dot += total(gamma[n] * slope * normal);
    var du = dy[gate_at(row, n)] * (gamma[n] * normal + beta[n]);
    if (SEES) { du += dy[3u * first + n]; }
    dz[at] = du * share * (1.0 + z[at] * (1.0 - share));
  }
  sum /= f32(params.numbers);
  dot /= f32(params.numbers);
  for (var n = 0u; n < params.width; n++) {
    let at = row * params.row + n;
    let slope = gamma[n] * dy[gate_at(row, n)] * z[at] * sigmoid(z[at]);
    let normal = (o[first + n] - own.x) * own.y;
    var all = own.y * (slope - sum - normal * dot);
    if (SEES) { all += dy[3u * first + params.width + n]; }
    d_o[first + n] = all;
  }
}
