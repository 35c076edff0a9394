// Products of groups of columns with a matrix each: the block diagonal product.
//   product     y[b, g, j] = sum_i x[b, g, i] w[g, i, j]
//   product_nt  y[b, g, i] = sum_j x[b, g, j] w[g, i, j]
//   slices      partial[s, g, i, j] = sum_{b in s} x[b, g, i] dy[b, g, j]
//   merge       dw[g, i, j] = sum_s partial[s, g, i, j]
// Shapes: x [B, G I] (product, slices) or [B, G J] (product_nt); w, dw [G, I, J]; J in lanes; f32.
// Grid: one invocation per ROWS rows and lane of y (product), per ROWS rows and number of y (product_nt), or per slice,
// ROWS numbers i and lane of J (slices). No workgroup memory, sums in a fixed order: bit-reproducible. Padded rows have
// dy = 0.
struct Params { batch: u32, groups: u32, inner: u32, lanes: u32, slice: u32, slices: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> x_lanes: array<Lane>;
@group(0) @binding(2) var<storage, read> w: array<Lane>;
@group(0) @binding(3) var<storage, read> dy: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> y_lanes: array<Lane>;
@group(0) @binding(6) var<storage, read> partial: array<Lane>;
@group(0) @binding(7) var<uniform> params: Params;

const ROWS: u32 = 4u;

@compute @workgroup_size(64)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let across = params.groups * params.lanes;
  let first = id / across * ROWS;
  if (first >= params.batch) { return; }
  let column = id % across;
  let g = column / params.lanes;
  let weights = g * params.inner * params.lanes + column % params.lanes;
  let b = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.batch - 1u));
  let at = b * params.groups * params.inner + g * params.inner;
  var sum0 = Lane();
  var sum1 = Lane();
  var sum2 = Lane();
  var sum3 = Lane();
  for (var i = 0u; i < params.inner; i++) {
    let weight = w[weights + i * params.lanes];
    sum0 += x[at.x + i] * weight;
    sum1 += x[at.y + i] * weight;
    sum2 += x[at.z + i] * weight;
    sum3 += x[at.w + i] * weight;
  }
  y_lanes[b.x * across + column] = sum0;
  y_lanes[b.y * across + column] = sum1;
  y_lanes[b.z * across + column] = sum2;
  y_lanes[b.w * across + column] = sum3;
}

@compute @workgroup_size(64)
fn product_nt(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let across = params.groups * params.inner;
  let first = id / across * ROWS;
  if (first >= params.batch) { return; }
  let column = id % across;
  let g = column / params.inner;
  let weights = column * params.lanes;
  let b = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.batch - 1u));
  let at = (b * params.groups + g) * params.lanes;
  var sums = vec4f();
  for (var j = 0u; j < params.lanes; j++) {
    let weight = w[weights + j];
    sums += vec4f(
      total(x_lanes[at.x + j] * weight),
      total(x_lanes[at.y + j] * weight),
      total(x_lanes[at.z + j] * weight),
      total(x_lanes[at.w + j] * weight),
    );
  }
  y[b.x * across + column] = sums.x;
  y[b.y * across + column] = sums.y;
  y[b.z * across + column] = sums.z;
  y[b.w * across + column] = sums.w;
}

@compute @workgroup_size(64)
fn slices(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_group(group, groups) * 64u + lane;
  let blocks = (params.inner + ROWS - 1u) / ROWS;
  let size = params.groups * blocks * params.lanes;
  let slice = id / size;
  if (slice >= params.slices) { return; }
  let j = id % params.lanes;
  let first = id / params.lanes % blocks * ROWS;
  let g = id / (params.lanes * blocks) % params.groups;
  let i = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(params.inner - 1u));
  var sum0 = Lane();
  var sum1 = Lane();
  var sum2 = Lane();
  var sum3 = Lane();
  let end = min((slice + 1u) * params.slice, params.batch);
  for (var b = slice * params.slice; b < end; b++) {
    let row = (b * params.groups + g) * params.inner;
    let upstream = dy[(b * params.groups + g) * params.lanes + j];
    sum0 += x[row + i.x] * upstream;
    sum1 += x[row + i.y] * upstream;
    sum2 += x[row + i.z] * upstream;
    sum3 += x[row + i.w] * upstream;
  }
  let out = (slice * params.groups + g) * params.inner;
  y_lanes[(out + i.x) * params.lanes + j] = sum0;
  y_lanes[(out + i.y) * params.lanes + j] = sum1;
  y_lanes[(out + i.z) * params.lanes + j] = sum2;
  y_lanes[(out + i.w) * params.lanes + j] = sum3;
}

@compute @workgroup_size(64)
fn merge(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let size = params.groups * params.inner * params.lanes;
  if (i >= size) { return; }
  var sum = Lane();
  for (var s = 0u; s < params.slices; s++) { sum += partial[s * size + i]; }
  y_lanes[i] = sum;
}
