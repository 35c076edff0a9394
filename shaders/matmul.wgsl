// Matrix product by tiles of 64 x 64 in workgroup memory, for GPUs; what becomes of a sum is the matter of a part that
// declares store.
//   A_BY_ROWS   y[m, n] = store(sum_k a[m, k] b[k, n])
//   otherwise   y[s, m, n] = sum_k a[k, m] b[k, n] over the terms k of slice s
// Shapes: a [M, K] or [K, M], b [K, N] in rows of b_stride numbers, bias [N], y [M, N] or [S, M, N] in rows of y_stride
// numbers and slices of y_slice; f32.
// Grid: one workgroup of 16 x 16 invocations per tile, each with 4 x 4 sums. Memory: (K / 64) (M + N) 256 bytes per
// 64 x 64 numbers. No atomics, sums in order of k: bit-reproducible.
override A_BY_ROWS: bool = true;
override BIAS: bool = false;

struct Params {
  m: u32,
  n: u32,
  k: u32,
  b_stride: u32,
  y_stride: u32,
  y_slice: u32,
  slice_terms: u32,  // terms k in a slice
}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

// 16 terms of 64 rows and columns. By rows, the four terms of a row lie together, in lines of 5 (4 and one of padding
// against bank conflicts): [64][5]. Otherwise four rows or columns of a term lie together: [16][16].
var<workgroup> tile_a: array<vec4f, 320>;
var<workgroup> tile_b: array<vec4f, 256>;

fn load_a_row(m: u32, k: u32, end: u32) -> vec4f {
  var quad = vec4f();
  if (m >= params.m) { return quad; }
  let at = m * params.k + k;
  if (k < end) { quad.x = a[at]; }
  if (k + 1u < end) { quad.y = a[at + 1u]; }
  if (k + 2u < end) { quad.z = a[at + 2u]; }
  if (k + 3u < end) { quad.w = a[at + 3u]; }
  return quad;
}

fn load_a_column(m: u32, k: u32, end: u32) -> vec4f {
  var quad = vec4f();
  if (k >= end) { return quad; }
  let at = k * params.m + m;
  if (m < params.m) { quad.x = a[at]; }
  if (m + 1u < params.m) { quad.y = a[at + 1u]; }
  if (m + 2u < params.m) { quad.z = a[at + 2u]; }
  if (m + 3u < params.m) { quad.w = a[at + 3u]; }
  return quad;
}

fn load_b(k: u32, n: u32, end: u32) -> vec4f {
  var quad = vec4f();
  if (k >= end) { return quad; }
  let at = k * params.b_stride + n;
  if (n < params.n) { quad.x = b[at]; }
  if (n + 1u < params.n) { quad.y = b[at + 1u]; }
  if (n + 2u < params.n) { quad.z = b[at + 2u]; }
  if (n + 3u < params.n) { quad.w = b[at + 3u]; }
  return quad;
}

fn store_row(slice: u32, m: u32, n: u32, sums: vec4f) {
  store(slice, m, n, sums.x);
  store(slice, m, n + 1u, sums.y);
  store(slice, m, n + 2u, sums.z);
  store(slice, m, n + 3u, sums.w);
}

@compute @workgroup_size(16, 16)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let across = (params.n + 63u) / 64u;
  let down = (params.m + 63u) / 64u;
  let tile = linear_group(group, groups);
  let slice = tile / (across * down);
  let m = tile / across % down * 64u;
  let n = tile % across * 64u;
  let first = slice * params.slice_terms;
  // A folded grid holds more workgroups than there are tiles.
  if (first >= params.k) { return; }
  let end = min(first + params.slice_terms, params.k);

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var k = first; k < end; k += 16u) {
    if (A_BY_ROWS) {
      tile_a[lane / 4u * 5u + lane % 4u] = load_a_row(m + lane / 4u, k + lane % 4u * 4u, end);
    } else {
      tile_a[lane] = load_a_column(m + lane % 16u * 4u, k + lane / 16u, end);
    }
    tile_b[lane] = load_b(k + lane / 16u, n + lane % 16u * 4u, end);
    workgroupBarrier();
    for (var q = 0u; q < 4u; q++) {
      let b0 = tile_b[q * 64u + id.x];
      let b1 = tile_b[q * 64u + 16u + id.x];
      let b2 = tile_b[q * 64u + 32u + id.x];
      let b3 = tile_b[q * 64u + 48u + id.x];
      if (A_BY_ROWS) {
        let a0 = tile_a[id.y * 20u + q];
        let a1 = tile_a[id.y * 20u + 5u + q];
        let a2 = tile_a[id.y * 20u + 10u + q];
        let a3 = tile_a[id.y * 20u + 15u + q];
        sum0 += a0.x * b0 + a0.y * b1 + a0.z * b2 + a0.w * b3;
        sum1 += a1.x * b0 + a1.y * b1 + a1.z * b2 + a1.w * b3;
        sum2 += a2.x * b0 + a2.y * b1 + a2.z * b2 + a2.w * b3;
        sum3 += a3.x * b0 + a3.y * b1 + a3.z * b2 + a3.w * b3;
      } else {
        let a0 = tile_a[q * 64u + id.y];
        let a1 = tile_a[q * 64u + 16u + id.y];
        let a2 = tile_a[q * 64u + 32u + id.y];
        let a3 = tile_a[q * 64u + 48u + id.y];
        sum0 += a0.x * b0 + a1.x * b1 + a2.x * b2 + a3.x * b3;
        sum1 += a0.y * b0 + a1.y * b1 + a2.y * b2 + a3.y * b3;
        sum2 += a0.z * b0 + a1.z * b1 + a2.z * b2 + a3.z * b3;
        sum3 += a0.w * b0 + a1.w * b1 + a2.w * b2 + a3.w * b3;
      }
    }
    // The tiles are overwritten by the next 16 terms.
    workgroupBarrier();
  }
  let row = m + id.y * 4u;
  let column = n + id.x * 4u;
  store_row(slice, row, column, sum0);
  store_row(slice, row + 1u, column, sum1);
  store_row(slice, row + 2u, column, sum2);
  store_row(slice, row + 3u, column, sum3);
}
