// Attention among the places of a history, head by head, for GPUs: the numbers of a place are in registers.
//   forward, query_gradient, key_gradient  as in history_attention.wgsl
// Needs grid.wgsl, lane4.wgsl, places.wgsl, history_places.wgsl, history_mask.wgsl, history_row*.wgsl, and
// history_softmax.wgsl or history_silu.wgsl. Absent places get zeros.
// Grid: a workgroup for a row of the batch, a head and THREADS places, one place a thread. The places that it attends to
// pass through workgroup memory in tiles, whose steps are written out: compilers keep the bound check of a loop, and give
// no register to what an index that is no literal points at. Tiles that no place of the workgroup attends to are left out.
// Memory: 4 T (W + H V) bytes a row for forward, each tile once for each THREADS places.
const SIZE: u32 = 32u;  // places of a tile, a multiple of 4

// No rank: those of short histories behind a long context are below 0.
const ABSENT: i32 = -1000000;
const LOWEST: f32 = -3.0e38;

var<workgroup> first_rows: array<Row, SIZE>;
var<workgroup> second_rows: array<Row, SIZE>;
var<workgroup> tile_ranks: array<i32, SIZE>;
var<workgroup> tile_numbers: array<vec2f, SIZE>;

// Rank of a place, ABSENT where there is none.
fn rank_of(t: u32, length: u32) -> i32 {
  if (t >= params.places || !present(t, length)) { return ABSENT; }
  return rank(t, length);
}

fn attends(i: u32, j: u32, mine: i32, other: i32, length: u32) -> bool {
  return mine != ABSENT && other != ABSENT && sees(i, j, mine, other, length);
}

// Whether a tile has places that are there, which those from `begin` to before `end` can attend to.
fn has_keys(first: u32, end: u32, length: u32) -> bool {
  let exists = first < length || first + SIZE + TARGETS > params.places;
  return exists && !(CAUSAL && CONTEXT == 0u && first >= end);
}

// The same for places of a tile that attend to those from `begin` on.
fn has_queries(first: u32, begin: u32, length: u32) -> bool {
  let exists = first < length || first + SIZE + TARGETS > params.places;
  return exists && !(CAUSAL && CONTEXT == 0u && first + SIZE <= begin);
}

// Loads keys and values of a tile; zeros where there is no place.
fn load_keys(at: Work, first: u32, length: u32, lane: u32) {
  for (var i = lane; i < 2u * SIZE; i += THREADS) {
    let t = first + i % SIZE;
    let seat = rank_of(t, length);
    var row = Row();
    if (i < SIZE) {
      if (seat != ABSENT) { row = load_x(key_at(at, t), QK); }
      first_rows[i] = row;
      tile_ranks[i] = seat;
    } else {
      if (seat != ABSENT) { row = load_x(value_at(at, t), V); }
      second_rows[i - SIZE] = row;
    }
  }
}

// Loads queries and gradients of outputs.
fn load_queries(at: Work, first: u32, length: u32, lane: u32) {
  for (var i = lane; i < 2u * SIZE; i += THREADS) {
    let t = first + i % SIZE;
    let seat = rank_of(t, length);
    var row = Row();
    if (i < SIZE) {
      if (seat != ABSENT) { row = load_x(query_at(at, t), QK); }
      first_rows[i] = row;
      tile_ranks[i] = seat;
    } else {
      var numbers = vec2f();
      if (seat != ABSENT) {
        row = load_dout(output_at(at, t), V);
        numbers = vec2f(log_sums[number_at(at, t)], means[number_at(at, t)]);
      }
      second_rows[i - SIZE] = row;
      tile_numbers[i - SIZE] = numbers;
    }
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
  let mine = rank_of(i, length);
  var query = Row();
  if (mine != ABSENT) { query = row_scaled(load_x(query_at(at, i), QK), SCALE, QK); }
  var sum = Row();
  var largest = LOWEST;
  var total_weight = 0.0;
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_keys(first, (at.block + 1u) * THREADS, length)) { continue; }
    load_keys(at, first, length, lane);
    workgroupBarrier();
    let count = min(SIZE, params.places - first);
    for (var t = 0u; mine != ABSENT && t < count; t += 4u) {
      let sees0 = attends(i, first + t, mine, tile_ranks[t], length);
      let sees1 = attends(i, first + t + 1u, mine, tile_ranks[t + 1u], length);
      let sees2 = attends(i, first + t + 2u, mine, tile_ranks[t + 2u], length);
      let sees3 = attends(i, first + t + 3u, mine, tile_ranks[t + 3u], length);
      let score0 = row_dot(query, first_rows[t], QK);
      let score1 = row_dot(query, first_rows[t + 1u], QK);
      let score2 = row_dot(query, first_rows[t + 2u], QK);
      let score3 = row_dot(query, first_rows[t + 3u], QK);
      var level = 0.0;
      if (NORMALIZED) {
        let low = max(select(LOWEST, score0, sees0), select(LOWEST, score1, sees1));
        let high = max(select(LOWEST, score2, sees2), select(LOWEST, score3, sees3));
        level = max(largest, max(low, high));
        let shrink = exp(largest - level);
        largest = level;
        total_weight *= shrink;
        sum = row_scaled(sum, shrink, V);
      }
      let weight0 = select(0.0, weight_of(score0, level), sees0);
      let weight1 = select(0.0, weight_of(score1, level), sees1);
      let weight2 = select(0.0, weight_of(score2, level), sees2);
      let weight3 = select(0.0, weight_of(score3, level), sees3);
      total_weight += (weight0 + weight1) + (weight2 + weight3);
      sum = row_plus(sum, second_rows[t], weight0, V);
      sum = row_plus(sum, second_rows[t + 1u], weight1, V);
      sum = row_plus(sum, second_rows[t + 2u], weight2, V);
      sum = row_plus(sum, second_rows[t + 3u], weight3, V);
    }
    workgroupBarrier();
  }
  if (i >= params.places) { return; }
  let normalizes = NORMALIZED && mine != ABSENT;
  store_row(output_at(at, i), row_scaled(sum, 1.0 / select(1.0, total_weight, normalizes), V), V);
  statistics[number_at(at, i)] = select(0.0, largest + log(max(total_weight, 1e-38)), normalizes);
}

