// What surrounds products over the field axis (src/ops/field_product_source.ts).
//   arrange  packed[k, r] = w[index(p, q, r)] (+ w[other(p, q, r)])  with k = p Q + q, or the pairs p <= q only
//   arrange_tiles  packed[t, h, a, b] = w[i, j, h] with (i, j) = 4 tile(t) + (a, b), 0 past the ends; of the pairs i <= j
//            only and with w[j, i, h] added where i < j if FOLDED
//   spread   dw[i, j, h] = parts[k(min(i, j), max(i, j)), h]: the gradient of weights that `arrange` folded
//   pool     y[b, h] = sum_{d < D} x[b, h, d]
//   slope    dz[b, h, d] = (dx[b, h, d] + dy[b, h]) [x > 0 where RELU], dy for d < D only;  sums[b, h] = sum_d dz
// Shapes: packed [K, 4 ceil(R / 4)]; x, dx, dz [rows, 4 lanes]; y, dy, sums [rows]; f32.
// Grid: one invocation per four numbers of packed, per number of dw, per row. No atomics: bit-reproducible.
struct Params {
  p: u32, q: u32, r: u32,                                // sizes
  first: u32,                                            // index(0, 0, 0)
  p_stride: u32, q_stride: u32, r_stride: u32,           // of index, modulo 2^32
  p_other: u32, q_other: u32, r_other: u32,              // of other
  rows: u32, lanes: u32, dim: u32,
}
override TWO: bool = false;     // adds w[other]
override FOLDED: bool = false;  // pairs p <= q only; w[other] is added where p < q
override RELU: bool = false;
override FROM_NEXT: bool = true;  // whether there is dx
override FROM_POOL: bool = true;  // whether there is dy
@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read_write> packed: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read> x: array<vec4f>;
@group(0) @binding(4) var<storage, read> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

fn weight(p: u32, q: u32, r: u32) -> f32 {
  if (r >= params.r) { return 0.0; }
  let one = w[params.first + p * params.p_stride + q * params.q_stride + r * params.r_stride];
  if (!TWO || (FOLDED && p == q)) { return one; }
  return one + w[p * params.p_other + q * params.q_other + r * params.r_other];
}

fn folded(p: u32, q: u32) -> u32 {
  return p * params.q - p * (p + 1u) / 2u + q;
}

@compute @workgroup_size(64)
fn arrange(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let quads = (params.r + 3u) / 4u;
  let p = i / quads / params.q;
  let q = i / quads % params.q;
  if (p >= params.p || (FOLDED && q < p)) { return; }
  let r = i % quads * 4u;
  let k = select(p * params.q + q, folded(p, q), FOLDED);
  packed[k * quads + i % quads] =
    vec4f(weight(p, q, r), weight(p, q, r + 1u), weight(p, q, r + 2u), weight(p, q, r + 3u));
}

fn pair_weight(i: u32, j: u32, h: u32) -> f32 {
  if (i >= params.p || j >= params.q || (FOLDED && j < i)) { return 0.0; }
  let one = w[(i * params.q + j) * params.r + h];
  if (!FOLDED || i == j) { return one; }
  return one + w[(j * params.q + i) * params.r + h];
}

// Tiles are numbered as in src/ops/field_product_source.ts.
@compute @workgroup_size(64)
fn arrange_tiles(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_group(group, groups) * 64u + lane;
  let across = (params.q + 3u) / 4u;
  let tile = at / 4u / params.r;
  if (tile >= params.rows) { return; }
  let h = at / 4u % params.r;
  var row = tile / across;
  var column = tile % across;
  if (FOLDED) {
    row = 0u;
    column = tile;
    while (column >= across - row) {
      column -= across - row;
      row++;
    }
    column += row;
  }
  let i = 4u * row + at % 4u;
  let j = 4u * column;
  packed[at] =
    vec4f(pair_weight(i, j, h), pair_weight(i, j + 1u, h), pair_weight(i, j + 2u, h), pair_weight(i, j + 3u, h));
}

@compute @workgroup_size(64)
fn spread(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let p = i / params.r / params.q;
  let q = i / params.r % params.q;
  if (p >= params.p) { return; }
  y[i] = w[folded(min(p, q), max(p, q)) * params.r + i % params.r];
}

// Keeps what lies within the D numbers of a row.
fn within(c: u32, numbers: vec4f) -> vec4f {
  return select(vec4f(), numbers, 4u * c + vec4u(0u, 1u, 2u, 3u) < vec4u(params.dim));
}

@compute @workgroup_size(64)
fn pool(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  var sum = vec4f();
  for (var c = 0u; c < params.lanes; c++) { sum += within(c, x[row * params.lanes + c]); }
  y[row] = sum.x + sum.y + sum.z + sum.w;
}

@compute @workgroup_size(64)
fn slope(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_group(group, groups) * 64u + lane;
  if (row >= params.rows) { return; }
  var pooled = 0.0;
  if (FROM_POOL) { pooled = dy[row]; }
  var sum = vec4f();
  for (var c = 0u; c < params.lanes; c++) {
    let at = row * params.lanes + c;
    var dz = within(c, vec4f(pooled));
    if (FROM_NEXT) { dz += dx[at]; }
    if (RELU) { dz = select(vec4f(), dz, x[at] > vec4f()); }
    packed[at] = dz;
    sum += dz;
  }
  y[row] = sum.x + sum.y + sum.z + sum.w;
}
