// Attention weights of AUGRU and AGRU, [B, L], as gru.wgsl reads them, and their gradient, [B, L].
//   keep_attention  da = a, in whose place backward puts the gradient: two bindings would be one too many
// Grid: one invocation per place.
const ATTENDED: bool = true;
@group(0) @binding(14) var<storage, read> a: array<f32>;
@group(0) @binding(15) var<storage, read_write> da: array<f32>;

fn attention_at(i: vec4u) -> vec4f {
  return vec4f(a[i.x], a[i.y], a[i.z], a[i.w]);
}

fn kept_attention_at(i: vec4u) -> vec4f {
  return vec4f(da[i.x], da[i.y], da[i.z], da[i.w]);
}

// All threads have read a before one puts the gradient in its place.
fn attention_barrier() {
  storageBarrier();
}

fn store_attention_gradient(at: Work, t: u32, gradient: vec4f) {
  for (var i = 0u; i < at.rows; i++) { da[(at.first + i) * params.places + t] = gradient[i]; }
}

@compute @workgroup_size(64)
fn keep_attention(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i < params.batch * params.places) { da[i] = a[i]; }
}
