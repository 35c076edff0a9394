// Second-order factorization machine (Rendle, ICDM 2010, lemma 3.1), with the first-order term where rows have one.
//   sum[b, :] = sum_f e[b, f, :]
//   y[b]      = sum_d sum_{f < g} e[b, f, d] e[b, g, d] + sum_f linear_of(b, f)
// Each row is multiplied by the sum of those before it. The lemma's 1/2 (sum^2 - sum of squares) is the same, but loses
// digits where the two are close, and is no longer 0 for a single field where a driver fuses its products.
// Rows come from a table (embedding_row.wgsl) or from memory (fm_row.wgsl). Shapes: sum [B, D]; y [B, 1]; f32.
// Grid: forward has one invocation per sample, for software adapters, where loads are dear and barriers dearer;
// forward_split has COLUMNS x SLICES invocations per sample and adds slices, then columns, in order. No atomics.
const KEEPS_SUM: bool = true;  // whether anybody reads sum
const COLUMNS: u32 = 4u;
const SLICES: u32 = 8u;
const SAMPLES: u32 = 8u;       // COLUMNS SLICES SAMPLES <= 256

@group(0) @binding(6) var<storage, read_write> sum: array<Lane>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;
var<workgroup> slice_sum: array<Lane, 256>;
var<workgroup> slice_pairs: array<Lane, 256>;
var<workgroup> slice_linear: array<f32, 256>;
var<workgroup> column_y: array<f32, 256>;

fn finish_lane(b: u32, c: u32, s: Lane, pairs: Lane) -> f32 {
  if (KEEPS_SUM) { sum[b * LANES + c] = s; }
  return total(pairs);
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  var result = 0.0;
  var first_order = 0.0;
  for (var c = 0u; c < LANES; c += 4u) {
    var s0 = Lane();
    var s1 = Lane();
    var s2 = Lane();
    var s3 = Lane();
    var p0 = Lane();
    var p1 = Lane();
    var p2 = Lane();
    var p3 = Lane();
    for (var f = 0u; f < params.fields; f++) {
      let row = row_of(b, f);
      if (c == 0u) { first_order += linear_of(row); }
      let x0 = lane_of(row, c);
      keep(b, f, c, x0);
      p0 += x0 * s0;
      s0 += x0;
      if (c + 1u < LANES) {
        let x1 = lane_of(row, c + 1u);
        keep(b, f, c + 1u, x1);
        p1 += x1 * s1;
        s1 += x1;
      }
      if (c + 2u < LANES) {
        let x2 = lane_of(row, c + 2u);
        keep(b, f, c + 2u, x2);
        p2 += x2 * s2;
        s2 += x2;
      }
      if (c + 3u < LANES) {
        let x3 = lane_of(row, c + 3u);
        keep(b, f, c + 3u, x3);
        p3 += x3 * s3;
        s3 += x3;
      }
    }
    result += finish_lane(b, c, s0, p0);
    if (c + 1u < LANES) { result += finish_lane(b, c + 1u, s1, p1); }
    if (c + 2u < LANES) { result += finish_lane(b, c + 2u, s2, p2); }
    if (c + 3u < LANES) { result += finish_lane(b, c + 3u, s3, p3); }
  }
  y[b] = result + first_order;
}

@compute @workgroup_size(256)
fn forward_split(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = lane % COLUMNS;
  let sample = lane / COLUMNS % SAMPLES;
  let slice = lane / (COLUMNS * SAMPLES);
  let b = linear_group(group, groups) * SAMPLES + sample;
  let works = slice < SLICES && b < params.batch;
  var result = 0.0;
  for (var first = 0u; first < LANES; first += COLUMNS) {
    let c = first + column;
    var s = Lane();
    var pairs = Lane();
    var first_order = 0.0;
    if (works && c < LANES) {
      for (var f = slice; f < params.fields; f += SLICES) {
        let row = row_of(b, f);
        if (c == 0u) { first_order += linear_of(row); }
        let x = lane_of(row, c);
        keep(b, f, c, x);
        pairs += x * s;
        s += x;
      }
    }
    slice_sum[lane] = s;
    slice_pairs[lane] = pairs;
    slice_linear[lane] = first_order;
    workgroupBarrier();
    if (works && slice == 0u && c < LANES) {
      for (var other = 1u; other < SLICES; other++) {
        let at = other * COLUMNS * SAMPLES + lane;
        pairs += slice_pairs[at] + s * slice_sum[at];
        s += slice_sum[at];
        first_order += slice_linear[at];
      }
      result += finish_lane(b, c, s, pairs) + first_order;
    }
    workgroupBarrier();
  }
  column_y[lane] = result;
  workgroupBarrier();
  if (!works || slice != 0u || column != 0u) { return; }
  for (var other = 1u; other < COLUMNS; other++) { result += column_y[lane + other]; }
  y[b] = result;
}
