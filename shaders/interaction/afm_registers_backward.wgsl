// Gradients of attention over pairs for GPUs (afm_registers.wgsl, which this part follows; formulas: afm_backward.wgsl).
// Grid: pull one thread per (b, j), so that neighbors write neighboring pairs; backward one per (b, i), as many samples to a
// workgroup as fit; slices a workgroup per slice of the batch, whose threads share its pairs and have four hidden units
// each; weights 16 threads per number of dw, or of dc and dh, which share the slices.
// Fixed orders, no atomics.
@compute @workgroup_size(64)
fn pull(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = linear_group(group, groups) * 64u + lane;
  if (t >= params.batch * params.fields) { return; }
  let b = t / params.fields;
  let j = t % params.fields;
  let upstream = row_of_dv(b * LANES);
  let delta = inner(upstream, row_of_v(b * LANES));
  let toward = times(upstream, row_of_e(t * LANES));
  for (var i = 0u; i < j; i++) {
    let product = inner(toward, row_of_e((b * params.fields + i) * LANES));
    let at = b * pair_count() + pair_of(i, j);
    let weight = exp(kept_scores[at] - kept_lse[b]);
    let mask = dropout_scale(at);
    pulls[at] = vec2f(weight * mask, weight * (mask * product - delta));
  }
}

// What a pair of fields weighs in the gradient by its product, and the slope of its score; 0 where (i, k) is no pair.
fn pull_of(sample: u32, i: u32, k: u32, is_held: bool) -> vec2f {
  if (!is_held || !is_pair(i, k)) { return vec2f(); }
  return kept_pulls[sample + number_of(i, around(i, k))];
}

fn other_row(first_row: u32, i: u32, k: u32) -> Row {
  return row_of_e(first_row + around(i, k) * LANES);
}

// Rows for the second of two pairs.
var<workgroup> second_lanes: array<Lane, 512>;

fn keep_second_lanes(thread: u32, row: Row) {
  second_lanes[4u * thread] = row.v0;
  second_lanes[4u * thread + 1u] = row.v1;
  second_lanes[4u * thread + 2u] = row.v2;
  second_lanes[4u * thread + 3u] = row.v3;
}

fn kept_row(thread: u32) -> Row {
  let at = 4u * thread;
  return Row(share_lanes[at], share_lanes[at + 1u], share_lanes[at + 2u], share_lanes[at + 3u]);
}

fn second_row(thread: u32) -> Row {
  let at = 4u * thread;
  return Row(second_lanes[at], second_lanes[at + 1u], second_lanes[at + 2u], second_lanes[at + 3u]);
}

@compute @workgroup_size(128)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let fields = params.fields;
  let samples = 128u / fields;
  let b = linear_group(group, groups) * samples + lane / fields;
  let is_held = lane / fields < samples && b < params.batch;
  let i = lane % fields;
  let held = min(b, params.batch - 1u);
  let sample = held * pair_count();
  let first_row = held * fields * LANES;
  let first = lane / fields * fields;
  let own = row_of_e(first_row + i * LANES);
  let toward = row_of_dv(held * LANES);
  var sum = Row();
  // Of pairs two and two, each thread has the gradient by the product, which the thread of the other field takes as well.
  for (var k = 1u; k <= fields / 2u; k += 2u) {
    let next0 = other_row(first_row, i, k);
    let next1 = other_row(first_row, i, k + 1u);
    let x0 = times(own, next0);
    let x1 = times(own, next1);
    let p0 = pull_of(sample, i, k, is_held);
    let p1 = pull_of(sample, i, k + 1u, is_held);
    var d0 = scaled(toward, p0.x);
    var d1 = scaled(toward, p1.x);
    for (var a = 0u; a < HIDDEN; a++) {
      let row = row_of_wt(a);
      let z = vec2f(inner(x0, row), inner(x1, row)) + bias[a];
      let g = select(vec2f(), head[a] * vec2f(p0.y, p1.y), z > vec2f());
      d0 = plus(d0, g.x, row);
      d1 = plus(d1, g.y, row);
    }
    sum = plus_product(plus_product(sum, d0, next0), d1, next1);
    keep_lanes(lane, d0);
    keep_second_lanes(lane, d1);
    workgroupBarrier();
    let back = fields - k;
    sum = plus_product(sum, kept_row(first + around(i, back)), other_row(first_row, i, back));
    sum = plus_product(sum, second_row(first + around(i, back - 1u)), other_row(first_row, i, back - 1u));
    workgroupBarrier();
  }
  if (!is_held) { return; }
  let at = first_row + i * LANES;
  de[at] = sum.v0;
  if (LANES > 1u) { de[at + 1u] = sum.v1; }
  if (LANES > 2u) { de[at + 2u] = sum.v2; }
  if (LANES > 3u) { de[at + 3u] = sum.v3; }
}

