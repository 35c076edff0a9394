// Labels row by row, y[b, t] = targets[t, b]; unknown ones (< 0) become 0 unless labels are any numbers.
// Shapes: targets [T + 1, B] or more, y [B, T]; f32. Needs grid.wgsl.
// Grid: one invocation per label. Memory: 8 bytes a label.
const REAL: bool = false;  // whether labels are any numbers
struct Params { batch: u32, tasks: u32 }
@group(0) @binding(0) var<storage, read> targets: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn turn(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch * params.tasks) { return; }
  let label = targets[i % params.tasks * params.batch + i / params.tasks];
  y[i] = select(max(0.0, label), label, REAL);
}
