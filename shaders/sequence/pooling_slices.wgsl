// Pools the places of a history, and TARGETS places at the end that are always there, by slices, for GPUs.
//   pool      y[b, s, n] = sum or mean or max over the places of slice s that are there of x[b, t, n]
//   gradient  dx[b, t, n] = dy[b, n] of a sum, dy[b, n] / divisor of a mean
// Slices cut the list of the places that are there; one without any has 0, or where numbers are the largest a number
// of the last place that is there. Places past the end of a history get dx = 0.
// Needs grid.wgsl, laneN.wgsl, slice_join.wgsl, place_slices.wgsl, places.wgsl, and divisor_length.wgsl.
// Shapes: x, dx [B, L, N]; y [B, SLICES, N]; dy [B, N]; lengths [B]; f32, by lanes. Memory: the places that are there are
// read once; gradient: dx is written. No atomics, fixed order: bit-reproducible.
const MODE: u32 = 0u;  // SUM, MEAN or MAX
const SUM: u32 = 0u;
const MEAN: u32 = 1u;
const MAX: u32 = 2u;

struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lane>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read> dy: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<uniform> params: Params;

fn scale_of(b: u32) -> f32 {
  if (MODE != MEAN) { return 1.0; }
  let divisor = divisor_of(b, lengths[b]) + f32(TARGETS);
  return select(1.0 / divisor, 0.0, divisor == 0.0);
}

// The places of a row that are there.
struct Present { base: u32, length: u32, count: u32 }

fn present_of(b: u32) -> Present {
  return Present(b * params.places, lengths[b], lengths[b] + min(TARGETS, params.places - lengths[b]));
}

// The number of place i of those that are there. Past the end it is the last one's, so that no load waits for a branch.
fn value_at(all: Present, i: u32, c: u32) -> Lane {
  let last = min(i, all.count - 1u);
  let t = select(params.places - all.count + last, last, last < all.length);
  return x[(all.base + t) * COUNT + c];
}

fn term(all: Present, i: u32, c: u32, end: u32) -> Lane {
  let value = value_at(all, min(i, end - 1u), c);
  return select(Lane(), value, MODE == MAX || i < end);
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
  let all = present_of(at.b);
  let end = min((at.number + 1u) * SLICE, all.count);
  var result = Lane();
  if (c < COUNT && all.count > 0u) {
    if (MODE == MAX) { result = value_at(all, at.number * SLICE, c); }
    for (var i = place_of(at, thread); i < end; i += 4u * PARTS) {
      let near = join(term(all, i, c, end), term(all, i + PARTS, c, end));
      let far = join(term(all, i + 2u * PARTS, c, end), term(all, i + 3u * PARTS, c, end));
      result = join(result, join(near, far));
    }
  }
  result = fold(thread, result);
  if (thread < ACROSS && c < COUNT) { y[part_of(at, c)] = result * scale_of(at.b); }
}

@compute @workgroup_size(THREADS)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = slice_of(linear_group(group, groups));
  let c = lane_of(at, thread);
  if (at.b >= params.batch || c >= COUNT) { return; }
  let length = lengths[at.b];
  let slope = dy[at.b * COUNT + c] * scale_of(at.b);
  let end = min((at.number + 1u) * SLICE, params.places);
  for (var t = place_of(at, thread); t < end; t += PARTS) {
    y[(at.b * params.places + t) * COUNT + c] = select(Lane(), slope, present(t, length));
  }
}
