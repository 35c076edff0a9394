// Sum of a table's gradients over the occurrences of each row, from occurrences sorted by row.
//   reduce  walks chunks of CHUNK sorted positions. A run of equal rows that lies within a chunk is finished at once; the
//           pieces of runs that cross chunks go to `carry`.
//   reduce_ahead  the same for GPUs
// segment_finish.wgsl adds these pieces up. Finishing is segment_row_l2.wgsl or _none, then segment_apply.wgsl (the
// optimizer) or segment_store.wgsl (the sum).
// reduce also takes a table of width 1 along that has the same occurrences (segment_beside.wgsl).
// Needs step.wgsl, grid.wgsl, a lane file, segment_value or _unit, and the terms of the gradient: segment_embedding,
// segment_linear, segment_fm, segment_beside or their _none counterparts.
// Shapes: pairs [F B] of (row, occurrence f B + b); carry [chunks, 2, CARRY lanes].
// Grid: one invocation per (chunk, SPAN lanes). The work does not depend on how often a row occurs, and the order of
// additions is that of the sorted positions: no atomics, bit-reproducible.
const CHUNK: u32 = 32u;
const BATCH: u32 = 1u;
const FIELDS: u32 = 1u;
const LANES: u32 = 1u;   // lanes of D
const STRIDE: u32 = 1u;  // lanes from one row of the table to the next
const SPAN: u32 = 1u;    // lanes of one invocation, a divisor of LANES
const PIECE: u32 = SPAN + BESIDE;         // lanes of an invocation's piece of a run
const CARRY: u32 = LANES / SPAN * PIECE;  // lanes of a whole piece

struct Params {
  first: u32,  // first row of the shard
  rows: u32,   // rows of the shard
  l2: f32,     // coupled L2, once per touched row
}
@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> weights: array<Lane>;
@group(0) @binding(3) var<storage, read_write> carry: array<Lane>;

// The running sum, that of the table beside, and the sum of v^2 dFm, by which the row itself enters the gradient of the FM
// term.
var<private> sum: array<Lane, SPAN>;
var<private> beside: f32;
var<private> own: f32;

fn clear() {
  for (var j = 0u; j < SPAN; j++) { sum[j] = Lane(); }
  beside = 0.0;
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
  beside += beside_term(b, v);
  own += own_term(b, v);
}

fn carry_at(chunk: u32, piece: u32, part: u32) -> u32 {
  return (2u * chunk + piece) * CARRY + part * PIECE;
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
    if (BESIDE > 0u) { carry[place + SPAN] = Lane() + beside; }
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
