// Elementwise parts of a dense layer y = s a(z), s = 0 with probability DROPOUT, otherwise 1 / (1 - DROPOUT).
//   finish    y[i] = s_i a(z[i]) in place, where the product's kernel has no room for it
//   gradient  dz[i] = dy[i] s_i a'(z[i]), a' computed from y because z is not kept
//   outer     the same where dy[b, n] = u[b] v[n]
// Needs epilogue_gradient.wgsl and what that needs.
// Shapes: all [size], u [B], v [N]; f32. Grid: one thread per WIDTH elements. Memory: 8 bytes per element, gradient 12.
struct Params {
  size: u32,     // in lanes of WIDTH
  columns: u32,  // N in lanes of WIDTH
}
@group(0) @binding(0) var<storage, read> dy: array<Lanes>;
@group(0) @binding(1) var<storage, read> y: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> dz: array<Lanes>;
@group(0) @binding(3) var<storage, read_write> z: array<Lanes>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read> u: array<f32>;
@group(0) @binding(6) var<storage, read> v: array<Lanes>;

@compute @workgroup_size(256)
fn finish(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  z[i] = activate_lanes(z[i]) * dropout_lanes(WIDTH * i);
}

@compute @workgroup_size(256)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  dz[i] = epilogue_gradient(dy[i], y[i], WIDTH * i);
}

@compute @workgroup_size(256)
fn outer(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  dz[i] = epilogue_gradient(u[i / params.columns] * v[i % params.columns], y[i], WIDTH * i);
}
