// Each field multiplied by a matrix of its own, and the gradients.
//   forward   y[b, f, :]  = e[b, f, :] W_f
//   backward  de[b, f, :] = dy[b, f, :] W_f^T
//   slices    partial[s, f, c, :] = sum over the samples b of slice s of e[b, f, c] dy[b, f, :]
//   matrices  dW = sum_s partial[s, :]
// Shapes: e, y, de, dy [B, F, D]; W [F, D, D]; f32.
// Grid: forward, backward one invocation per (f, lane, 4 samples); slices per (s, f, block of W_f); matrices per lane of
// W. Fixed orders, no atomics. Needs a block part.
const LANES: u32 = 4u;    // lanes of D
const SLICES: u32 = 16u;  // slices of the batch

struct Params { batch: u32, fields: u32 }
@group(0) @binding(0) var<storage, read> e: array<Lane>;
@group(0) @binding(1) var<storage, read> weight: array<Lane>;
@group(0) @binding(2) var<storage, read_write> y: array<Lane>;
@group(0) @binding(3) var<storage, read> dy: array<Lane>;
@group(0) @binding(4) var<storage, read_write> partial: array<Lane>;
@group(0) @binding(5) var<storage, read> slice: array<Lane>;
@group(0) @binding(6) var<storage, read_write> dweight: array<Lane>;
@group(0) @binding(7) var<uniform> params: Params;

fn weight_at(f: u32, c: u32, d: u32) -> u32 {
  return (f * LANES + c) * WIDTH * LANES + d;
}

// First lanes of field f of the samples of a block; past the batch it repeats the last one.
fn rows_of(block: u32, f: u32) -> vec4u {
  let b = min(vec4u(4u * block) + vec4u(0u, 1u, 2u, 3u), vec4u(params.batch - 1u));
  return (b * params.fields + f) * LANES;
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.batch + 3u) / 4u;
  let f = t / blocks / LANES;
  if (f >= params.fields) { return; }
  let d = t / blocks % LANES;
  let rows = rows_of(t % blocks, f);
  var y0 = Lane();
  var y1 = Lane();
  var y2 = Lane();
  var y3 = Lane();
  for (var c = 0u; c < LANES; c++) {
    let m = block_at(weight_at(f, c, d));
    y0 += row_times(e[rows.x + c], m);
    y1 += row_times(e[rows.y + c], m);
    y2 += row_times(e[rows.z + c], m);
    y3 += row_times(e[rows.w + c], m);
  }
  y[rows.x + d] = y0;
  y[rows.y + d] = y1;
  y[rows.z + d] = y2;
  y[rows.w + d] = y3;
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.batch + 3u) / 4u;
  let f = t / blocks / LANES;
  if (f >= params.fields) { return; }
  let c = t / blocks % LANES;
  let rows = rows_of(t % blocks, f);
  var d0 = Lane();
  var d1 = Lane();
  var d2 = Lane();
  var d3 = Lane();
  for (var d = 0u; d < LANES; d++) {
    let m = block_at(weight_at(f, c, d));
    d0 += times_column(m, dy[rows.x + d]);
    d1 += times_column(m, dy[rows.y + d]);
    d2 += times_column(m, dy[rows.z + d]);
    d3 += times_column(m, dy[rows.w + d]);
  }
  y[rows.x + c] = d0;
  y[rows.y + c] = d1;
  y[rows.z + c] = d2;
  y[rows.w + c] = d3;
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let f = t / (LANES * LANES) % params.fields;
  let s = t / (LANES * LANES) / params.fields;
  if (s >= SLICES) { return; }
  let c = t / LANES % LANES;
  let d = t % LANES;
  let rows = (params.batch + SLICES - 1u) / SLICES;
  let first = s * rows;
  var sum = Block();
  for (var b = first; b < min(first + rows, params.batch); b++) {
    let row = (b * params.fields + f) * LANES;
    sum = plus(sum, outer(e[row + c], dy[row + d]));
  }
  put_block(weight_at(s * params.fields + f, c, d), sum);
}

@compute @workgroup_size(64)
fn matrices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let size = weight_at(params.fields, 0u, 0u);
  if (i >= size) { return; }
  var sum = Lane();
  for (var s = 0u; s < SLICES; s++) { sum += slice[s * size + i]; }
  dweight[i] = sum;
}
