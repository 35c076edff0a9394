// Token mixing without parameters (Zhu et al., RankMixer, CIKM 2025), with the tokens themselves added: every token
// is cut into as many heads as there are tokens, and head h of token t becomes head t of token h.
//   mix  y[b, h, t, :] = x[b, h, t, :] + x[b, t, h, :]
// The map is its own transpose, so that the gradient is the same one: dx = mix(dy).
// Shapes: x, y [B, T, T, W], f32 in lanes, W lanes in a head. Grid: one invocation per lane. Memory: 12 bytes a number.
struct Params { size: u32, tokens: u32, width: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(256)
fn mix_tokens(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  let head = i / params.width;
  let token = head / params.tokens;
  let h = token % params.tokens;
  let t = head % params.tokens;
  let mirrored = ((token - h + t) * params.tokens + h) * params.width + i % params.width;
  y[i] = x[i] + x[mirrored];
}
