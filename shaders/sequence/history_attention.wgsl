// Attention among the places of a history, head by head, without a matrix of weights in memory.
//   forward        o_i = sum_j w_ij v_j over the places that i attends to, w_ij = weight_of(SCALE <q_i, k_j>)
//   query_gradient dq_i = SCALE sum_j ds_ij k_j with ds_ij = slope_of(..., <do_i, v_j>); also mean_i = <do_i, o_i>
//   key_gradient   dk_j = SCALE sum_i ds_ij q_i,  dv_j = sum_i w_ij do_i
// Needs grid.wgsl, lane*.wgsl, places.wgsl, history_places.wgsl, history_mask.wgsl, and history_softmax.wgsl or
// history_silu.wgsl. Absent places get zeros.
// Grid: a workgroup for a row of the batch, a head and THREADS places, one place a thread. The places that it attends to
// pass through workgroup memory in tiles; tiles without a present place are left out, so that cost follows the lengths.
// Memory: 4 T (W + H V) bytes a row for forward, each tile once for each THREADS places.
const SIZE: u32 = 64u;  // places of a tile

var<workgroup> first_tile: array<Lane, SIZE * QK>;
var<workgroup> second_tile: array<Lane, SIZE * V>;
var<workgroup> first_numbers: array<f32, SIZE>;
var<workgroup> second_numbers: array<f32, SIZE>;

// Whether a tile of places has any that is present.
fn has_places(first: u32, length: u32) -> bool {
  return first < length || first + SIZE + TARGETS > params.places;
}

// Copies keys of a tile, or queries, into workgroup memory; places past the last one are not read.
fn load_tile(at: Work, first: u32, lane: u32, is_keys: bool) {
  for (var i = lane; i < SIZE * QK; i += THREADS) {
    let t = first + i / QK;
    let place = select(query_at(at, t), key_at(at, t), is_keys);
    if (t < params.places) { first_tile[i] = x[place + i % QK]; }
  }
}

fn load_values(at: Work, first: u32, lane: u32) {
  for (var i = lane; i < SIZE * V; i += THREADS) {
    let t = first + i / V;
    if (t < params.places) { second_tile[i] = x[value_at(at, t) + i % V]; }
  }
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  if (number >= params.groups) { return; }
  let at = work(number);
  let length = lengths[at.b];
  let i = at.block * THREADS + lane;
  let exists = i < params.places;
  var query: array<Lane, QK>;
  if (exists) {
    for (var d = 0u; d < QK; d++) { query[d] = x[query_at(at, i) + d]; }
  }
  var sum: array<Lane, V>;
  var largest = -3.4e38;
  var total_weight = 0.0;
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_places(first, length)) { continue; }
    load_tile(at, first, lane, true);
    load_values(at, first, lane);
    workgroupBarrier();
    for (var t = 0u; exists && t < min(SIZE, params.places - first); t++) {
      if (!allows(i, first + t, length)) { continue; }
      var product = query[0] * first_tile[t * QK];
      for (var d = 1u; d < QK; d++) { product += query[d] * first_tile[t * QK + d]; }
      let score = SCALE * total(product);
      if (NORMALIZED) {
        let before = largest;
        largest = max(largest, score);
        let shrink = exp(before - largest);
        let weight = exp(score - largest);
        total_weight = total_weight * shrink + weight;
        for (var d = 0u; d < V; d++) { sum[d] = sum[d] * shrink + weight * second_tile[t * V + d]; }
      } else {
        let weight = weight_of(score, 0.0);
        for (var d = 0u; d < V; d++) { sum[d] += weight * second_tile[t * V + d]; }
      }
    }
    workgroupBarrier();
  }
  if (!exists) { return; }
  let reached = present(i, length);
  let divisor = select(1.0, total_weight, NORMALIZED && reached);
  for (var d = 0u; d < V; d++) { y[output_at(at, i) + d] = select(Lane(), sum[d] / divisor, reached); }
  statistics[number_at(at, i)] = select(0.0, largest + log(max(total_weight, 1e-38)), NORMALIZED && reached);
}

