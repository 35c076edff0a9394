// Activation and dropout of single elements.
//   forward   y[i]  = s_i a(x[i]),  s_i = 0 with probability DROPOUT, otherwise 1 / (1 - DROPOUT)
//   backward  dx[i] = dy[i] s_i a'(x[i]),  a' computed from y because x is rarely alive by then
// Shapes: all [n], f32. Grid: one invocation per WIDTH elements. Memory: 8 bytes forward, 12 backward per element.
// Masks are hashes of the element's index, so both passes see the same one and a step can be repeated bit by bit.
struct Params { size: u32 }  // n / WIDTH
@group(0) @binding(0) var<storage, read> x: array<Lanes>;
@group(0) @binding(1) var<storage, read> dy: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(256)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = activate_lanes(x[i]) * dropout_lanes(WIDTH * i);
}

// x holds the forward's y, and y receives dx.
@compute @workgroup_size(256)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = dy[i] * dropout_lanes(WIDTH * i) * slope_lanes(x[i] * (1.0 - DROPOUT));
}
