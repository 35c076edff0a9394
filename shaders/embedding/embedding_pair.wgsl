// Lookups of two lists of row numbers in one table.
//   gather_pair    e[b, f, :] = table[ids[f, b], :] and more_e[b, g, :] = table[more_ids[g, b], :]
//   gather_joined  the same, and joined = ids, then more_ids
// Shapes: ids [F, B], more_ids [G, B], joined [F + G, B]; table [rows, D]; e [B, F, D], more_e [B, G, D].
// Needs table_lane, which reads numbers as they are stored. A row number past the table reads as a row of zeros.
// Grid: one invocation per row number of both lists and SPAN lanes, samples adjacent so that row numbers load together.
// Memory: 8 D + 4 bytes per row number (+ 4 with joined).
// A table of several shards takes one dispatch each; the first also writes zeros for rows that the table lacks.
const LANES: u32 = 4u;  // lanes of D
const SPAN: u32 = 4u;   // lanes that one invocation copies, at most 4

struct Params {
  batch: u32,
  fields: u32,  // F
  more: u32,    // G
  first: u32,   // first row of the shard
  rows: u32,    // rows of the shard
  total: u32,   // rows of the table
}
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> more_ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> e: array<Lane>;
@group(0) @binding(4) var<storage, read_write> more_e: array<Lane>;
@group(0) @binding(5) var<storage, read_write> joined: array<u32>;
@group(0) @binding(6) var<uniform> params: Params;

// A row number of either list.
struct Occurrence { o: u32, c: u32, id: u32, exists: bool, is_more: bool }

fn occurrence(i: u32) -> Occurrence {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let o = i / parts;
  let before = params.fields * params.batch;
  let exists = o < before + params.more * params.batch;
  let is_more = o >= before;
  var id = 0u;
  if (exists) {
    if (is_more) { id = more_ids[o - before]; } else { id = ids[o]; }
  }
  return Occurrence(o, i % parts * SPAN, id, exists, is_more);
}

fn copy_lane(at: Occurrence, c: u32) {
  let number = at.id - params.first;
  let inside = number < params.rows;
  let row = select(Lane(), table_lane(select(0u, number, inside), c), inside);
  let f = at.o / params.batch;
  let b = at.o % params.batch;
  if (at.is_more) { more_e[(b * params.more + f - params.fields) * LANES + c] = row; }
  else { e[(b * params.fields + f) * LANES + c] = row; }
}

fn copy_row(at: Occurrence) {
  let inside = at.id - params.first < params.rows;
  if (!inside && !(at.id >= params.total && params.first == 0u)) { return; }
  copy_lane(at, at.c);
  if (SPAN > 1u && at.c + 1u < LANES) { copy_lane(at, at.c + 1u); }
  if (SPAN > 2u && at.c + 2u < LANES) { copy_lane(at, at.c + 2u); }
  if (SPAN > 3u && at.c + 3u < LANES) { copy_lane(at, at.c + 3u); }
}

@compute @workgroup_size(64)
fn gather_pair(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = occurrence(linear_group(group, groups) * 64u + lane);
  if (at.exists) { copy_row(at); }
}

@compute @workgroup_size(64)
fn gather_joined(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = occurrence(linear_group(group, groups) * 64u + lane);
  if (!at.exists) { return; }
  if (at.c == 0u) { joined[at.o] = at.id; }
  copy_row(at);
}
