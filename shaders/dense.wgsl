// Elementwise parts of a dense layer y = s a(z), s = 0 with probability DROPOUT, otherwise 1 / (1 - DROPOUT).
//   finish    y[i] = s_i a(z[i]) in place, where the product's kernel has no room for it
//   gradient  dz[i] = dy[i] s_i a'(z[i]), a' computed from y because z is not kept
// Shapes: all [n], f32. Grid: one invocation per WIDTH elements. Memory: 8 bytes finish, 12 gradient per element.
struct Params { size: u32 }  // n / WIDTH
@group(0) @binding(0) var<storage, read> dy: array<Lanes>;
@group(0) @binding(1) var<storage, read> y: array<Lanes>;
@group(0) @binding(2) var<storage, read_write> dz: array<Lanes>;
@group(0) @binding(3) var<storage, read_write> z: array<Lanes>;
@group(0) @binding(4) var<uniform> params: Params;

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
  if (ACTIVATION == 1u) {
    // A positive output was neither cut off nor dropped, so the mask need not be hashed again.
    dz[i] = select(Lanes(), dy[i] / (1.0 - DROPOUT), y[i] > Lanes());
  } else {
    dz[i] = dy[i] * dropout_lanes(WIDTH * i) * slope_lanes(y[i] * (1.0 - DROPOUT));
  }
}
