// Logarithms of magnitudes, and back.
//   logarithm           y = log(max(|x|, least))
//   logarithm_backward  dx = dy / x where |x| >= least, else 0
//   exponential         y = exp(x)
// Shapes: all [size], f32. Grid: one invocation per number.
struct Params { size: u32, least: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(256)
fn logarithm(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i < params.size) { y[i] = log(max(abs(x[i]), params.least)); }
}

// y receives dx.
@compute @workgroup_size(256)
fn logarithm_backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  if (abs(x[i]) < params.least) {
    y[i] = 0.0;
  } else {
    y[i] = dy[i] / x[i];
  }
}

@compute @workgroup_size(256)
fn exponential(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i < params.size) { y[i] = exp(x[i]); }
}
