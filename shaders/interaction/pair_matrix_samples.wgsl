// Gradient through matrices of pairs for software adapters: a variant of backward in pair_matrix.wgsl, which it follows.
// Grid: one invocation per 4 samples, which owns them. Fixed order, no atomics.

// Each block of W_p is loaded once for both fields of the pair, and only pairs of the window are visited.
@compute @workgroup_size(16)
fn backward_samples(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups) * 16u + lane;
  if (4u * block >= params.batch) { return; }
  let b = samples_of(block);
  if (params.accumulates == 0u) {
    for (var i = 0u; i < params.fields * LANES; i++) {
      de[row_at(b.x, 0u) + i] = Lane();
      de[row_at(b.y, 0u) + i] = Lane();
      de[row_at(b.z, 0u) + i] = Lane();
      de[row_at(b.w, 0u) + i] = Lane();
    }
  }
  var x0: array<Lane, LANES>;
  var x1: array<Lane, LANES>;
  var x2: array<Lane, LANES>;
  var x3: array<Lane, LANES>;
  var d0: array<Lane, LANES>;
  var d1: array<Lane, LANES>;
  var d2: array<Lane, LANES>;
  var d3: array<Lane, LANES>;
  var pair = fields_of(params.first);
  var left = params.fields;
  for (var p = 0u; p < params.count; p++) {
    if (pair.x != left) {
      left = pair.x;
      for (var c = 0u; c < LANES; c++) {
        x0[c] = e[row_at(b.x, left) + c];
        x1[c] = e[row_at(b.y, left) + c];
        x2[c] = e[row_at(b.z, left) + c];
        x3[c] = e[row_at(b.w, left) + c];
        d0[c] = de[row_at(b.x, left) + c];
        d1[c] = de[row_at(b.y, left) + c];
        d2[c] = de[row_at(b.z, left) + c];
        d3[c] = de[row_at(b.w, left) + c];
      }
    }
    for (var d = 0u; d < LANES; d++) {
      let g0 = upstream(b.x, p, d);
      let g1 = upstream(b.y, p, d);
      let g2 = upstream(b.z, p, d);
      let g3 = upstream(b.w, p, d);
      let y0 = g0 * e[row_at(b.x, pair.y) + d];
      let y1 = g1 * e[row_at(b.y, pair.y) + d];
      let y2 = g2 * e[row_at(b.z, pair.y) + d];
      let y3 = g3 * e[row_at(b.w, pair.y) + d];
      var t0 = Lane();
      var t1 = Lane();
      var t2 = Lane();
      var t3 = Lane();
      for (var c = 0u; c < LANES; c++) {
        let m = block_at(weight_at(params.first + p, c, d));
        t0 += row_times(x0[c], m);
        t1 += row_times(x1[c], m);
        t2 += row_times(x2[c], m);
        t3 += row_times(x3[c], m);
        d0[c] += times_column(m, y0);
        d1[c] += times_column(m, y1);
        d2[c] += times_column(m, y2);
        d3[c] += times_column(m, y3);
      }
      // All are read before any is written: past the batch, samples are one and the same.
      t0 = de[row_at(b.x, pair.y) + d] + t0 * g0;
      t1 = de[row_at(b.y, pair.y) + d] + t1 * g1;
      t2 = de[row_at(b.z, pair.y) + d] + t2 * g2;
      t3 = de[row_at(b.w, pair.y) + d] + t3 * g3;
      de[row_at(b.x, pair.y) + d] = t0;
      de[row_at(b.y, pair.y) + d] = t1;
      de[row_at(b.z, pair.y) + d] = t2;
      de[row_at(b.w, pair.y) + d] = t3;
    }
    pair.y++;
    let row_ends = pair.y == params.fields;
    if (row_ends) { pair = vec2u(left + 1u, left + 2u); }
    if (row_ends || p + 1u == params.count) {
      for (var c = 0u; c < LANES; c++) {
        de[row_at(b.x, left) + c] = d0[c];
        de[row_at(b.y, left) + c] = d1[c];
        de[row_at(b.z, left) + c] = d2[c];
        de[row_at(b.w, left) + c] = d3[c];
      }
    }
  }
}
