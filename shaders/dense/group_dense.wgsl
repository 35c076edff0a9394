// Dense layers whose weights depend on the group of a row; each row meets the weights of its own group alone.
//   forward          y[b, n]     = sum_k x[b, k] w[g, k, n] + bias[g, n]   with g the group of b
//   input_gradient   dx[b, k]    = sum_n dy[b, n] w[g, k, n]
//   weight_gradient  dw[g, k, n] = sum_b x[b, k] dy[b, n];  dbias[g, n] = sum_b dy[b, n]   over the rows b of g; 0 without
// Shapes: x, dx [B, K]; y, dy [B, N]; w, dw [G, K, N]; bias, dbias [G, N], N in lanes; order [B] and offsets [G + 1] as of
// row_groups.wgsl; f32 and u32.
// Grid: for forward and input_gradient an invocation per column and tile of four rows of one group, B / 4 + G tiles, those
// of the first group first; tiles past the last do nothing. For weight_gradient one per column, four of K + 1 rows (the
// last of them is the bias) and group. All without workgroup memory, in a fixed order: bit-reproducible.
const TILE: u32 = 4u;

struct Params { inputs: u32, outputs: u32, count: u32, tiles: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read> bias: array<Lane>;
@group(0) @binding(3) var<storage, read> dy: array<Lane>;
@group(0) @binding(4) var<storage, read> order: array<u32>;
@group(0) @binding(5) var<storage, read> offsets: array<u32>;
@group(0) @binding(6) var<storage, read_write> y: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;
@group(0) @binding(8) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(9) var<storage, read_write> dbias: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

// Four rows of a group, the last one repeated where it has fewer; count is 0 past the last tile.
struct Rows { group: u32, count: u32, rows: vec4u }

fn rows_of(tile: u32) -> Rows {
  var rest = tile;
  for (var g = 0u; g < params.count; g++) {
    let first = offsets[g];
    let end = offsets[g + 1u];
    let tiles = (end - first + TILE - 1u) / TILE;
    if (rest < tiles) {
      let place = first + rest * TILE;
      let places = min(place + vec4u(0u, 1u, 2u, 3u), vec4u(end - 1u));
      let rows = vec4u(order[places.x], order[places.y], order[places.z], order[places.w]);
      return Rows(g, min(end - place, TILE), rows);
    }
    rest -= tiles;
  }
  return Rows(0u, 0u, vec4u());
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.tiles * params.outputs) { return; }
  let n = i % params.outputs;
  let tile = rows_of(i / params.outputs);
  if (tile.count == 0u) { return; }
  let at = tile.rows * params.inputs;
  let first = tile.group * params.inputs * params.outputs + n;
  var sum0 = bias[tile.group * params.outputs + n];
  var sum1 = sum0;
  var sum2 = sum0;
  var sum3 = sum0;
  for (var k = 0u; k < params.inputs; k++) {
    let weight = w[first + k * params.outputs];
    sum0 += x[at.x + k] * weight;
    sum1 += x[at.y + k] * weight;
    sum2 += x[at.z + k] * weight;
    sum3 += x[at.w + k] * weight;
  }
  let to = tile.rows * params.outputs + n;
  y[to.x] = sum0;
  if (tile.count > 1u) { y[to.y] = sum1; }
  if (tile.count > 2u) { y[to.z] = sum2; }
  if (tile.count > 3u) { y[to.w] = sum3; }
}

@compute @workgroup_size(64)
fn input_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.tiles * params.inputs) { return; }
  let k = i % params.inputs;
  let tile = rows_of(i / params.inputs);
  if (tile.count == 0u) { return; }
  let at = tile.rows * params.outputs;
  let first = (tile.group * params.inputs + k) * params.outputs;
  var sum0 = Lane();
  var sum1 = Lane();
  var sum2 = Lane();
  var sum3 = Lane();
  for (var n = 0u; n < params.outputs; n++) {
    let weight = w[first + n];
    sum0 += dy[at.x + n] * weight;
    sum1 += dy[at.y + n] * weight;
    sum2 += dy[at.z + n] * weight;
    sum3 += dy[at.w + n] * weight;
  }
  let to = tile.rows * params.inputs + k;
  dx[to.x] = total(sum0);
  if (tile.count > 1u) { dx[to.y] = total(sum1); }
  if (tile.count > 2u) { dx[to.z] = total(sum2); }
  if (tile.count > 3u) { dx[to.w] = total(sum3); }
}

@compute @workgroup_size(64)
fn weight_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  let fours = params.inputs / TILE + 1u;
  let n = i % params.outputs;
  let k = i / params.outputs % fours * TILE;
  let g = i / params.outputs / fours;
  if (g >= params.count) { return; }
  let ks = min(vec4u(k, k + 1u, k + 2u, k + 3u), vec4u(params.inputs - 1u));
  let is_bias = vec4u(k, k + 1u, k + 2u, k + 3u) == vec4u(params.inputs);
  var sum0 = Lane();
  var sum1 = Lane();
  var sum2 = Lane();
  var sum3 = Lane();
  for (var place = offsets[g]; place < offsets[g + 1u]; place++) {
    let row = order[place];
    let at = row * params.inputs + ks;
    let factors = select(vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), vec4f(1.0), is_bias);
    let slope = dy[row * params.outputs + n];
    sum0 += factors.x * slope;
    sum1 += factors.y * slope;
    sum2 += factors.z * slope;
    sum3 += factors.w * slope;
  }
  keep(g, k, n, sum0);
  keep(g, k + 1u, n, sum1);
  keep(g, k + 2u, n, sum2);
  keep(g, k + 3u, n, sum3);
}

fn keep(g: u32, k: u32, n: u32, sum: Lane) {
  if (k < params.inputs) { dw[(g * params.inputs + k) * params.outputs + n] = sum; }
  if (k == params.inputs) { dbias[g * params.outputs + n] = sum; }
}
