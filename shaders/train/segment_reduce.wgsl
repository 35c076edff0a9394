// Sum of a table's gradients over the occurrences of each row, from occurrences sorted by row.
//   reduce  walks chunks of CHUNK sorted positions. A run of equal rows that lies within a chunk is finished at once; the
//           pieces of runs that cross chunks go to `carry`.
//   reduce_ahead  the same for GPUs
//   finish  adds up the pieces of a run, four chunks at a time, in the chunk where the run starts.
//   finish_group  the same for GPUs: a workgroup takes GROUP_CHUNKS chunks, and all its threads together the one run that
//           starts there and goes on past them, in a tree that depends on the run's length alone.
// Finishing is segment_row_l2.wgsl or _none, then segment_apply.wgsl (the optimizer) or segment_store.wgsl (the sum).
// Needs step.wgsl, grid.wgsl, a lane file, segment_value or _unit, and the terms of the gradient: segment_embedding,
// segment_linear, segment_fm or their _none counterparts.
// Shapes: pairs [F B] of (row, occurrence f B + b); carry [chunks, 2, D].
// Grid: one invocation per (chunk, SPAN lanes). The work does not depend on how often a row occurs, and the order of
// additions is that of the sorted positions: no atomics, bit-reproducible.
const CHUNK: u32 = 32u;
const BATCH: u32 = 1u;
const FIELDS: u32 = 1u;
const LANES: u32 = 1u;   // lanes of D
const STRIDE: u32 = 1u;  // lanes from one row of the table to the next
const SPAN: u32 = 1u;    // lanes of one invocation, a divisor of LANES
const GROUP_CHUNKS: u32 = 16u;  // chunks of a workgroup of finish_group

struct Params {
  first: u32,  // first row of the shard
  rows: u32,   // rows of the shard
  l2: f32,     // coupled L2, once per touched row
}
@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> weights: array<Lane>;
@group(0) @binding(3) var<storage, read_write> carry: array<Lane>;

// The running sum, and the sum of v^2 dFm, by which the row itself enters the gradient of the FM term.
var<private> sum: array<Lane, SPAN>;
var<private> own: f32;

fn clear() {
  for (var j = 0u; j < SPAN; j++) { sum[j] = Lane(); }
  own = 0.0;
}

fn add_occurrence(occurrence: u32, part: u32) {
  let b = occurrence % BATCH;
  let v = value_of(occurrence);
  let looked_up = b * FIELDS + occurrence / BATCH;
  for (var j = 0u; j < SPAN; j++) {
    let lane = part * SPAN + j;
    sum[j] += embedding_term(looked_up, v, lane);
    sum[j] += linear_term(b, v);
    sum[j] += fm_term(b, v, lane);
  }
  own += own_term(b, v);
}

fn carry_at(chunk: u32, piece: u32, part: u32) -> u32 {
  return (2u * chunk + piece) * LANES + part * SPAN;
}

fn end_piece(row: u32, head: u32, at: u32, start: u32, end: u32, part: u32) {
  let number = row - params.first;
  if (number >= params.rows) { return; }
  subtract_own(number, part);
  let open_before = head == start && start > 0u && pairs[max(start, 1u) - 1u].x == row;
  let open_after = at == end && end < step.rows * FIELDS && pairs[end].x == row;
  if (open_before || open_after) {
    let place = carry_at(start / CHUNK, select(1u, 0u, open_before), part);
    for (var j = 0u; j < SPAN; j++) { carry[place + j] = sum[j]; }
  } else {
    finish_run(number, head, part);
  }
}

@compute @workgroup_size(64)
fn reduce(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % (LANES / SPAN);
  let start = worker / (LANES / SPAN) * CHUNK;
  let count = step.rows * FIELDS;
  if (start >= count) { return; }
  let end = min(start + CHUNK, count);
  var head = start;
  var pair = pairs[start];
  var row = pair.x;
  if (row >= params.first + params.rows || pairs[end - 1u].x < params.first) { return; }
  clear();
  for (var at = start; at < end; at++) {
    add_occurrence(pair.y, part);
    pair = vec2u(0xffffffffu, 0u);
    if (at + 1u < end) { pair = pairs[at + 1u]; }
    if (pair.x != row) {
      end_piece(row, head, at + 1u, start, end, part);
      clear();
      head = at + 1u;
      row = pair.x;
    }
  }
}

// A position with the terms of its occurrence.
struct Position {
  row: u32,
  embedding: Lane,
  linear: Lane,
  fm: Lane,
  own: f32,
}

// Loads a position, or the last one of the chunk past its end.
fn position_at(at: u32, end: u32, lane: u32) -> Position {
  let pair = pairs[min(at, end - 1u)];
  let b = pair.y % BATCH;
  let v = value_of(pair.y);
  let embedding = embedding_term(b * FIELDS + pair.y / BATCH, v, lane);
  return Position(pair.x, embedding, linear_term(b, v), fm_term(b, v, lane), own_term(b, v));
}

// The run that a thread of reduce_ahead adds up.
var<private> run_row: u32;
var<private> run_head: u32;

fn take(position: Position, at: u32, start: u32, end: u32, part: u32) {
  if (at >= end) { return; }
  if (position.row != run_row) {
    end_piece(run_row, run_head, at, start, end, part);
    clear();
    run_head = at;
    run_row = position.row;
  }
  sum[0] += position.embedding;
  sum[0] += position.linear;
  sum[0] += position.fm;
  own += position.own;
}

