// Values of one field, as a column of a matrix.
//   y[b, place] = values[field, b] where ids[field, b] = row, otherwise 0 (a missing number, or a padding row)
// Shapes: ids, values [F, B]; y [B, count]. Grid: one invocation per row of the batch.
struct Params { batch: u32, field: u32, row: u32, place: u32, count: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> values: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn column(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  let at = params.field * params.batch + b;
  let present = b < step.rows && ids[at] == params.row;
  y[b * params.count + params.place] = select(0.0, values[at], present);
}
