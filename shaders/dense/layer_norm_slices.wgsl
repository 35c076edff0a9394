// Gradients of a layer normalization's parameters, for processors: rows are read whole, a slice of them at a time.
//   slices   parts[s, 0, n] = sum_r dy[r, n] xhat[r, n],  parts[s, 1, n] = sum_r dy[r, n]  over the rows r of slice s,
//            xhat = (x - mean_r) rstd_r
//   fold     dgamma[n] = sum_s parts[s, 0, n],  dbeta[n] = sum_s parts[s, 1, n]
// Row r belongs to set r % sets. Shapes: x, dy [rows, width]; parts [slices, 2, sets, width]; dgamma, dbeta
// [sets, width], all in lanes; saved [rows, 2] = (mean, rstd); f32.
// Grid: slices one invocation per slice, set and four lanes, of which those past the end repeat the last one, so that
// no load needs a branch; fold one per lane of dgamma. Sums in order of the rows, no atomics: bit-reproducible.
// Padded rows need no mask: dy is 0 there.
struct Params {
  rows: u32,        // of a set
  slice_rows: u32,  // rows of a set in a slice
  slices: u32,
  sets: u32,
  width: u32,       // lanes of a row
}
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> dy: array<Lane>;
@group(0) @binding(2) var<storage, read> saved: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(4) var<storage, read_write> d_gamma: array<Lane>;
@group(0) @binding(5) var<storage, read_write> d_beta: array<Lane>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let spans = (params.width + 3u) / 4u;
  let row_set = id / spans % params.sets;
  let slice = id / spans / params.sets;
  if (slice >= params.slices) { return; }
  let last = params.width - 1u;
  let n0 = id % spans * 4u;
  let n1 = min(n0 + 1u, last);
  let n2 = min(n0 + 2u, last);
  let n3 = min(n0 + 3u, last);
  var gamma0 = Lane();
  var gamma1 = Lane();
  var gamma2 = Lane();
  var gamma3 = Lane();
  var beta0 = Lane();
  var beta1 = Lane();
  var beta2 = Lane();
  var beta3 = Lane();
  let end = min((slice + 1u) * params.slice_rows, params.rows);
  for (var i = slice * params.slice_rows; i < end; i++) {
    let row = i * params.sets + row_set;
    let at = row * params.width;
    let moments = saved[row];
    let d0 = dy[at + n0];
    let d1 = dy[at + n1];
    let d2 = dy[at + n2];
    let d3 = dy[at + n3];
    gamma0 += d0 * ((x[at + n0] - moments.x) * moments.y);
    gamma1 += d1 * ((x[at + n1] - moments.x) * moments.y);
    gamma2 += d2 * ((x[at + n2] - moments.x) * moments.y);
    gamma3 += d3 * ((x[at + n3] - moments.x) * moments.y);
    beta0 += d0;
    beta1 += d1;
    beta2 += d2;
    beta3 += d3;
  }
  let size = params.sets * params.width;
  let gamma = 2u * slice * size + row_set * params.width;
  let beta = gamma + size;
  parts[gamma + n0] = gamma0;
  parts[gamma + n1] = gamma1;
  parts[gamma + n2] = gamma2;
  parts[gamma + n3] = gamma3;
  parts[beta + n0] = beta0;
  parts[beta + n1] = beta1;
  parts[beta + n2] = beta2;
  parts[beta + n3] = beta3;
}

@compute @workgroup_size(64)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_group(group, groups) * 64u + lane;
  let size = params.sets * params.width;
  if (column >= size) { return; }
  var gamma = Lane();
  var beta = Lane();
  for (var slice = 0u; slice < params.slices; slice++) {
    gamma += parts[2u * slice * size + column];
    beta += parts[(2u * slice + 1u) * size + column];
  }
  d_gamma[column] = gamma;
  d_beta[column] = beta;
}
