// Sums of a history's places by the codes that equal the target's, by slices, for GPUs.
//   pool  y[b, s, :] = 1/m sum over the t < lengths[b] of slice s of (bits of matches[b, t, :]) x[b, t, :]
// Needs grid.wgsl, laneN.wgsl, slice_join.wgsl and place_slices.wgsl. Shapes: x [B, L, N]; matches [B, L, WORDS]; y [B, SLICES, N];
// lengths [B]; rows of x and y by lanes. Memory: the places that are there are read once. No atomics, fixed order:
// bit-reproducible.
const CODES: u32 = 1u;
const WORDS: u32 = 1u;
const SHARE: f32 = 1.0 / f32(CODES);

struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> matches: array<u32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;

fn matches_at(place: u32) -> f32 {
  var count = countOneBits(matches[place * WORDS]);
  if (WORDS > 1u) { count += countOneBits(matches[place * WORDS + 1u]); }
  for (var word = 2u; word < WORDS; word++) { count += countOneBits(matches[place * WORDS + word]); }
  return f32(count);
}

// Loads past the end are of the last place, so that none waits for a branch.
fn term(base: u32, t: u32, c: u32, end: u32) -> Lane {
  let place = base + min(t, end - 1u);
  return select(Lane(), matches_at(place) * x[place * COUNT + c], t < end);
}

@compute @workgroup_size(THREADS)
fn pool(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = slice_of(linear_group(group, groups));
  if (at.b >= params.batch) { return; }
  let c = lane_of(at, thread);
  let base = at.b * params.places;
  let end = min((at.number + 1u) * SLICE, lengths[at.b]);
  var sum = Lane();
  if (c < COUNT) {
    for (var t = place_of(at, thread); t < end; t += 4u * PARTS) {
      let near = term(base, t, c, end) + term(base, t + PARTS, c, end);
      sum += near + (term(base, t + 2u * PARTS, c, end) + term(base, t + 3u * PARTS, c, end));
    }
  }
  sum = fold(thread, sum);
  if (thread < ACROSS && c < COUNT) { y[part_of(at, c)] = SHARE * sum; }
}
