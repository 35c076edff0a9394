// Gradients of attention over pairs (afm.wgsl, which this part follows); z_a = <w_a, x_p> + c_a.
//   pull       pulls[b, p] = (m_p a_p, ds_p) with a_p = exp(s_p - lse), ds_p = a_p (m_p <dv, x_p> - <dv, v>)
//   backward   de[b, i, :] = sum_{j != i} (m_p a_p dv + ds_p sum_a h_a [z_a > 0] w_a) * e_j
//   slices     sums over the samples of a slice of ds_p h_a [z_a > 0] (x_p, 1) and of ds_p relu(z_a), for each a
//   weights    dw, dc, dh = sums of slices
// Grid: pull, backward one invocation per (b, i), backward_samples per b; slices per (s, 4 hidden units); weights per
// (a, d). Fixed orders, no atomics.
@compute @workgroup_size(64)
fn pull(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let rows = params.fields - 1u;
  if (t >= params.batch * rows) { return; }
  let b = t / rows;
  let i = t % rows;
  var mean = Lane();
  var toward: array<Lane, LANES>;
  for (var c = 0u; c < LANES; c++) {
    mean += dv[b * LANES + c] * kept_v[b * LANES + c];
    toward[c] = dv[b * LANES + c] * e[(b * params.fields + i) * LANES + c];
  }
  let delta = total(mean);
  for (var j = i + 1u; j < params.fields; j++) {
    var product = Lane();
    for (var c = 0u; c < LANES; c++) { product += toward[c] * e[(b * params.fields + j) * LANES + c]; }
    let at = b * pair_count() + pair_of(i, j);
    let weight = exp(kept_scores[at] - kept_lse[b]);
    let mask = dropout_scale(at);
    pulls[at] = vec2f(weight * mask, weight * (mask * total(product) - delta));
  }
}

@compute @workgroup_size(64)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  if (t >= params.batch * params.fields) { return; }
  let b = t / params.fields;
  let i = t % params.fields;
  var own: array<Lane, LANES>;
  var sum: array<Lane, LANES>;
  for (var c = 0u; c < LANES; c++) { own[c] = e[t * LANES + c]; }
  for (var j = 0u; j < params.fields; j += 4u) {
    let right = four_rows(b, j);
    var x0: array<Lane, LANES>;
    var x1: array<Lane, LANES>;
    var x2: array<Lane, LANES>;
    var x3: array<Lane, LANES>;
    var weight = vec4f();
    var ds = vec4f();
    for (var k = 0u; k < 4u; k++) {
      if (j + k == i || j + k >= params.fields) { continue; }
      let found = kept_pulls[b * pair_count() + pair_of(min(i, j + k), max(i, j + k))];
      weight[k] = found.x;
      ds[k] = found.y;
    }
    for (var c = 0u; c < LANES; c++) {
      x0[c] = e[right.x + c];
      x1[c] = e[right.y + c];
      x2[c] = e[right.z + c];
      x3[c] = e[right.w + c];
      let others = weight.x * x0[c] + weight.y * x1[c] + weight.z * x2[c] + weight.w * x3[c];
      sum[c] += dv[b * LANES + c] * others;
    }
    for (var a = 0u; a < HIDDEN; a++) {
      var z0 = Lane();
      var z1 = Lane();
      var z2 = Lane();
      var z3 = Lane();
      for (var c = 0u; c < LANES; c++) {
        let row = wt[a * LANES + c] * own[c];
        z0 += x0[c] * row;
        z1 += x1[c] * row;
        z2 += x2[c] * row;
        z3 += x3[c] * row;
      }
      let z = vec4f(total(z0), total(z1), total(z2), total(z3)) + bias[a];
      let g = select(vec4f(), head[a] * ds, z > vec4f());
      for (var c = 0u; c < LANES; c++) {
        sum[c] += wt[a * LANES + c] * (g.x * x0[c] + g.y * x1[c] + g.z * x2[c] + g.w * x3[c]);
      }
    }
  }
  for (var c = 0u; c < LANES; c++) { de[t * LANES + c] = sum[c]; }
}

