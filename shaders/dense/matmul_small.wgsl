// Matrix product by tiles of 32 x 32 in workgroup memory, for GPUs and products so small that tiles of matmul.wgsl would
// leave most of one idle.
//   y[s, m, n] = sum_k a[m, k] b[k, n] over the terms k of split s, with the bits that matmul.wgsl gives
// Shapes and the parts that it needs are those of matmul.wgsl.
// Grid: a workgroup of 8 x 8 threads per tile and split; each thread has a register tile of 4 x 4 sums.
// Memory: 256 bytes a term and tile. Loads of the next 32 terms run while the present ones are multiplied.
// No atomics, sums in order of k: bit-reproducible.

// 32 terms of 32 rows and of 32 columns, four of them together; a vector more in each line, so that stores of a transposed
// block meet fewer bank conflicts.
var<workgroup> tile_a: array<array<vec4f, 9>, 32>;
var<workgroup> tile_b: array<array<vec4f, 9>, 32>;

var<private> sums: array<vec4f, 4>;  // rows 4 y .. 4 y + 3, columns 4 x ..
var<private> ahead_a: array<vec4f, 4>;
var<private> ahead_b: array<vec4f, 4>;
var<private> column_sum: vec4f;

fn load_a(m: u32, k: u32, end: u32, thread: u32) {
  if (A_TRANSPOSED) {
    let row = k + thread / 8u;
    let column = m + thread % 8u * 4u;
    ahead_a[0] = a_quad(row, column, end, params.m);
    ahead_a[1] = a_quad(row + 8u, column, end, params.m);
    ahead_a[2] = a_quad(row + 16u, column, end, params.m);
    ahead_a[3] = a_quad(row + 24u, column, end, params.m);
  } else {
    let row = m + thread / 8u * 4u;
    let column = k + thread % 8u * 4u;
    ahead_a[0] = a_quad(row, column, params.m, end);
    ahead_a[1] = a_quad(row + 1u, column, params.m, end);
    ahead_a[2] = a_quad(row + 2u, column, params.m, end);
    ahead_a[3] = a_quad(row + 3u, column, params.m, end);
  }
}

fn load_b(n: u32, k: u32, end: u32, thread: u32) {
  if (B_TRANSPOSED) {
    let row = n + thread / 8u * 4u;
    let column = k + thread % 8u * 4u;
    ahead_b[0] = b_quad(row, column, params.n, end);
    ahead_b[1] = b_quad(row + 1u, column, params.n, end);
    ahead_b[2] = b_quad(row + 2u, column, params.n, end);
    ahead_b[3] = b_quad(row + 3u, column, params.n, end);
  } else {
    let row = k + thread / 8u;
    let column = n + thread % 8u * 4u;
    ahead_b[0] = b_quad(row, column, end, params.n);
    ahead_b[1] = b_quad(row + 8u, column, end, params.n);
    ahead_b[2] = b_quad(row + 16u, column, end, params.n);
    ahead_b[3] = b_quad(row + 24u, column, end, params.n);
  }
}

fn store_tiles(thread: u32) {
  let line = thread / 8u;
  let at = thread % 8u;
  if (A_TRANSPOSED) {
    tile_a[line][at] = ahead_a[0];
    tile_a[line + 8u][at] = ahead_a[1];
    tile_a[line + 16u][at] = ahead_a[2];
    tile_a[line + 24u][at] = ahead_a[3];
  } else {
    let block = transpose(mat4x4f(ahead_a[0], ahead_a[1], ahead_a[2], ahead_a[3]));
    tile_a[at * 4u][line] = block[0];
    tile_a[at * 4u + 1u][line] = block[1];
    tile_a[at * 4u + 2u][line] = block[2];
    tile_a[at * 4u + 3u][line] = block[3];
  }
  if (B_TRANSPOSED) {
    let block = transpose(mat4x4f(ahead_b[0], ahead_b[1], ahead_b[2], ahead_b[3]));
    tile_b[at * 4u][line] = block[0];
    tile_b[at * 4u + 1u][line] = block[1];
    tile_b[at * 4u + 2u][line] = block[2];
    tile_b[at * 4u + 3u][line] = block[3];
  } else {
    tile_b[line][at] = ahead_b[0];
    tile_b[line + 8u][at] = ahead_b[1];
    tile_b[line + 16u][at] = ahead_b[2];
    tile_b[line + 24u][at] = ahead_b[3];
    if (HAS_COLUMN_SUMS) { column_sum += (ahead_b[0] + ahead_b[1]) + (ahead_b[2] + ahead_b[3]); }
  }
}