struct Query { i: u32, rank: i32, row: Row, slope: Row, log_sum: f32, mean: f32 }

fn add_key(sum: Row, query: Query, first: u32, t: u32, length: u32) -> Row {
  let key = first_rows[t];
  let score = row_dot(query.row, key, QK);
  let dw = row_dot(query.slope, second_rows[t], V);
  let sees_it = attends(query.i, first + t, query.rank, tile_ranks[t], length);
  return row_plus(sum, key, select(0.0, slope_of(score, query.log_sum, dw, query.mean), sees_it), QK);
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
  var query = Query(i, rank_of(i, length), Row(), Row(), 0.0, 0.0);
  if (query.rank != ABSENT) {
    query.row = row_scaled(load_x(query_at(at, i), QK), SCALE, QK);
    query.slope = load_dout(output_at(at, i), V);
    query.mean = row_dot(query.slope, load_o(output_at(at, i), V), V);
    query.log_sum = log_sums[number_at(at, i)];
  }
  var sum = Row();
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_keys(first, (at.block + 1u) * THREADS, length)) { continue; }
    load_keys(at, first, length, lane);
    workgroupBarrier();
    let count = min(SIZE, params.places - first);
    for (var t = 0u; query.rank != ABSENT && t < count; t += 4u) {
      sum = add_key(sum, query, first, t, length);
      sum = add_key(sum, query, first, t + 1u, length);
      sum = add_key(sum, query, first, t + 2u, length);
      sum = add_key(sum, query, first, t + 3u, length);
    }
    workgroupBarrier();
  }
  if (i >= params.places) { return; }
  store_row(query_at(at, i), row_scaled(sum, SCALE, QK), QK);
  statistics[number_at(at, i)] = query.mean;
}

struct Key { j: u32, rank: i32, row: Row, value: Row }
struct KeySums { row: Row, value: Row }

fn add_query(sums: KeySums, key: Key, first: u32, t: u32, length: u32) -> KeySums {
  let query = first_rows[t];
  let slope = second_rows[t];
  let numbers = tile_numbers[t];
  let score = row_dot(key.row, query, QK);
  let dw = row_dot(key.value, slope, V);
  let sees_it = attends(first + t, key.j, tile_ranks[t], key.rank, length);
  let weight = select(0.0, weight_of(score, numbers.x), sees_it);
  let ds = select(0.0, slope_of(score, numbers.x, dw, numbers.y), sees_it);
  return KeySums(row_plus(sums.row, query, ds, QK), row_plus(sums.value, slope, weight, V));
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
  var key = Key(j, rank_of(j, length), Row(), Row());
  if (key.rank != ABSENT) {
    key.row = row_scaled(load_x(key_at(at, j), QK), SCALE, QK);
    key.value = load_x(value_at(at, j), V);
  }
  var sums = KeySums(Row(), Row());
  for (var first = 0u; first < params.places; first += SIZE) {
    if (!has_queries(first, at.block * THREADS, length)) { continue; }
    load_queries(at, first, length, lane);
    workgroupBarrier();
    let count = min(SIZE, params.places - first);
    for (var t = 0u; key.rank != ABSENT && t < count; t += 4u) {
      sums = add_query(sums, key, first, t, length);
      sums = add_query(sums, key, first, t + 1u, length);
      sums = add_query(sums, key, first, t + 2u, length);
      sums = add_query(sums, key, first, t + 3u, length);
    }
    workgroupBarrier();
  }
  if (j >= params.places) { return; }
  store_row(key_at(at, j), row_scaled(sums.row, SCALE, QK), QK);
  store_row(value_at(at, j), sums.value, V);
}