fn add_to(row: u32, c: u32, valid: bool, value: Lane) {
  if (valid) { de[row + c] += value; }
}

// As backward, for software adapters: an invocation owns its sample, so that each pair is visited once for both fields.
@compute @workgroup_size(64)
fn backward_samples(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let fields = params.fields;
  for (var c = 0u; c < fields * LANES; c++) { de[b * fields * LANES + c] = Lane(); }
  for (var i = 0u; i + 1u < fields; i++) {
    let left = (b * fields + i) * LANES;
    var own: array<Lane, LANES>;
    var sum = array<Lane, LANES>();  // without a value it would keep the last field's
    for (var c = 0u; c < LANES; c++) { own[c] = e[left + c]; }
    for (var j = i + 1u; j < fields; j += 4u) {
      let right = four_rows(b, j);
      let at = b * pair_count() + pair_of(i, j);
      let count = fields - j;
      let p0 = kept_pulls[at];
      let p1 = select(vec2f(), kept_pulls[min(at + 1u, at + count - 1u)], count > 1u);
      let p2 = select(vec2f(), kept_pulls[min(at + 2u, at + count - 1u)], count > 2u);
      let p3 = select(vec2f(), kept_pulls[min(at + 3u, at + count - 1u)], count > 3u);
      let ds = vec4f(p0.y, p1.y, p2.y, p3.y);
      var x0: array<Lane, LANES>;
      var x1: array<Lane, LANES>;
      var x2: array<Lane, LANES>;
      var x3: array<Lane, LANES>;
      var d0: array<Lane, LANES>;
      var d1: array<Lane, LANES>;
      var d2: array<Lane, LANES>;
      var d3: array<Lane, LANES>;
      for (var c = 0u; c < LANES; c++) {
        let pull = dv[b * LANES + c];
        x0[c] = own[c] * e[right.x + c];
        x1[c] = own[c] * e[right.y + c];
        x2[c] = own[c] * e[right.z + c];
        x3[c] = own[c] * e[right.w + c];
        d0[c] = p0.x * pull;
        d1[c] = p1.x * pull;
        d2[c] = p2.x * pull;
        d3[c] = p3.x * pull;
      }
      for (var a = 0u; a < HIDDEN; a++) {
        var z0 = Lane();
        var z1 = Lane();
        var z2 = Lane();
        var z3 = Lane();
        for (var c = 0u; c < LANES; c++) {
          let row = wt[a * LANES + c];
          z0 += x0[c] * row;
          z1 += x1[c] * row;
          z2 += x2[c] * row;
          z3 += x3[c] * row;
        }
        let z = vec4f(total(z0), total(z1), total(z2), total(z3)) + bias[a];
        let g = select(vec4f(), head[a] * ds, z > vec4f());
        for (var c = 0u; c < LANES; c++) {
          let row = wt[a * LANES + c];
          d0[c] += g.x * row;
          d1[c] += g.y * row;
          d2[c] += g.z * row;
          d3[c] += g.w * row;
        }
      }
      for (var c = 0u; c < LANES; c++) {
        sum[c] += d0[c] * e[right.x + c];
        if (count > 1u) { sum[c] += d1[c] * e[right.y + c]; }
        if (count > 2u) { sum[c] += d2[c] * e[right.z + c]; }
        if (count > 3u) { sum[c] += d3[c] * e[right.w + c]; }
        add_to(right.x, c, true, d0[c] * own[c]);
        add_to(right.y, c, count > 1u, d1[c] * own[c]);
        add_to(right.z, c, count > 2u, d2[c] * own[c]);
        add_to(right.w, c, count > 3u, d3[c] * own[c]);
      }
    }
    for (var c = 0u; c < LANES; c++) { de[left + c] += sum[c]; }
  }
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  let blocks = (HIDDEN + 3u) / 4u;
  let slice = t / blocks;
  if (slice >= SLICES) { return; }
  let unit = t % blocks * 4u;
  let units = min(vec4u(unit) + vec4u(0u, 1u, 2u, 3u), vec4u(HIDDEN - 1u));
  let heads = vec4f(head[units.x], head[units.y], head[units.z], head[units.w]);
  let biases = vec4f(bias[units.x], bias[units.y], bias[units.z], bias[units.w]);
  var w0: array<Lane, LANES>;
  var w1: array<Lane, LANES>;
  var w2: array<Lane, LANES>;
  var w3: array<Lane, LANES>;
  var d0: array<Lane, LANES>;
  var d1: array<Lane, LANES>;
  var d2: array<Lane, LANES>;
  var d3: array<Lane, LANES>;
  for (var c = 0u; c < LANES; c++) {
    w0[c] = wt[units.x * LANES + c];
    w1[c] = wt[units.y * LANES + c];
    w2[c] = wt[units.z * LANES + c];
    w3[c] = wt[units.w * LANES + c];
  }
  var sum_bias = vec4f();
  var sum_head = vec4f();
  let rows = (params.batch + SLICES - 1u) / SLICES;
  for (var b = slice * rows; b < min(slice * rows + rows, params.batch); b++) {
    var p = b * pair_count();
    for (var i = 0u; i + 1u < params.fields; i++) {
      var own: array<Lane, LANES>;
      for (var c = 0u; c < LANES; c++) { own[c] = e[(b * params.fields + i) * LANES + c]; }
      for (var j = i + 1u; j < params.fields; j++) {
        let ds = kept_pulls[p].y;
        p++;
        var x: array<Lane, LANES>;
        var z0 = Lane();
        var z1 = Lane();
        var z2 = Lane();
        var z3 = Lane();
        for (var c = 0u; c < LANES; c++) {
          x[c] = own[c] * e[(b * params.fields + j) * LANES + c];
          z0 += x[c] * w0[c];
          z1 += x[c] * w1[c];
          z2 += x[c] * w2[c];
          z3 += x[c] * w3[c];
        }
        let z = vec4f(total(z0), total(z1), total(z2), total(z3)) + biases;
        let g = select(vec4f(), ds * heads, z > vec4f());
        sum_bias += g;
        sum_head += ds * max(z, vec4f());
        for (var c = 0u; c < LANES; c++) {
          d0[c] += g.x * x[c];
          d1[c] += g.y * x[c];
          d2[c] += g.z * x[c];
          d3[c] += g.w * x[c];
        }
      }
    }
  }
  let at = slice * HIDDEN + unit;
  for (var c = 0u; c < LANES; c++) {
    partial_w[at * LANES + c] = d0[c];
    if (unit + 1u < HIDDEN) { partial_w[(at + 1u) * LANES + c] = d1[c]; }
    if (unit + 2u < HIDDEN) { partial_w[(at + 2u) * LANES + c] = d2[c]; }
    if (unit + 3u < HIDDEN) { partial_w[(at + 3u) * LANES + c] = d3[c]; }
  }
  for (var k = 0u; k < 4u && unit + k < HIDDEN; k++) { partial_c[at + k] = vec2f(sum_bias[k], sum_head[k]); }
}

@compute @workgroup_size(64)
fn weights(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let dim = arrayLength(&dw) / HIDDEN;
  if (i >= HIDDEN * dim) { return; }
  let a = i / dim;
  var sum = 0.0;
  for (var s = 0u; s < SLICES; s++) { sum += slice_w[s * HIDDEN * dim + i]; }
  dw[i % dim * HIDDEN + a] = sum;
  if (i % dim != 0u) { return; }
  var sums = vec2f();
  for (var s = 0u; s < SLICES; s++) { sums += slice_c[s * HIDDEN + a]; }
  dbias[a] = sums.x;
  dhead[a] = sums.y;
}
