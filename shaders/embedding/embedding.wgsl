// Embedding lookup.
//   gather   e[b, f, :] = v[f, b] table[ids[f, b], :]
// Grid: one invocation per (f, b, SPAN lanes), samples adjacent so that row numbers load together.
// Memory: 8 D + 4 bytes per occurrence (+ 4 with values).
// A table of several shards takes one dispatch each; the first also writes zeros for rows that the table lacks.
const SPAN: u32 = 4u;  // lanes that one invocation copies, at most 4

@compute @workgroup_size(64)
fn gather(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let parts = (LANES + SPAN - 1u) / SPAN;
  let i = linear_group(group, groups) * 64u + lane;
  let o = i / parts;
  if (o >= params.batch * params.fields) { return; }
  let f = o / params.batch;
  let b = o % params.batch;
  let row = row_of(b, f);
  if (!row.inside && !(row.missing && params.first == 0u)) { return; }
  let c = (i % parts) * SPAN;
  keep(b, f, c, lane_of(row, c));
  if (SPAN > 1u && c + 1u < LANES) { keep(b, f, c + 1u, lane_of(row, c + 1u)); }
  if (SPAN > 2u && c + 2u < LANES) { keep(b, f, c + 2u, lane_of(row, c + 2u)); }
  if (SPAN > 3u && c + 3u < LANES) { keep(b, f, c + 3u, lane_of(row, c + 3u)); }
}