// The same where SPAN is 1, for GPUs: four positions are loaded before the first of them is added, so that loads do not
// wait for one another.
@compute @workgroup_size(64)
fn reduce_ahead(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % LANES;
  let start = worker / LANES * CHUNK;
  let count = step.rows * FIELDS;
  if (start >= count) { return; }
  let end = min(start + CHUNK, count);
  run_head = start;
  run_row = pairs[start].x;
  if (run_row >= params.first + params.rows || pairs[end - 1u].x < params.first) { return; }
  clear();
  for (var at = start; at < end; at += 4u) {
    let first = position_at(at, end, part);
    let second = position_at(at + 1u, end, part);
    let third = position_at(at + 2u, end, part);
    let fourth = position_at(at + 3u, end, part);
    take(first, at, start, end, part);
    take(second, at + 1u, start, end, part);
    take(third, at + 2u, start, end, part);
    take(fourth, at + 3u, start, end, part);
  }
  end_piece(run_row, run_head, end, start, end, part);
}

// Whether chunk `chunk` starts with an occurrence of `row`.
fn starts_with(chunk: u32, row: u32, count: u32) -> bool {
  return chunk * CHUNK < count && pairs[min(chunk * CHUNK, count - 1u)].x == row;
}

// Last chunk that starts with `row`, given that `chunk` does: steps are doubled, then halved, for on a GPU the time is that
// of the loads that wait for one another.
fn last_chunk(chunk: u32, row: u32, count: u32) -> u32 {
  var last = chunk;
  var stride = 1u;
  while (starts_with(last + stride, row, count)) {
    last += stride;
    stride *= 2u;
  }
  while (stride > 1u) {
    stride /= 2u;
    if (starts_with(last + stride, row, count)) { last += stride; }
  }
  return last;
}

// A run that crosses the end of the chunk in which it starts.
struct Run {
  row: u32,   // of the shard
  head: u32,  // first position
  last: u32,  // last chunk; the chunk where the run starts if there is no such run
}

// Returns the run that starts in a chunk and crosses its end.
fn crossing_run(chunk: u32) -> Run {
  let none = Run(0u, 0u, chunk);
  let start = chunk * CHUNK;
  let count = step.rows * FIELDS;
  if (start + CHUNK >= count) { return none; }
  // All loaded before any is looked at.
  let row = pairs[start + CHUNK].x;
  let last = pairs[start + CHUNK - 1u].x;
  let before = pairs[max(start, 1u) - 1u].x;
  let number = row - params.first;
  if (number >= params.rows || last != row || (start > 0u && before == row)) { return none; }
  var head = start + CHUNK - 1u;
  while (head > start && pairs[head - 1u].x == row) { head--; }
  return Run(number, head, last_chunk(chunk + 1u, row, count));
}

// Adds the pieces of the chunks first, first + stride, ... up to last, four at a time.
fn add_pieces(first: u32, stride: u32, last: u32, part: u32) {
  let lanes = 2u * LANES * stride;
  var at = first;
  for (; at + 3u * stride <= last; at += 4u * stride) {
    let piece = carry_at(at, 0u, part);
    for (var j = 0u; j < SPAN; j++) {
      let left = carry[piece + j] + carry[piece + lanes + j];
      sum[j] += left + (carry[piece + 2u * lanes + j] + carry[piece + 3u * lanes + j]);
    }
  }
  for (; at <= last; at += stride) {
    let piece = carry_at(at, 0u, part);
    for (var j = 0u; j < SPAN; j++) { sum[j] += carry[piece + j]; }
  }
}

fn add_opening(chunk: u32, part: u32) {
  let opening = carry_at(chunk, 1u, part);
  for (var j = 0u; j < SPAN; j++) { sum[j] += carry[opening + j]; }
}

@compute @workgroup_size(64)
fn finish(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % (LANES / SPAN);
  let chunk = worker / (LANES / SPAN);
  let run = crossing_run(chunk);
  if (run.last == chunk) { return; }
  clear();
  add_opening(chunk, part);
  add_pieces(chunk + 1u, 1u, run.last, part);
  finish_run(run.row, run.head, part);
}

const THREADS: u32 = 256u;
var<workgroup> tree: array<Lane, THREADS>;
var<workgroup> long_run: vec4u;  // row, head, last chunk and chunk where it starts, if row is one of the shard

@compute @workgroup_size(THREADS)
fn finish_group(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let parts = LANES / SPAN;
  let workers = THREADS / parts;
  let part = thread % parts;
  let worker = thread / parts;
  let first = linear_group(group, groups) * GROUP_CHUNKS;
  if (thread == 0u) { long_run = vec4u(0xffffffffu); }
  workgroupBarrier();
  for (var chunk = first + worker; chunk < first + GROUP_CHUNKS && worker < workers; chunk += workers) {
    let run = crossing_run(chunk);
    if (run.last >= first + GROUP_CHUNKS) {
      if (part == 0u) { long_run = vec4u(run.row, run.head, run.last, chunk); }
    } else if (run.last != chunk) {
      clear();
      add_opening(chunk, part);
      add_pieces(chunk + 1u, 1u, run.last, part);
      finish_run(run.row, run.head, part);
    }
  }
  let run = workgroupUniformLoad(&long_run);
  if (run.x >= params.rows) { return; }
  clear();
  if (worker < workers) { add_pieces(run.w + 1u + worker, workers, run.z, part); }
  for (var j = 0u; j < SPAN; j++) {
    workgroupBarrier();
    tree[thread] = sum[j];
    for (var size = workers; size > 1u;) {
      let half = (size + 1u) / 2u;
      workgroupBarrier();
      if (worker + half < size) { tree[thread] += tree[thread + half * parts]; }
      size = half;
    }
    sum[j] = tree[thread];
  }
  if (worker > 0u) { return; }
  add_opening(run.w, part);
  finish_run(run.x, run.y, part);
}
