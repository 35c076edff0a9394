// What slices of a history have come to becomes one row.
//   merge  y[b, :] = sum, or where LARGEST maximum, over s of parts[b, s, :]
// Needs grid.wgsl, laneN.wgsl and slice_join.wgsl. Shapes: parts [B, SLICES, N], y [B, N], f32, by lanes.
// Grid: one invocation per lane of y, which has four loads under way. No atomics, fixed order: bit-reproducible.
const COUNT: u32 = 1u;  // lanes of a row
const SLICES: u32 = 1u;

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> parts: array<Lane>;
@group(0) @binding(1) var<storage, read_write> y: array<Lane>;
@group(0) @binding(2) var<uniform> params: Params;

// Past the last slice the loads are of that one, so that none waits for a branch.
fn part_at(first: u32, s: u32) -> Lane {
  let part = parts[first + min(s, SLICES - 1u) * COUNT];
  return select(Lane(), part, LARGEST || s < SLICES);
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let b = i / COUNT;
  if (b >= params.batch) { return; }
  let first = b * SLICES * COUNT + i % COUNT;
  var result = part_at(first, 0u);
  for (var s = 1u; s < SLICES; s += 4u) {
    let near = join(part_at(first, s), part_at(first, s + 1u));
    result = join(result, join(near, join(part_at(first, s + 2u), part_at(first, s + 3u))));
  }
  y[i] = result;
}