// Adds the products of one term: 4 numbers of a with 4 of b.
fn add_term(a: vec4f, b: vec4f) {
  sums[0] = fma(vec4f(a.x), b, sums[0]);
  sums[1] = fma(vec4f(a.y), b, sums[1]);
  sums[2] = fma(vec4f(a.z), b, sums[2]);
  sums[3] = fma(vec4f(a.w), b, sums[3]);
}

// Unrolled by hand: compilers keep the bound check of a loop, and indices that are literals need none.
fn add_terms(x: u32, y: u32) {
  add_term(tile_a[0][y], tile_b[0][x]);
  add_term(tile_a[1][y], tile_b[1][x]);
  add_term(tile_a[2][y], tile_b[2][x]);
  add_term(tile_a[3][y], tile_b[3][x]);
  add_term(tile_a[4][y], tile_b[4][x]);
  add_term(tile_a[5][y], tile_b[5][x]);
  add_term(tile_a[6][y], tile_b[6][x]);
  add_term(tile_a[7][y], tile_b[7][x]);
  add_term(tile_a[8][y], tile_b[8][x]);
  add_term(tile_a[9][y], tile_b[9][x]);
  add_term(tile_a[10][y], tile_b[10][x]);
  add_term(tile_a[11][y], tile_b[11][x]);
  add_term(tile_a[12][y], tile_b[12][x]);
  add_term(tile_a[13][y], tile_b[13][x]);
  add_term(tile_a[14][y], tile_b[14][x]);
  add_term(tile_a[15][y], tile_b[15][x]);
  add_term(tile_a[16][y], tile_b[16][x]);
  add_term(tile_a[17][y], tile_b[17][x]);
  add_term(tile_a[18][y], tile_b[18][x]);
  add_term(tile_a[19][y], tile_b[19][x]);
  add_term(tile_a[20][y], tile_b[20][x]);
  add_term(tile_a[21][y], tile_b[21][x]);
  add_term(tile_a[22][y], tile_b[22][x]);
  add_term(tile_a[23][y], tile_b[23][x]);
  add_term(tile_a[24][y], tile_b[24][x]);
  add_term(tile_a[25][y], tile_b[25][x]);
  add_term(tile_a[26][y], tile_b[26][x]);
  add_term(tile_a[27][y], tile_b[27][x]);
  add_term(tile_a[28][y], tile_b[28][x]);
  add_term(tile_a[29][y], tile_b[29][x]);
  add_term(tile_a[30][y], tile_b[30][x]);
  add_term(tile_a[31][y], tile_b[31][x]);
}

// Adds the column sums of the 8 threads that loaded the same columns of b, and stores them below the split's last row.
fn store_column_sums(split: u32, n: u32, thread: u32) {
  workgroupBarrier();
  tile_b[thread / 8u][thread % 8u] = column_sum;
  workgroupBarrier();
  let column = n + thread * 4u;
  if (thread >= 8u || column >= params.n) { return; }
  var sum = tile_b[0][thread];
  for (var row = 1u; row < 8u; row++) { sum += tile_b[row][thread]; }
  store(split, params.m, column, sum);
}

@compute @workgroup_size(8, 8)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let across = (params.n + 31u) / 32u;
  let down = (params.m + 31u) / 32u;
  let tile = linear_group(group, groups);
  let split = tile / (across * down);
  let m = tile / across % down * 32u;
  let n = tile % across * 32u;
  let first = split * params.split_terms;
  // A folded grid holds more workgroups than there are tiles.
  if (first >= params.k) { return; }
  let end = min(first + params.split_terms, params.k);

  load_a(m, first, end, thread);
  load_b(n, first, end, thread);
  for (var k = first; k < end; k += 32u) {
    // The tiles may be overwritten once all threads have multiplied the terms before.
    workgroupBarrier();
    store_tiles(thread);
    workgroupBarrier();
    load_a(m, k + 32u, end, thread);
    load_b(n, k + 32u, end, thread);
    add_terms(id.x, id.y);
  }

  let row = m + id.y * 4u;
  let column = n + id.x * 4u;
  if (column < params.n) {
    if (row < params.m) { store(split, row, column, sums[0]); }
    if (row + 1u < params.m) { store(split, row + 1u, column, sums[1]); }
    if (row + 2u < params.m) { store(split, row + 2u, column, sums[2]); }
    if (row + 3u < params.m) { store(split, row + 3u, column, sums[3]); }
  }
  if (HAS_COLUMN_SUMS && m == 0u) { store_column_sums(split, n, thread); }
}
