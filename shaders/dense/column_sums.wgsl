// Sums of a matrix's columns, for GPUs.
//   sum        parts[s, n] = sum_m u[m] a[m, n] over the rows m of split s; u is 1 unless WEIGHTED, and column N, where
//              parts have one, is the sum of u
//   merge      y[n] = sum_s a[s, n] for n < N, and whole = sum_s a[s, N]
// Run once more over the parts as one split, `sum` adds them up; `merge` does where they have the column N.
// Shapes: a [M, N], parts [S, N or N + 1] by lanes, u [M], y [N], whole [1]; f32.
// Grid: a workgroup of 16 x 16 threads per 16 lanes and split; a thread adds every 16th row, four loads at a time, and 16
// threads' sums are added in order. Memory: 4 bytes per number. No atomics, fixed order of sums: bit-reproducible.
override WEIGHTED: bool = false;

struct Params {
  rows: u32,
  stride: u32,  // lanes of a row of a
  lanes: u32,   // lanes that are summed
  split_rows: u32,
  share: f32,   // 1 / numbers of a lane
}
@group(0) @binding(0) var<storage, read> a: array<Lane>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<Lane>;
@group(0) @binding(3) var<storage, read_write> whole: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> partial: array<array<Lane, 16>, 16>;

// The number of a row, or 0 past the end: loads past it are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Lane {
  let at = min(row, end - 1u);
  var number = a[at * params.stride + min(column, params.stride - 1u)];
  if (WEIGHTED) { number = u[at] * select(Lane(1.0), number, column < params.stride); }
  return select(Lane(), number, row < end);
}

struct Place {
  column: u32,
  split: u32,
  stores: bool,
  sum: Lane,
}

fn sum_of(tile: u32, id: vec2u) -> Place {
  let across = (params.lanes + 15u) / 16u;
  let column = tile % across * 16u + id.x;
  let split = tile / across;
  let first = split * params.split_rows;
  let end = min(first + params.split_rows, params.rows);
  let inside = column < params.lanes && first < end;
  var sum = Lane();
  if (inside) {
    for (var row = first + id.y; row < end; row += 64u) {
      let left = term(row, column, end) + term(row + 16u, column, end);
      sum += left + (term(row + 32u, column, end) + term(row + 48u, column, end));
    }
  }
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  let stores = id.y == 0u && inside;
  if (stores) {
    for (var row = 1u; row < 16u; row++) { sum += partial[row][id.x]; }
  }
  return Place(column, split, stores, sum);
}

@compute @workgroup_size(16, 16)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let place = sum_of(linear_group(group, groups), id.xy);
  if (place.stores) { parts[place.split * params.lanes + place.column] = place.sum; }
}

@compute @workgroup_size(16, 16)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let place = sum_of(linear_group(group, groups), id.xy);
  if (!place.stores) { return; }
  if (place.column + 1u < params.lanes) {
    parts[place.column] = place.sum;
  } else {
    // All numbers of this lane are the same, and as they are one, two or four, nothing is rounded.
    whole[0] = total(place.sum) * params.share;
  }
}
