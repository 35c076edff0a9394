// Matrix product by tiles of 128 x 64 in workgroup memory, for GPUs.
//   y[s, m, n] = sum_k a[m, k] b[k, n] over the terms k of split s
// Needs matmul_params.wgsl, the matmul_quads4 or the matmul_quads1 parts (loads and stores of four numbers), and a part
// that declares store_lanes (what is done to a sum).
// Shapes: a [M, K], b [K, N], y [S, M, N], all in rows without padding; f32.
// Grid: a workgroup of 8 x 16 threads per tile and split; each thread has a register tile of 8 x 8 sums.
// Memory: 768 bytes a term and tile. Loads of the next 16 terms run while the present ones are multiplied.
// No atomics, sums in order of k: bit-reproducible.

// 16 terms of 128 rows and of 64 columns, four of them together; a vector more in each line, so that stores of a
// transposed block meet fewer bank conflicts.
var<workgroup> tile_a: array<array<vec4f, 33>, 16>;
var<workgroup> tile_b: array<array<vec4f, 17>, 16>;

// Sums of rows 4 y .. 4 y + 3 (0 to 7) and 64 rows further (8 to 15), at columns 4 x .. (even) and 32 columns further (odd).
var<private> sums: array<vec4f, 16>;
var<private> ahead_a: array<vec4f, 4>;
var<private> ahead_b: array<vec4f, 4>;
var<private> column_sum: vec4f;

fn load_a(m: u32, k: u32, end: u32, thread: u32) {
  if (A_TRANSPOSED) {
    let row = k + thread / 32u;
    let column = m + thread % 32u * 4u;
    ahead_a[0] = a_quad(row, column, end, params.m);
    ahead_a[1] = a_quad(row + 4u, column, end, params.m);
    ahead_a[2] = a_quad(row + 8u, column, end, params.m);
    ahead_a[3] = a_quad(row + 12u, column, end, params.m);
  } else {
    let row = m + thread / 4u * 4u;
    let column = k + thread % 4u * 4u;
    ahead_a[0] = a_quad(row, column, params.m, end);
    ahead_a[1] = a_quad(row + 1u, column, params.m, end);
    ahead_a[2] = a_quad(row + 2u, column, params.m, end);
    ahead_a[3] = a_quad(row + 3u, column, params.m, end);
  }
}

fn load_b(n: u32, k: u32, end: u32, thread: u32) {
  if (B_TRANSPOSED) {
    if (thread >= 64u) { return; }
    let row = n + thread / 4u * 4u;
    let column = k + thread % 4u * 4u;
    ahead_b[0] = b_quad(row, column, params.n, end);
    ahead_b[1] = b_quad(row + 1u, column, params.n, end);
    ahead_b[2] = b_quad(row + 2u, column, params.n, end);
    ahead_b[3] = b_quad(row + 3u, column, params.n, end);
  } else {
    let row = k + thread / 16u;
    let column = n + thread % 16u * 4u;
    ahead_b[0] = b_quad(row, column, end, params.n);
    ahead_b[1] = b_quad(row + 8u, column, end, params.n);
  }
}

fn store_tiles(thread: u32) {
  if (A_TRANSPOSED) {
    let term = thread / 32u;
    let at = thread % 32u;
    tile_a[term][at] = ahead_a[0];
    tile_a[term + 4u][at] = ahead_a[1];
    tile_a[term + 8u][at] = ahead_a[2];
    tile_a[term + 12u][at] = ahead_a[3];
  } else {
    let block = transpose(mat4x4f(ahead_a[0], ahead_a[1], ahead_a[2], ahead_a[3]));
    let term = thread % 4u * 4u;
    let at = thread / 4u;
    tile_a[term][at] = block[0];
    tile_a[term + 1u][at] = block[1];
    tile_a[term + 2u][at] = block[2];
    tile_a[term + 3u][at] = block[3];
  }
  if (!B_TRANSPOSED) {
    let term = thread / 16u;
    let at = thread % 16u;
    tile_b[term][at] = ahead_b[0];
    tile_b[term + 8u][at] = ahead_b[1];
    if (HAS_COLUMN_SUMS) { column_sum += ahead_b[0] + ahead_b[1]; }
  } else if (thread < 64u) {
    let block = transpose(mat4x4f(ahead_b[0], ahead_b[1], ahead_b[2], ahead_b[3]));
    let term = thread % 4u * 4u;
    let at = thread / 4u;
    tile_b[term][at] = block[0];
    tile_b[term + 1u][at] = block[1];
    tile_b[term + 2u][at] = block[2];
    tile_b[term + 3u][at] = block[3];
  }
}

