// Gradients of weighted inner products of pairs (pair_product.wgsl, which this part follows).
//   backward   de[b, i, :] = sum_{j != i} g_p s_p e[b, j, :]  with g_p = dq[b, p], or dq[b] where q was summed
//   slices     partial[s, p, :] = sum over the samples b of slice s of g_p e[b, i, :] e[b, j, :]
//   strengths, strengths_by_lane   ds_p = sum_s partial[s, p, :], its lanes summed up or kept
// Grid: backward one invocation per (4 lanes, 4 fields i, b); slices per (slice, 4 fields i, 4 fields j, lane of s);
// strengths per number of s. Fixed orders, no atomics.
@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let b = t % params.batch;
  let i = t / params.batch % ((params.fields + 3u) / 4u) * 4u;
  let c = t / params.batch / ((params.fields + 3u) / 4u) * 4u;
  if (c >= LANES) { return; }
  let last = LANES - 1u;
  let lane1 = min(c + 1u, last);
  let lane2 = min(c + 2u, last);
  let lane3 = min(c + 3u, last);
  var s00 = Lane();
  var s01 = Lane();
  var s02 = Lane();
  var s03 = Lane();
  var s10 = Lane();
  var s11 = Lane();
  var s12 = Lane();
  var s13 = Lane();
  var s20 = Lane();
  var s21 = Lane();
  var s22 = Lane();
  var s23 = Lane();
  var s30 = Lane();
  var s31 = Lane();
  var s32 = Lane();
  var s33 = Lane();
  for (var j = 0u; j < params.fields; j++) {
    let other = row_at(b, j);
    let x0 = e[other + c];
    let x1 = e[other + lane1];
    let x2 = e[other + lane2];
    let x3 = e[other + lane3];
    if (j != i && i < params.fields) {
      let p = pair_of(min(i, j), max(i, j));
      let g = upstream(b, p);
      s00 += g * x0 * strength_of(p, c);
      s01 += g * x1 * strength_of(p, lane1);
      s02 += g * x2 * strength_of(p, lane2);
      s03 += g * x3 * strength_of(p, lane3);
    }
    if (j != i + 1u && i + 1u < params.fields) {
      let p = pair_of(min(i + 1u, j), max(i + 1u, j));
      let g = upstream(b, p);
      s10 += g * x0 * strength_of(p, c);
      s11 += g * x1 * strength_of(p, lane1);
      s12 += g * x2 * strength_of(p, lane2);
      s13 += g * x3 * strength_of(p, lane3);
    }
    if (j != i + 2u && i + 2u < params.fields) {
      let p = pair_of(min(i + 2u, j), max(i + 2u, j));
      let g = upstream(b, p);
      s20 += g * x0 * strength_of(p, c);
      s21 += g * x1 * strength_of(p, lane1);
      s22 += g * x2 * strength_of(p, lane2);
      s23 += g * x3 * strength_of(p, lane3);
    }
    if (j != i + 3u && i + 3u < params.fields) {
      let p = pair_of(min(i + 3u, j), max(i + 3u, j));
      let g = upstream(b, p);
      s30 += g * x0 * strength_of(p, c);
      s31 += g * x1 * strength_of(p, lane1);
      s32 += g * x2 * strength_of(p, lane2);
      s33 += g * x3 * strength_of(p, lane3);
    }
  }
  put_lanes(b, i, c, s00, s01, s02, s03);
  put_lanes(b, i + 1u, c, s10, s11, s12, s13);
  put_lanes(b, i + 2u, c, s20, s21, s22, s23);
  put_lanes(b, i + 3u, c, s30, s31, s32, s33);
}

fn put_lanes(b: u32, i: u32, c: u32, x0: Lane, x1: Lane, x2: Lane, x3: Lane) {
  if (i >= params.fields) { return; }
  let at = row_at(b, i) + c;
  de[at] = x0;
  if (LANES > 1u && c + 1u < LANES) { de[at + 1u] = x1; }
  if (LANES > 2u && c + 2u < LANES) { de[at + 2u] = x2; }
  if (LANES > 3u && c + 3u < LANES) { de[at + 3u] = x3; }
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (params.fields + 3u) / 4u;
  let first_lane = t % STRENGTH_LANES;
  let i = t / STRENGTH_LANES % blocks * 4u;
  let j = t / STRENGTH_LANES / blocks % blocks * 4u;
  let s = t / STRENGTH_LANES / (blocks * blocks);
  if (s >= SLICES || j < i) { return; }
  let rows = (params.batch + SLICES - 1u) / SLICES;
  var sums: array<Lane, 16>;
  for (var b = s * rows; b < min(s * rows + rows, params.batch); b++) {
    var g: array<f32, 16>;
    for (var k = 0u; k < 16u; k++) {
      if (is_pair(i + k / 4u, j + k % 4u)) { g[k] = upstream(b, pair_of(i + k / 4u, j + k % 4u)); }
    }
    for (var c = first_lane; c < LANES; c += STRENGTH_LANES) {
      var right: array<Lane, 4>;
      for (var l = 0u; l < 4u; l++) { right[l] = e[row_at(b, j + l) + c]; }
      for (var k = 0u; k < 4u; k++) {
        let left = e[row_at(b, i + k) + c];
        for (var l = 0u; l < 4u; l++) { sums[4u * k + l] += g[4u * k + l] * left * right[l]; }
      }
    }
  }
  for (var k = 0u; k < 16u; k++) {
    if (!is_pair(i + k / 4u, j + k % 4u)) { continue; }
    let p = pair_of(i + k / 4u, j + k % 4u);
    partial[(s * pair_count() + p) * STRENGTH_LANES + first_lane] = sums[k];
  }
}

fn sum_of_slices(i: u32, width: u32) -> Lane {
  var sum = Lane();
  for (var s = 0u; s < SLICES; s++) { sum += slice[s * width + i]; }
  return sum;
}

@compute @workgroup_size(64)
fn strengths(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let p = linear_group(group, groups) * 64u + lane;
  if (p < pair_count()) { dnumber[p] = total(sum_of_slices(p, pair_count())); }
}

@compute @workgroup_size(64)
fn strengths_by_lane(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let width = pair_count() * LANES;
  if (i < width) { dvector[i] = sum_of_slices(i, width); }
}
