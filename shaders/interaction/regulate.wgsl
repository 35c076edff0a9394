// Fields weighted by gates that all samples share (Chen et al., CIKM 2021, equation 12), and the gradient.
//   forward   g = softmax(factor z);  y[b, f, :] = g_f x[b, f, :]
//   backward  dx[b, f, :] = g_f dy[b, f, :];  parts[s, n] = sum_b dy[b, n] x[b, n] over the samples b of split s;
//             means[s] = sum_n g_n parts[s, n]
//   merge     dz_f = factor g_f (sum of parts over s and field f - sum_s means[s])
// Shapes: x, y, dy, dx [B, N] with N = F D; z, g, dz [F]; parts [S, N]; means [S]; all but z, g, dz, means in lanes; f32.
// Grid: forward and backward a workgroup per split of the batch, whose threads stride over columns, adjacent ones
// together; merge a workgroup per field. Fixed order, no atomics: bit-reproducible.
const LANES: u32 = 1u;   // lanes of D
const FIELDS: u32 = 1u;  // F

struct Params { batch: u32, samples: u32, splits: u32, factor: f32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> z: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@group(0) @binding(3) var<storage, read_write> g: array<f32>;
@group(0) @binding(4) var<storage, read> gates: array<f32>;  // g, as the backward pass reads it
@group(0) @binding(5) var<storage, read> dy: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dx: array<Lane>;
@group(0) @binding(7) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(8) var<storage, read_write> means: array<f32>;
@group(0) @binding(9) var<storage, read> sums: array<Lane>;      // parts, as merge reads them
@group(0) @binding(10) var<storage, read> all_means: array<f32>;  // means, as merge reads them
@group(0) @binding(11) var<storage, read_write> dz: array<f32>;
@group(0) @binding(12) var<uniform> params: Params;

const COLUMNS: u32 = FIELDS * LANES;

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let split = linear_group(group, groups);
  let first = split * params.samples;
  let end = min(first + params.samples, params.batch);
  var largest = params.factor * z[0];
  for (var f = 1u; f < FIELDS; f++) { largest = max(largest, params.factor * z[f]); }
  var sum = 0.0;
  for (var f = 0u; f < FIELDS; f++) { sum += exp(params.factor * z[f] - largest); }
  for (var column = lane; column < COLUMNS; column += 64u) {
    let field = column / LANES;
    let weight = exp(params.factor * z[field] - largest) / sum;
    if (split == 0u && column % LANES == 0u) { g[field] = weight; }
    for (var b = first; b < end; b++) { y[b * COLUMNS + column] = weight * x[b * COLUMNS + column]; }
  }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let split = linear_group(group, groups);
  let first = split * params.samples;
  let end = min(first + params.samples, params.batch);
  var mean = 0.0;
  for (var column = lane; column < COLUMNS && split < params.splits; column += 64u) {
    let weight = gates[column / LANES];
    var sum = Lane();
    for (var b = first; b < end; b++) {
      let at = b * COLUMNS + column;
      sum += dy[at] * x[at];
      dx[at] = weight * dy[at];
    }
    parts[split * COLUMNS + column] = sum;
    mean += weight * total(sum);
  }
  let whole = folded(lane, mean);
  if (lane == 0u && split < params.splits) { means[split] = whole; }
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let field = min(linear_group(group, groups), FIELDS - 1u);
  var slope = 0.0;
  for (var split = lane; split < params.splits; split += 64u) {
    var sum = Lane();
    for (var c = 0u; c < LANES; c++) { sum += sums[split * COLUMNS + field * LANES + c]; }
    slope += total(sum) - all_means[split];
  }
  let whole = folded(lane, slope);
  if (lane == 0u) { dz[field] = params.factor * gates[field] * whole; }
}