// Adds the products of one term: 8 numbers of a with 8 of b.
fn add_term(a0: vec4f, a1: vec4f, b0: vec4f, b1: vec4f) {
  sums[0] = fma(vec4f(a0.x), b0, sums[0]);
  sums[1] = fma(vec4f(a0.x), b1, sums[1]);
  sums[2] = fma(vec4f(a0.y), b0, sums[2]);
  sums[3] = fma(vec4f(a0.y), b1, sums[3]);
  sums[4] = fma(vec4f(a0.z), b0, sums[4]);
  sums[5] = fma(vec4f(a0.z), b1, sums[5]);
  sums[6] = fma(vec4f(a0.w), b0, sums[6]);
  sums[7] = fma(vec4f(a0.w), b1, sums[7]);
  sums[8] = fma(vec4f(a1.x), b0, sums[8]);
  sums[9] = fma(vec4f(a1.x), b1, sums[9]);
  sums[10] = fma(vec4f(a1.y), b0, sums[10]);
  sums[11] = fma(vec4f(a1.y), b1, sums[11]);
  sums[12] = fma(vec4f(a1.z), b0, sums[12]);
  sums[13] = fma(vec4f(a1.z), b1, sums[13]);
  sums[14] = fma(vec4f(a1.w), b0, sums[14]);
  sums[15] = fma(vec4f(a1.w), b1, sums[15]);
}

// Unrolled by hand: compilers keep the bound check of a loop, and indices that are literals need none.
fn add_terms(x: u32, y: u32) {
  add_term(tile_a[0][y], tile_a[0][y + 16u], tile_b[0][x], tile_b[0][x + 8u]);
  add_term(tile_a[1][y], tile_a[1][y + 16u], tile_b[1][x], tile_b[1][x + 8u]);
  add_term(tile_a[2][y], tile_a[2][y + 16u], tile_b[2][x], tile_b[2][x + 8u]);
  add_term(tile_a[3][y], tile_a[3][y + 16u], tile_b[3][x], tile_b[3][x + 8u]);
  add_term(tile_a[4][y], tile_a[4][y + 16u], tile_b[4][x], tile_b[4][x + 8u]);
  add_term(tile_a[5][y], tile_a[5][y + 16u], tile_b[5][x], tile_b[5][x + 8u]);
  add_term(tile_a[6][y], tile_a[6][y + 16u], tile_b[6][x], tile_b[6][x + 8u]);
  add_term(tile_a[7][y], tile_a[7][y + 16u], tile_b[7][x], tile_b[7][x + 8u]);
  add_term(tile_a[8][y], tile_a[8][y + 16u], tile_b[8][x], tile_b[8][x + 8u]);
  add_term(tile_a[9][y], tile_a[9][y + 16u], tile_b[9][x], tile_b[9][x + 8u]);
  add_term(tile_a[10][y], tile_a[10][y + 16u], tile_b[10][x], tile_b[10][x + 8u]);
  add_term(tile_a[11][y], tile_a[11][y + 16u], tile_b[11][x], tile_b[11][x + 8u]);
  add_term(tile_a[12][y], tile_a[12][y + 16u], tile_b[12][x], tile_b[12][x + 8u]);
  add_term(tile_a[13][y], tile_a[13][y + 16u], tile_b[13][x], tile_b[13][x + 8u]);
  add_term(tile_a[14][y], tile_a[14][y + 16u], tile_b[14][x], tile_b[14][x + 8u]);
  add_term(tile_a[15][y], tile_a[15][y + 16u], tile_b[15][x], tile_b[15][x + 8u]);
}

// Adds the column sums of the 8 threads that loaded the same columns of b, and stores them below the split's last row.
fn store_column_sums(split: u32, n: u32, thread: u32) {
  workgroupBarrier();
  tile_b[thread / 16u][thread % 16u] = column_sum;
  workgroupBarrier();
  let column = n + thread * 4u;
  if (thread >= 16u || column >= params.n) { return; }
  var sum = tile_b[0][thread];
  for (var row = 1u; row < 8u; row++) { sum += tile_b[row][thread]; }
  store(split, params.m, column, sum);
}

fn store_row(split: u32, m: u32, n: u32, left: vec4f, right: vec4f) {
  if (m >= params.m) { return; }
  if (n < params.n) { store(split, m, n, left); }
  if (n + 32u < params.n) { store(split, m, n + 32u, right); }
}

@compute @workgroup_size(8, 16)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let across = (params.n + 63u) / 64u;
  let down = (params.m + 127u) / 128u;
  let tile = linear_group(group, groups);
  let split = tile / (across * down);
  let m = tile / across % down * 128u;
  let n = tile % across * 64u;
  let first = split * params.split_terms;
  // A folded grid holds more workgroups than there are tiles.
  if (first >= params.k) { return; }
  let end = min(first + params.split_terms, params.k);

  load_a(m, first, end, thread);
  load_b(n, first, end, thread);
  for (var k = first; k < end; k += 16u) {
    // The tiles may be overwritten once all threads have multiplied the terms before.
    workgroupBarrier();
    store_tiles(thread);
    workgroupBarrier();
    load_a(m, k + 16u, end, thread);
    load_b(n, k + 16u, end, thread);
    add_terms(id.x, id.y);
  }

  let row = m + id.y * 4u;
  let column = n + id.x * 4u;
  store_row(split, row, column, sums[0], sums[1]);
  store_row(split, row + 1u, column, sums[2], sums[3]);
  store_row(split, row + 2u, column, sums[4], sums[5]);
  store_row(split, row + 3u, column, sums[6], sums[7]);
  store_row(split, row + 64u, column, sums[8], sums[9]);
  store_row(split, row + 65u, column, sums[10], sums[11]);
  store_row(split, row + 66u, column, sums[12], sums[13]);
  store_row(split, row + 67u, column, sums[14], sums[15]);
  if (HAS_COLUMN_SUMS && m == 0u) { store_column_sums(split, n, thread); }
}
