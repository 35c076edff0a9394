// Merges of slices for batch_norm.wgsl, which has the bindings. A workgroup has 16 columns and 16 threads for each; a
// thread takes every 16th slice, loads four at a time and adds them in order, and threads' sums are folded in a fixed
// tree.
//   merge_moments  means and deviations of the columns (Chan, Golub and LeVeque, 1983), and the running statistics
//   merge_sums     dgamma and dbeta
struct Moments { count: f32, mean: f32, squares: f32 }

fn merge(a: Moments, b: Moments) -> Moments {
  if (b.count == 0.0) { return a; }
  let count = a.count + b.count;
  let d = b.mean - a.mean;
  let share = b.count / count;
  return Moments(count, a.mean + d * share, a.squares + b.squares + d * d * a.count * share);
}

// The moments of a slice, of no rows past the valid ones; and where they are.
fn moments_of(slice: u32, column: u32) -> Moments {
  let count = min(params.slice, valid_rows() - min(valid_rows(), slice * params.slice));
  let at = slice_at(slice, column);
  return Moments(f32(count), slices[at], slices[at + params.columns]);
}

fn slice_at(slice: u32, column: u32) -> u32 {
  return 2u * min(slice, params.slices - 1u) * params.columns + column;
}

var<workgroup> tree: array<Moments, 256>;  // 16 columns, 16 shares of the slices each

@compute @workgroup_size(16, 16)
fn merge_moments(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let column = linear_group(group, groups) * 16u + lane.x;
  let exists = column < params.columns;
  var all = Moments(0.0, 0.0, 0.0);
  if (exists) {
    for (var slice = lane.y; slice * params.slice < valid_rows(); slice += 64u) {
      let m0 = moments_of(slice, column);
      let m1 = moments_of(slice + 16u, column);
      let m2 = moments_of(slice + 32u, column);
      let m3 = moments_of(slice + 48u, column);
      all = merge(merge(merge(merge(all, m0), m1), m2), m3);
    }
  }
  tree[lane.y * 16u + lane.x] = all;
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) {
      let i = lane.y * 16u + lane.x;
      tree[i] = merge(tree[i], tree[i + half * 16u]);
    }
  }
  if (exists && lane.y == 0u) { store_moments(column, tree[lane.x]); }
}

fn store_moments(column: u32, all: Moments) {
  let n = max(all.count, 1.0);
  first[column] = all.mean;
  second[column] = 1.0 / sqrt(all.squares / n + params.epsilon);
  if (all.count == 0.0) { return; }
  running_mean[column] += params.momentum * (all.mean - running_mean[column]);
  if (all.count == 1.0) { return; }
  running_variance[column] += params.momentum * (all.squares / (n - 1.0) - running_variance[column]);
}

// The sums of a slice, nothing past the valid rows.
fn sums_of(slice: u32, column: u32) -> vec2f {
  let at = slice_at(slice, column);
  return select(vec2f(), vec2f(slices[at], slices[at + params.columns]), slice * params.slice < valid_rows());
}

@compute @workgroup_size(16, 16)
fn merge_sums(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) lane: vec3u,
) {
  let column = linear_group(group, groups) * 16u + lane.x;
  let exists = column < params.columns;
  var total = vec2f(0.0);
  if (exists) {
    for (var slice = lane.y; slice * params.slice < valid_rows(); slice += 64u) {
      let s0 = sums_of(slice, column);
      let s1 = sums_of(slice + 16u, column);
      let s2 = sums_of(slice + 32u, column);
      let s3 = sums_of(slice + 48u, column);
      total = total + s0 + s1 + s2 + s3;
    }
  }
  tree[lane.y * 16u + lane.x] = Moments(0.0, total.x, total.y);
  for (var half = 8u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane.y < half) {
      let i = lane.y * 16u + lane.x;
      let j = i + half * 16u;
      tree[i] = Moments(0.0, tree[i].mean + tree[j].mean, tree[i].squares + tree[j].squares);
    }
  }
  if (exists && lane.y == 0u) {
    first[column] = tree[lane.x].mean;
    second[column] = tree[lane.x].squares;
    merged[column] = tree[lane.x].mean;
    merged[params.columns + column] = tree[lane.x].squares;
  }
}
