// How like a target the places of a history are, by the signs of projections.
//   y[b, i, t] = bits of the code of x[b, t, :] that equal those of q[b, i, :], for t < lengths[b]; else -1
// Needs grid.wgsl, laneN.wgsl and sign_hash.wgsl. Shapes: q [B, TARGETS, N]; x [B, L, N]; lengths [B];
// y [B, TARGETS, L], f32.
// Grid: one workgroup per target of a row of the batch. Memory: each reads x once. There is no gradient.
const THREADS: u32 = 64u;
const TARGETS: u32 = 1u;
const COUNT: u32 = 1u;  // lanes of a row

struct Params { batch: u32, places: u32 }
@group(0) @binding(1) var<storage, read> q: array<Lane>;
@group(0) @binding(2) var<storage, read> x: array<Lane>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(THREADS)
fn likeness(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let each = linear_group(group, groups);
  let b = each / TARGETS;
  if (b >= params.batch) { return; }
  for (var c = 0u; c < COUNT; c++) { row[c] = q[each * COUNT + c]; }
  hash_target(thread);
  for (var t = thread; t < params.places; t += THREADS) {
    let at = b * params.places + t;
    var equal = -1.0;
    if (t < lengths[b]) {
      for (var c = 0u; c < COUNT; c++) { row[c] = x[at * COUNT + c]; }
      var differing = 0u;
      for (var g = 0u; g < CODES; g++) { differing += countOneBits(code_of(g) ^ target_codes[g]); }
      equal = f32(ALL - differing);
    }
    y[each * params.places + t] = equal;
  }
}
