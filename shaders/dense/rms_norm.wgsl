// Root mean square normalization (Zhang and Sennrich, NeurIPS 2019, equation 4) of rows.
//   forward    y[r, n] = gamma[n] xhat[r, n],  xhat = x rrms_r,  rrms = 1 / sqrt(mean_n x[r, n]^2 + eps)
//   gradient   dx[r, n] = rrms_r (g[n] - xhat[r, n] mean_m g[m] xhat[r, m]),  g = gamma dy
// Shapes: x, y, dy, dx [rows, width]; gamma [width], all in lanes; moments [rows, 2] = (0, rrms), as layer normalization
// keeps them; f32. Grid: one invocation per row.
struct Params { rows: u32, width: u32, numbers: u32, epsilon: f32 }  // width: lanes; numbers: of a row
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<Lane>;
@group(0) @binding(2) var<storage, read> gamma: array<Lane>;
@group(0) @binding(3) var<storage, read_write> moments: array<vec2f>;
@group(0) @binding(4) var<storage, read> saved: array<vec2f>;  // moments of the forward
@group(0) @binding(5) var<storage, read_write> y: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  let first = row * params.width;
  var squares = 0.0;
  for (var n = 0u; n < params.width; n++) { squares += total(x[first + n] * x[first + n]); }
  let rrms = 1.0 / sqrt(squares / f32(params.numbers) + params.epsilon);
  for (var n = 0u; n < params.width; n++) { y[first + n] = gamma[n] * x[first + n] * rrms; }
  moments[row] = vec2f(0.0, rrms);
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
  let first = row * params.width;
  let rrms = saved[row].y;
  var dot = 0.0;
  for (var n = 0u; n < params.width; n++) { dot += total(gamma[n] * dy[first + n] * x[first + n]); }
  let mean = dot * rrms / f32(params.numbers);
  for (var n = 0u; n < params.width; n++) {
    y[first + n] = rrms * (gamma[n] * dy[first + n] - x[first + n] * rrms * mean);
  }
}
