// The optimizer's rule for all dense parameters, which lie in one flat buffer, in one dispatch.
//   g = clip (gradient[i] + l2[i / 64] parameters[i]), then the rule of optimizer.wgsl
// Needs step.wgsl, grid.wgsl, lane4.wgsl, optimizer.wgsl, a state file, clip_scale or clip_scale_none, trust_blocks or
// trust_none, shrink_blocks or shrink_none.
// Grid: one invocation per 4 numbers. Memory: 12 bytes per number, and 8 for each number of state.
struct Params { lanes: u32 }
@group(0) @binding(1) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read_write> weights: array<Lane>;
@group(0) @binding(3) var<storage, read> gradient: array<Lane>;
@group(0) @binding(4) var<storage, read> l2: array<f32>;

@compute @workgroup_size(64)
fn update(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  if (at >= params.lanes) { return; }
  let w = weights[at];
  let g = limited(clip_scale() * (gradient[at] + l2[at / 16u] * w));
  trust = trust_of(at);
  let updated = update_rule(w, g, load_state0(at, 0.0), load_state1(at));
  weights[at] = shrink(updated.w, shrink_of(at));
  store_state(at, updated);
}
