// Gradients of a target beside each item of a history by slices of the history, for GPUs; formulas are in compare.wgsl.
//   gradients             dk, and dq summed over the places of a slice
//   gradients_and_spread  the same, and dk gets w[b, t] row[b, :] at the places that are there
// Needs grid.wgsl, laneN.wgsl, slice_join.wgsl and place_slices.wgsl. Shapes: target_row, row [B, N]; items, y [B, L, N]; dz [B, L, 4 N];
// d_target [B, SLICES, N]; w [B, L]; lengths [B]; f32, by lanes. Places past the end of a history take part.
// Memory: everything is read and written once. No atomics, fixed order of sums: bit-reproducible.
struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> target_row: array<Lane>;
@group(0) @binding(1) var<storage, read> items: array<Lane>;
@group(0) @binding(2) var<storage, read> dz: array<Lane>;
@group(0) @binding(3) var<storage, read_write> y: array<Lane>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> d_target: array<Lane>;
@group(0) @binding(6) var<storage, read> w: array<f32>;
@group(0) @binding(7) var<storage, read> row: array<Lane>;
@group(0) @binding(8) var<storage, read> lengths: array<u32>;

struct Slopes { by_target: Lane, by_item: Lane }

fn slopes_at(place: u32, c: u32, q: Lane) -> Slopes {
  let first = 4u * place * COUNT + c;
  let difference = dz[first + 2u * COUNT];
  let product = dz[first + 3u * COUNT];
  return Slopes(
    dz[first] + difference + items[place * COUNT + c] * product,
    dz[first + COUNT] - difference + q * product,
  );
}

fn weight_at(b: u32, t: u32) -> f32 {
  return select(0.0, w[b * params.places + t], t < lengths[b]);
}

// Two places are under way at once. Loads past the end of the slice are of its last place.
@compute @workgroup_size(THREADS)
fn gradients(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = slice_of(linear_group(group, groups));
  if (at.b >= params.batch) { return; }
  let c = lane_of(at, thread);
  let base = at.b * params.places;
  let end = min((at.number + 1u) * SLICE, params.places);
  var sum = Lane();
  if (c < COUNT) {
    let q = target_row[at.b * COUNT + c];
    for (var t = place_of(at, thread); t < end; t += 2u * PARTS) {
      let near = slopes_at(base + t, c, q);
      let far = slopes_at(base + min(t + PARTS, end - 1u), c, q);
      y[(base + t) * COUNT + c] = near.by_item;
      sum += near.by_target;
      if (t + PARTS < end) {
        y[(base + t + PARTS) * COUNT + c] = far.by_item;
        sum += far.by_target;
      }
    }
  }
  sum = fold(thread, sum);
  if (thread < ACROSS && c < COUNT) { d_target[part_of(at, c)] = sum; }
}

@compute @workgroup_size(THREADS)
fn gradients_and_spread(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = slice_of(linear_group(group, groups));
  if (at.b >= params.batch) { return; }
  let c = lane_of(at, thread);
  let base = at.b * params.places;
  let end = min((at.number + 1u) * SLICE, params.places);
  var sum = Lane();
  if (c < COUNT) {
    let q = target_row[at.b * COUNT + c];
    let pooled = row[at.b * COUNT + c];
    for (var t = place_of(at, thread); t < end; t += 2u * PARTS) {
      let next = min(t + PARTS, end - 1u);
      let near = slopes_at(base + t, c, q);
      let far = slopes_at(base + next, c, q);
      let near_spread = weight_at(at.b, t) * pooled;
      let far_spread = weight_at(at.b, next) * pooled;
      y[(base + t) * COUNT + c] = near_spread + near.by_item;
      sum += near.by_target;
      if (t + PARTS < end) {
        y[(base + t + PARTS) * COUNT + c] = far_spread + far.by_item;
        sum += far.by_target;
      }
    }
  }
  sum = fold(thread, sum);
  if (thread < ACROSS && c < COUNT) { d_target[part_of(at, c)] = sum; }
}
