// The last layer of a compressed interaction network together with the weights above it, where nothing lies between.
//   fold        form[t] = sum_h w[t, h] top[E + h];  offset = dim sum_h bias[h] top[E + h];  earlier[e] = top[e]
//   fold_biased the same, and offset has top_bias, too
//   gradient    dw[t, h] = dform[t] top[E + h];  parts[s, h] = sum_t dform[t] w[t, h] over the rows t of split s
//   finish      dtop = (dearlier, sum_s parts[s, :] + dim doffset bias);  dbias[h] = dim doffset top[E + h];
//               dtop_bias = doffset
//   finish_last the same where E is 0
// Shapes: w, dw [T, H]; bias, dbias [H]; top, dtop [E + H]; form, dform [T]; earlier, dearlier [E]; parts [S, H];
// offset, doffset, top_bias, dtop_bias [1]; rows in lanes; f32.
// Grid: fold 16 threads per row of w, with bias as the row past the last; gradient and finish a workgroup of 16 x 16
// threads per 16 lanes and split, whose sums are added in order. Fixed order, no atomics: bit-reproducible.
const LANES: u32 = 1u;    // lanes of H
const EARLIER: u32 = 0u;  // lanes of E

struct Params { terms: u32, split_terms: u32, splits: u32, dim: f32 }
@group(0) @binding(0) var<storage, read> w: array<Lane>;
@group(0) @binding(1) var<storage, read> bias: array<Lane>;
@group(0) @binding(2) var<storage, read> top: array<Lane>;
@group(0) @binding(3) var<storage, read> top_bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> form: array<f32>;
@group(0) @binding(5) var<storage, read_write> offset: array<f32>;
@group(0) @binding(6) var<storage, read_write> earlier: array<Lane>;
@group(0) @binding(7) var<storage, read> dform: array<f32>;
@group(0) @binding(8) var<storage, read> doffset: array<f32>;
@group(0) @binding(9) var<storage, read> dearlier: array<Lane>;
@group(0) @binding(10) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(11) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(12) var<storage, read> sums: array<Lane>;  // parts, as finish reads them
@group(0) @binding(13) var<storage, read_write> dtop: array<Lane>;
@group(0) @binding(14) var<storage, read_write> dbias: array<Lane>;
@group(0) @binding(15) var<storage, read_write> dtop_bias: array<f32>;
@group(0) @binding(16) var<uniform> params: Params;

var<workgroup> row_part: array<f32, 256>;

// The product of a row with the last rows of top, in the first of the row's 16 threads.
fn row_product(row: u32, id: u32) -> f32 {
  var sum = Lane();
  for (var h = id % 16u; h < LANES && row <= params.terms; h += 16u) {
    let weight = top[EARLIER + h];
    if (row < params.terms) { sum += w[row * LANES + h] * weight; } else { sum += bias[h] * weight; }
  }
  row_part[id] = total(sum);
  workgroupBarrier();
  var all = 0.0;
  if (id % 16u == 0u) {
    for (var i = 0u; i < 16u; i++) { all += row_part[id + i]; }
  }
  return all;
}

fn fold_row(tile: u32, id: u32, added: f32) {
  let row = tile * 16u + id / 16u;
  let product = row_product(row, id);
  if (id % 16u == 0u && row < params.terms) { form[row] = product; }
  if (id % 16u == 0u && row == params.terms) { offset[0] = params.dim * product + added; }
  for (var e = id; e < EARLIER && tile == 0u; e += 256u) { earlier[e] = top[e]; }
}

@compute @workgroup_size(256)
fn fold(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) id: u32,
) {
  fold_row(linear_group(group, groups), id, 0.0);
}

@compute @workgroup_size(256)
fn fold_biased(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) id: u32,
) {
  fold_row(linear_group(group, groups), id, top_bias[0]);
}

var<workgroup> partial: array<array<Lane, 16>, 16>;

// The sum of the 16 threads of a column, in the first of them.
fn column_total(id: vec2u, sum: Lane) -> Lane {
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  var all = sum;
  if (id.y == 0u) {
    for (var i = 1u; i < 16u; i++) { all += partial[i][id.x]; }
  }
  return all;
}

@compute @workgroup_size(16, 16)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let across = (LANES + 15u) / 16u;
  let tile = linear_group(group, groups);
  let column = tile % across * 16u + id.x;
  let split = tile / across;
  let end = min((split + 1u) * params.split_terms, params.terms);
  var sum = Lane();
  if (column < LANES) {
    let weight = top[EARLIER + column];
    for (var t = split * params.split_terms + id.y; t < end; t += 16u) {
      let at = t * LANES + column;
      sum += dform[t] * w[at];
      dw[at] = dform[t] * weight;
    }
  }
  let all = column_total(id.xy, sum);
  if (id.y == 0u && column < LANES && split < params.splits) { parts[split * LANES + column] = all; }
}

fn finish_column(tile: u32, id: vec2u) {
  let column = tile * 16u + id.x;
  var sum = Lane();
  if (column < LANES) {
    for (var s = id.y; s < params.splits; s += 16u) { sum += sums[s * LANES + column]; }
  }
  let all = column_total(id, sum);
  if (id.y > 0u || column >= LANES) { return; }
  let scale = params.dim * doffset[0];
  dtop[EARLIER + column] = all + scale * bias[column];
  dbias[column] = scale * top[EARLIER + column];
  if (column == 0u) { dtop_bias[0] = doffset[0]; }
}

@compute @workgroup_size(16, 16)
fn finish(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let tile = linear_group(group, groups);
  for (var e = id.y * 16u + id.x; e < EARLIER && tile == 0u; e += 256u) { dtop[e] = dearlier[e]; }
  finish_column(tile, id.xy);
}

@compute @workgroup_size(16, 16)
fn finish_last(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  finish_column(linear_group(group, groups), id.xy);
}
