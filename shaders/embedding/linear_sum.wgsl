// First-order term.
//   y[b] = sum_f v[f, b] linear[ids[f, b]]
// Grid: linear_sum has one invocation per sample, for software adapters; linear_sum_split has SLICES invocations per
// sample, each with every SLICES-th field, and adds them in order. Memory: 8 bytes per occurrence (+ 4 with values).
const ACCUMULATE: bool = false;  // add to y, for the second shard and up
const SLICES: u32 = 8u;
const SAMPLES: u32 = 32u;

@group(0) @binding(7) var<storage, read_write> y: array<f32>;
var<workgroup> slices: array<f32, 256>;

fn sum_fields(b: u32, first: u32, stride: u32) -> f32 {
  var sum = 0.0;
  for (var f = first; f < params.fields; f += stride) { sum += linear_of(row_of(b, f)); }
  return sum;
}

fn write_sum(b: u32, sum: f32) {
  if (ACCUMULATE) { y[b] += sum; } else { y[b] = sum; }
}

@compute @workgroup_size(64)
fn linear_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 64u + lane;
  if (b >= params.batch) { return; }
  write_sum(b, sum_fields(b, 0u, 1u));
}

@compute @workgroup_size(256)
fn linear_sum_split(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * SAMPLES + lane % SAMPLES;
  if (b < params.batch) { slices[lane] = sum_fields(b, lane / SAMPLES, SLICES); }
  workgroupBarrier();
  if (lane >= SAMPLES || b >= params.batch) { return; }
  var sum = slices[lane];
  for (var s = 1u; s < SLICES; s++) { sum += slices[s * SAMPLES + lane]; }
  write_sum(b, sum);
}
