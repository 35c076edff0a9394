// Gradients of the strengths of pairs over slices of the batch, for GPUs: a variant of slices in pair_product_backward.wgsl
// for pair_product.wgsl, which this part follows.
//   number_slices  dnumber[s, p] = sum over the samples b of slice s of g_p <e[b, i, :], e[b, j, :]>
//   lane_slices    partial[s, p, :] = the same by element
// Grid: one invocation per (slice, block of 4 by 4 pairs, lane of s), blocks without a pair left out. No atomics.
struct Sums {
  s00: Lane, s01: Lane, s02: Lane, s03: Lane,
  s10: Lane, s11: Lane, s12: Lane, s13: Lane,
  s20: Lane, s21: Lane, s22: Lane, s23: Lane,
  s30: Lane, s31: Lane, s32: Lane, s33: Lane,
}

// Where an invocation works; slices past the last one have no pairs.
struct Work { slice: u32, i: u32, j: u32, lane: u32 }

fn work_of(t: u32) -> Work {
  let blocks = (params.fields + 3u) / 4u;
  let all = blocks * (blocks + 1u) / 2u;
  var rest = t / STRENGTH_LANES % all;
  var row = 0u;
  while (rest >= blocks - row) {
    rest -= blocks - row;
    row++;
  }
  let s = t / STRENGTH_LANES / all;
  return Work(s, select(params.fields, 4u * row, s < SLICES), 4u * (row + rest), t % STRENGTH_LANES);
}

// The upstream gradient of a pair; of any where the fields are none.
fn slope_of(b: u32, i: u32, j: u32) -> f32 {
  return upstream(b, pair_of(i, max(j, i + 1u)));
}

fn slopes_of(b: u32, i: u32, j: u32) -> vec4f {
  return vec4f(slope_of(b, i, j), slope_of(b, i, j + 1u), slope_of(b, i, j + 2u), slope_of(b, i, j + 3u));
}

fn sums_of(work: Work) -> Sums {
  var s = Sums();
  let rows = (params.batch + SLICES - 1u) / SLICES;
  let i = work.i;
  let j = work.j;
  for (var b = work.slice * rows; b < min(work.slice * rows + rows, params.batch); b++) {
    var g0 = vec4f(1.0);
    var g1 = g0;
    var g2 = g0;
    var g3 = g0;
    var whole = 1.0;
    if (SUMMED) {
      whole = upstream(b, 0u);
    } else {
      g0 = slopes_of(b, i, j);
      g1 = slopes_of(b, i + 1u, j);
      g2 = slopes_of(b, i + 2u, j);
      g3 = slopes_of(b, i + 3u, j);
    }
    for (var c = work.lane; c < LANES; c += STRENGTH_LANES) {
      let x0 = whole * e[row_at(b, j) + c];
      let x1 = whole * e[row_at(b, j + 1u) + c];
      let x2 = whole * e[row_at(b, j + 2u) + c];
      let x3 = whole * e[row_at(b, j + 3u) + c];
      let y0 = e[row_at(b, i) + c];
      let y1 = e[row_at(b, i + 1u) + c];
      let y2 = e[row_at(b, i + 2u) + c];
      let y3 = e[row_at(b, i + 3u) + c];
      s.s00 += g0.x * y0 * x0;
      s.s01 += g0.y * y0 * x1;
      s.s02 += g0.z * y0 * x2;
      s.s03 += g0.w * y0 * x3;
      s.s10 += g1.x * y1 * x0;
      s.s11 += g1.y * y1 * x1;
      s.s12 += g1.z * y1 * x2;
      s.s13 += g1.w * y1 * x3;
      s.s20 += g2.x * y2 * x0;
      s.s21 += g2.y * y2 * x1;
      s.s22 += g2.z * y2 * x2;
      s.s23 += g2.w * y2 * x3;
      s.s30 += g3.x * y3 * x0;
      s.s31 += g3.y * y3 * x1;
      s.s32 += g3.z * y3 * x2;
      s.s33 += g3.w * y3 * x3;
    }
  }
  return s;
}

fn place_of(work: Work, i: u32, j: u32) -> u32 {
  return (work.slice * pair_count() + pair_of(i, j)) * STRENGTH_LANES + work.lane;
}

fn put_number(work: Work, k: u32, x0: Lane, x1: Lane, x2: Lane, x3: Lane) {
  let i = work.i + k;
  for (var l = 0u; l < 4u; l++) {
    let x = select(select(x0, x1, l == 1u), select(x2, x3, l == 3u), l > 1u);
    if (is_pair(i, work.j + l)) { dnumber[place_of(work, i, work.j + l)] = total(x); }
  }
}

@compute @workgroup_size(64)
fn number_slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let work = work_of(linear_group(group, groups) * 64u + lane);
  if (work.i >= params.fields) { return; }
  let s = sums_of(work);
  put_number(work, 0u, s.s00, s.s01, s.s02, s.s03);
  put_number(work, 1u, s.s10, s.s11, s.s12, s.s13);
  put_number(work, 2u, s.s20, s.s21, s.s22, s.s23);
  put_number(work, 3u, s.s30, s.s31, s.s32, s.s33);
}

fn put_lane(work: Work, k: u32, x0: Lane, x1: Lane, x2: Lane, x3: Lane) {
  let i = work.i + k;
  for (var l = 0u; l < 4u; l++) {
    let x = select(select(x0, x1, l == 1u), select(x2, x3, l == 3u), l > 1u);
    if (is_pair(i, work.j + l)) { partial[place_of(work, i, work.j + l)] = x; }
  }
}

@compute @workgroup_size(64)
fn lane_slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let work = work_of(linear_group(group, groups) * 64u + lane);
  if (work.i >= params.fields) { return; }
  let s = sums_of(work);
  put_lane(work, 0u, s.s00, s.s01, s.s02, s.s03);
  put_lane(work, 1u, s.s10, s.s11, s.s12, s.s13);
  put_lane(work, 2u, s.s20, s.s21, s.s22, s.s23);
  put_lane(work, 3u, s.s30, s.s31, s.s32, s.s33);
}
