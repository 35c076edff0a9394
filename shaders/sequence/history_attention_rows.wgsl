// Attention among the places of a history, head by head, each thread reading what it needs: for processors, whose workgroup
// memory is memory like any other.
//   forward, query_gradient, key_gradient  as in history_attention.wgsl
// Needs grid.wgsl, lane*.wgsl, places.wgsl, history_places.wgsl, history_mask.wgsl, and history_softmax.wgsl or
// history_silu.wgsl.
// Grid: one invocation for a row of the batch, a head and a place; a block is THREADS neighboring places.

struct Place { at: Work, i: u32, exists: bool, length: u32 }

fn place_of(number: u32, lane: u32) -> Place {
  let at = work(min(number, params.groups - 1u));
  let i = at.block * THREADS + lane;
  let length = lengths[at.b];
  return Place(at, i, number < params.groups && i < params.places, length);
}

fn score_of(query: u32, key: u32) -> f32 {
  var product = x[query] * x[key];
  for (var d = 1u; d < QK; d++) { product += x[query + d] * x[key + d]; }
  return SCALE * total(product);
}

fn slope_by_weight(output: u32, value: u32) -> f32 {
  var product = dout[output] * x[value];
  for (var d = 1u; d < V; d++) { product += dout[output + d] * x[value + d]; }
  return total(product);
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let here = place_of(linear_group(group, groups), lane);
  if (!here.exists) { return; }
  let at = here.at;
  let query = query_at(at, here.i);
  var sum: array<Lane, V>;
  var largest = -3.4e38;
  var total_weight = 0.0;
  for (var j = first_place(here.length); j < params.places; j = next_place(j, here.length)) {
    if (!allows(here.i, j, here.length)) { continue; }
    let score = score_of(query, key_at(at, j));
    let value = value_at(at, j);
    if (NORMALIZED) {
      let before = largest;
      largest = max(largest, score);
      let shrink = exp(before - largest);
      let weight = exp(score - largest);
      total_weight = total_weight * shrink + weight;
      for (var d = 0u; d < V; d++) { sum[d] = sum[d] * shrink + weight * x[value + d]; }
    } else {
      let weight = weight_of(score, 0.0);
      for (var d = 0u; d < V; d++) { sum[d] += weight * x[value + d]; }
    }
  }
  let reached = present(here.i, here.length);
  let divisor = select(1.0, total_weight, NORMALIZED && reached);
  for (var d = 0u; d < V; d++) { y[output_at(at, here.i) + d] = select(Lane(), sum[d] / divisor, reached); }
  statistics[number_at(at, here.i)] = select(0.0, largest + log(max(total_weight, 1e-38)), NORMALIZED && reached);
}

@compute @workgroup_size(THREADS)
fn query_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let here = place_of(linear_group(group, groups), lane);
  if (!here.exists) { return; }
  let at = here.at;
  let query = query_at(at, here.i);
  let output = output_at(at, here.i);
  let log_sum = log_sums[number_at(at, here.i)];
  var mean = 0.0;
  for (var d = 0u; d < V; d++) { mean += total(dout[output + d] * o[output + d]); }
  var sum: array<Lane, QK>;
  for (var j = first_place(here.length); j < params.places; j = next_place(j, here.length)) {
    if (!allows(here.i, j, here.length)) { continue; }
    let key = key_at(at, j);
    let ds = SCALE * slope_of(score_of(query, key), log_sum, slope_by_weight(output, value_at(at, j)), mean);
    for (var d = 0u; d < QK; d++) { sum[d] += ds * x[key + d]; }
  }
  for (var d = 0u; d < QK; d++) { y[query + d] = sum[d]; }
  statistics[number_at(at, here.i)] = mean;
}

@compute @workgroup_size(THREADS)
fn key_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let here = place_of(linear_group(group, groups), lane);
  if (!here.exists) { return; }
  let at = here.at;
  let key = key_at(at, here.i);
  let value = value_at(at, here.i);
  var key_sum: array<Lane, QK>;
  var value_sum: array<Lane, V>;
  for (var i = first_place(here.length); i < params.places; i = next_place(i, here.length)) {
    if (!allows(i, here.i, here.length)) { continue; }
    let query = query_at(at, i);
    let output = output_at(at, i);
    let number = number_at(at, i);
    let score = score_of(query, key);
    let weight = weight_of(score, log_sums[number]);
    let ds = SCALE * slope_of(score, log_sums[number], slope_by_weight(output, value), means[number]);
    for (var d = 0u; d < QK; d++) { key_sum[d] += ds * x[query + d]; }
    for (var d = 0u; d < V; d++) { value_sum[d] += weight * dout[output + d]; }
  }
  for (var d = 0u; d < QK; d++) { y[key + d] = key_sum[d]; }
  for (var d = 0u; d < V; d++) { y[value + d] = value_sum[d]; }
}