// Adds up what the threads hold for a hidden unit, and stores it.
fn merge_unit(lane: u32, slice: u32, unit: u32, row: Row) {
  workgroupBarrier();
  keep_lanes(lane, row);
  workgroupBarrier();
  let own = 4u * (lane % BLOCKS) + unit;
  let end = select(0u, LANES, own < HIDDEN && lane / BLOCKS < SHARES);
  for (var c = lane / BLOCKS; c < end; c += SHARES) {
    partial_w[(slice * HIDDEN + own) * LANES + c] = sum_of_lanes(lane % BLOCKS, BLOCKS, SHARES, c);
  }
}

fn sum_of_units(block: u32) -> vec4f {
  var sum = vec4f();
  for (var k = 0u; k < SHARES; k++) { sum += share_units[k * BLOCKS + block]; }
  return sum;
}

@compute @workgroup_size(128)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let slice = linear_group(group, groups);
  let fields = params.fields;
  let pairs = pair_count();
  let block = lane % BLOCKS;
  let share = lane / BLOCKS;
  let units = min(vec4u(4u * block) + vec4u(0u, 1u, 2u, 3u), vec4u(HIDDEN - 1u));
  let heads = vec4f(head[units.x], head[units.y], head[units.z], head[units.w]);
  let biases = vec4f(bias[units.x], bias[units.y], bias[units.z], bias[units.w]);
  let w0 = row_of_wt(units.x);
  let w1 = row_of_wt(units.y);
  let w2 = row_of_wt(units.z);
  let w3 = row_of_wt(units.w);
  var d0 = Row();
  var d1 = Row();
  var d2 = Row();
  var d3 = Row();
  var sum_bias = vec4f();
  var sum_head = vec4f();
  let rows = (params.batch + SLICES - 1u) / SLICES;
  let end = select(0u, min(slice * rows + rows, params.batch), share < SHARES);
  for (var b = slice * rows; b < end; b++) {
    let first_row = b * fields * LANES;
    var i = share % fields;
    var k = share / fields + 1u;
    for (var t = share; t < pairs; t += SHARES) {
      let j = around(i, k);
      let ds = kept_pulls[b * pairs + number_of(i, j)].y;
      let x = times(row_of_e(first_row + i * LANES), row_of_e(first_row + j * LANES));
      let z = vec4f(inner(x, w0), inner(x, w1), inner(x, w2), inner(x, w3)) + biases;
      let g = select(vec4f(), ds * heads, z > vec4f());
      sum_bias += g;
      sum_head += ds * max(z, vec4f());
      d0 = plus(d0, g.x, x);
      d1 = plus(d1, g.y, x);
      d2 = plus(d2, g.z, x);
      d3 = plus(d3, g.w, x);
      i += SHARES % fields;
      k += SHARES / fields;
      if (i >= fields) {
        i -= fields;
        k++;
      }
    }
  }
  merge_unit(lane, slice, 0u, d0);
  merge_unit(lane, slice, 1u, d1);
  merge_unit(lane, slice, 2u, d2);
  merge_unit(lane, slice, 3u, d3);
  share_units[lane] = sum_bias;
  workgroupBarrier();
  let all_bias = sum_of_units(block);
  workgroupBarrier();
  share_units[lane] = sum_head;
  workgroupBarrier();
  if (share > 0u) { return; }
  let all_head = sum_of_units(block);
  let at = slice * HIDDEN + 4u * block;
  partial_c[at] = vec2f(all_bias.x, all_head.x);
  if (4u * block + 1u < HIDDEN) { partial_c[at + 1u] = vec2f(all_bias.y, all_head.y); }
  if (4u * block + 2u < HIDDEN) { partial_c[at + 2u] = vec2f(all_bias.z, all_head.z); }
  if (4u * block + 3u < HIDDEN) { partial_c[at + 3u] = vec2f(all_bias.w, all_head.w); }
}

// What a slice holds for a number of dw, or for one of dc and dh.
fn slice_number(slice: u32, number: u32, size: u32) -> vec2f {
  if (number < size) { return vec2f(slice_w[slice * size + number], 0.0); }
  return slice_c[slice * HIDDEN + number - size];
}

@compute @workgroup_size(64)
fn weights(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let dim = LANES * LANE_WIDTH;
  let size = HIDDEN * dim;
  let own = linear_group(group, groups) * (64u / MERGERS) + lane % (64u / MERGERS);
  let number = min(own, size + HIDDEN - 1u);
  let step = 64u / MERGERS;
  var sum = vec2f();
  for (var s = lane / step; s < SLICES; s += 4u * MERGERS) {
    let s0 = slice_number(s, number, size);
    let s1 = slice_number(s + MERGERS, number, size);
    let s2 = slice_number(s + 2u * MERGERS, number, size);
    let s3 = slice_number(s + 3u * MERGERS, number, size);
    sum += (s0 + s1) + (s2 + s3);
  }
  share_pairs[lane] = sum;
  workgroupBarrier();
  if (lane >= step || own != number) { return; }
  var all = vec2f();
  for (var k = 0u; k < MERGERS; k++) { all += share_pairs[k * step + lane]; }
  if (number < size) {
    dw[number % dim * HIDDEN + number / dim] = all.x;
  } else {
    dbias[number - size] = all.x;
    dhead[number - size] = all.y;
  }
}