@compute @workgroup_size(THREADS)
fn query_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  if (number >= params.groups) { return; }
  let at = work(number);
  let length = lengths[at.b];
  let i = at.block * THREADS + lane;
  let exists = i < params.places && present(i, length);
  var query: array<Lane, QK>;
  var slope: array<Lane, V>;
  var mean = 0.0;
  var log_sum = 0.0;
  if (exists) {
    for (var d = 0u; d < QK; d++) { query[d] = x[query_at(at, i) + d]; }
    for (var d = 0u; d < V; d++) {
      slope[d] = dout[output_at(at, i) + d];
      mean += total(slope[d] * o[output_at(at, i) + d]);
    }
    log_sum = log_sums[number_at(at, i)];
  }
  var sum: array<Lane, QK>;
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_places(first, length)) { continue; }
    load_tile(at, first, lane, true);
    load_values(at, first, lane);
    workgroupBarrier();
    for (var t = 0u; exists && t < min(SIZE, params.places - first); t++) {
      if (!allows(i, first + t, length)) { continue; }
      var product = query[0] * first_tile[t * QK];
      for (var d = 1u; d < QK; d++) { product += query[d] * first_tile[t * QK + d]; }
      var dw = slope[0] * second_tile[t * V];
      for (var d = 1u; d < V; d++) { dw += slope[d] * second_tile[t * V + d]; }
      let ds = SCALE * slope_of(SCALE * total(product), log_sum, total(dw), mean);
      for (var d = 0u; d < QK; d++) { sum[d] += ds * first_tile[t * QK + d]; }
    }
    workgroupBarrier();
  }
  if (i >= params.places) { return; }
  for (var d = 0u; d < QK; d++) { y[query_at(at, i) + d] = sum[d]; }
  statistics[number_at(at, i)] = mean;
}

@compute @workgroup_size(THREADS)
fn key_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  if (number >= params.groups) { return; }
  let at = work(number);
  let length = lengths[at.b];
  let j = at.block * THREADS + lane;
  let exists = j < params.places && present(j, length);
  var key: array<Lane, QK>;
  var value: array<Lane, V>;
  if (exists) {
    for (var d = 0u; d < QK; d++) { key[d] = x[key_at(at, j) + d]; }
    for (var d = 0u; d < V; d++) { value[d] = x[value_at(at, j) + d]; }
  }
  var key_sum: array<Lane, QK>;
  var value_sum: array<Lane, V>;
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_places(first, length)) { continue; }
    load_tile(at, first, lane, false);
    for (var k = lane; k < SIZE * V; k += THREADS) {
      let t = first + k / V;
      if (t < params.places) { second_tile[k] = dout[output_at(at, t) + k % V]; }
    }
    for (var k = lane; k < SIZE; k += THREADS) {
      if (first + k < params.places) {
        first_numbers[k] = log_sums[number_at(at, first + k)];
        second_numbers[k] = means[number_at(at, first + k)];
      }
    }
    workgroupBarrier();
    for (var t = 0u; exists && t < min(SIZE, params.places - first); t++) {
      if (!allows(first + t, j, length)) { continue; }
      var product = key[0] * first_tile[t * QK];
      for (var d = 1u; d < QK; d++) { product += key[d] * first_tile[t * QK + d]; }
      let score = SCALE * total(product);
      var dw = value[0] * second_tile[t * V];
      for (var d = 1u; d < V; d++) { dw += value[d] * second_tile[t * V + d]; }
      let weight = weight_of(score, first_numbers[t]);
      let ds = SCALE * slope_of(score, first_numbers[t], total(dw), second_numbers[t]);
      for (var d = 0u; d < QK; d++) { key_sum[d] += ds * first_tile[t * QK + d]; }
      for (var d = 0u; d < V; d++) { value_sum[d] += weight * second_tile[t * V + d]; }
    }
    workgroupBarrier();
  }
  if (j >= params.places) { return; }
  for (var d = 0u; d < QK; d++) { y[key_at(at, j) + d] = key_sum[d]; }
  for (var d = 0u; d < V; d++) { y[value_at(at, j) + d] = value_sum[d]; }
}
