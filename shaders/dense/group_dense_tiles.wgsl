// Gradients of dense layers by group (group_dense.wgsl, whose shapes these are), for GPUs: tiles in workgroup memory.
// Grid: input_gradient one workgroup per 32 rows of one group and 64 columns k, B / 32 + G tiles of rows, those of the first
// group first; weight_gradient one per 32 of K + 1 rows k (the last of them is the bias), 16 lanes and group. A thread adds
// four by four numbers, or four by a lane, in order. No atomics: bit-reproducible.
struct Params { inputs: u32, outputs: u32, count: u32, tiles: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read> dy: array<Lane>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read> offsets: array<u32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<storage, read_write> dw: array<Lane>;
@group(0) @binding(7) var<storage, read_write> dbias: array<Lane>;
@group(0) @binding(8) var<uniform> params: Params;

var<workgroup> slopes: array<Lane, 288>;   // input_gradient: 32 rows of 8 lanes; rows are 9 apart, for the banks' sake
var<workgroup> weights: array<Lane, 576>;  // 64 rows k of 8 lanes
var<workgroup> factors: array<vec4f, 256>;  // weight_gradient: 32 rows of four times 8 numbers
var<workgroup> lanes: array<Lane, 512>;     // 32 rows of 16 lanes

// Rows of a group by their places in the order; none past the last tile.
struct Places { group: u32, first: u32, end: u32 }

fn places_of(tile: u32) -> Places {
  var rest = tile;
  for (var g = 0u; g < params.count; g++) {
    let first = offsets[g];
    let end = offsets[g + 1u];
    let tiles = (end - first + 31u) / 32u;
    if (rest < tiles) { return Places(g, first + rest * 32u, end); }
    rest -= tiles;
  }
  return Places(0u, 0u, 0u);
}

fn slope_at(place: u32, end: u32, n: u32) -> Lane {
  let row = order[min(place, end - 1u)];
  return select(Lane(), dy[row * params.outputs + min(n, params.outputs - 1u)], place < end && n < params.outputs);
}

fn weight_at(g: u32, k: u32, n: u32) -> Lane {
  let row = g * params.inputs + min(k, params.inputs - 1u);
  return select(Lane(), w[row * params.outputs + min(n, params.outputs - 1u)], n < params.outputs);
}

struct Four { v0: Lane, v1: Lane, v2: Lane, v3: Lane }

fn plus(sums: Four, slope: Lane, b: Four) -> Four {
  return Four(sums.v0 + slope * b.v0, sums.v1 + slope * b.v1, sums.v2 + slope * b.v2, sums.v3 + slope * b.v3);
}

@compute @workgroup_size(128)
fn input_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = linear_group(group, groups);
  let across = (params.inputs + 63u) / 64u;
  let places = places_of(tile / across);
  if (places.first >= places.end) { return; }
  let k = tile % across * 64u;
  let row = thread / 16u;  // and the rows 8, 16 and 24 on
  let own = thread % 16u;  // of the columns, and those 16, 32 and 48 on
  let source = thread / 8u;
  let lane = thread % 8u;
  var s0 = Four();
  var s1 = Four();
  var s2 = Four();
  var s3 = Four();
  for (var n = 0u; n < params.outputs; n += 8u) {
    let at = source * 9u + lane;
    let slope0 = slope_at(places.first + source, places.end, n + lane);
    let slope1 = slope_at(places.first + source + 16u, places.end, n + lane);
    let weight0 = weight_at(places.group, k + source, n + lane);
    let weight1 = weight_at(places.group, k + source + 16u, n + lane);
    let weight2 = weight_at(places.group, k + source + 32u, n + lane);
    let weight3 = weight_at(places.group, k + source + 48u, n + lane);
    workgroupBarrier();
    slopes[at] = slope0;
    slopes[at + 144u] = slope1;
    weights[at] = weight0;
    weights[at + 144u] = weight1;
    weights[at + 288u] = weight2;
    weights[at + 432u] = weight3;
    workgroupBarrier();
    for (var l = 0u; l < 8u; l++) {
      let to = own * 9u + l;
      let b = Four(weights[to], weights[to + 144u], weights[to + 288u], weights[to + 432u]);
      let left = row * 9u + l;
      s0 = plus(s0, slopes[left], b);
      s1 = plus(s1, slopes[left + 72u], b);
      s2 = plus(s2, slopes[left + 144u], b);
      s3 = plus(s3, slopes[left + 216u], b);
    }
  }
  put_row(places.first + row, places.end, k + own, s0);
  put_row(places.first + row + 8u, places.end, k + own, s1);
  put_row(places.first + row + 16u, places.end, k + own, s2);
  put_row(places.first + row + 24u, places.end, k + own, s3);
}

fn put_row(place: u32, end: u32, k: u32, sums: Four) {
  if (place >= end) { return; }
  let at = order[place] * params.inputs + k;
  if (k < params.inputs) { dx[at] = total(sums.v0); }
  if (k + 16u < params.inputs) { dx[at + 16u] = total(sums.v1); }
  if (k + 32u < params.inputs) { dx[at + 32u] = total(sums.v2); }
  if (k + 48u < params.inputs) { dx[at + 48u] = total(sums.v3); }
}

// Four numbers of a row of the input with a 1 behind it.
fn factors_at(place: u32, end: u32, k: u32) -> vec4f {
  let ks = vec4u(k, k + 1u, k + 2u, k + 3u);
  let at = order[min(place, end - 1u)] * params.inputs + min(ks, vec4u(params.inputs - 1u));
  let numbers = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
  return select(numbers, vec4f(1.0), ks == vec4u(params.inputs));
}

// What a thread loads of 32 rows.
struct Loaded { factors0: vec4f, factors1: vec4f, slopes: Four }

fn loaded(place: u32, end: u32, k: u32, n: u32, thread: u32) -> Loaded {
  let row = place + thread / 8u;
  let four = k + thread % 8u * 4u;
  let own = place + thread / 16u;
  let lane = n + thread % 16u;
  let slopes = Four(
    slope_at(own, end, lane),
    slope_at(own + 8u, end, lane),
    slope_at(own + 16u, end, lane),
    slope_at(own + 24u, end, lane),
  );
  return Loaded(factors_at(row, end, four), factors_at(row + 16u, end, four), slopes);
}

fn times(sums: Four, four: vec4f, slope: Lane) -> Four {
  return Four(sums.v0 + four.x * slope, sums.v1 + four.y * slope, sums.v2 + four.z * slope, sums.v3 + four.w * slope);
}

@compute @workgroup_size(128)
fn weight_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let tile = linear_group(group, groups);
  let across = (params.outputs + 15u) / 16u;
  let down = params.inputs / 32u + 1u;
  let g = tile / across / down;
  if (g >= params.count) { return; }
  let k = tile / across % down * 32u;
  let n = tile % across * 16u;
  let own = thread / 16u;   // of the fours of rows k
  let lane = thread % 16u;
  let end = offsets[g + 1u];
  let first = offsets[g];
  var next = loaded(first, end, k, n, thread);
  var sums = Four();
  for (var place = first; place < end; place += 32u) {
    workgroupBarrier();
    factors[thread] = next.factors0;
    factors[thread + 128u] = next.factors1;
    lanes[thread] = next.slopes.v0;
    lanes[thread + 128u] = next.slopes.v1;
    lanes[thread + 256u] = next.slopes.v2;
    lanes[thread + 384u] = next.slopes.v3;
    workgroupBarrier();
    // They are on their way while those before are added.
    next = loaded(place + 32u, end, k, n, thread);
    for (var r = 0u; r < 32u; r += 4u) {
      let left = r * 8u + own;
      let to = r * 16u + lane;
      sums = times(sums, factors[left], lanes[to]);
      sums = times(sums, factors[left + 8u], lanes[to + 16u]);
      sums = times(sums, factors[left + 16u], lanes[to + 32u]);
      sums = times(sums, factors[left + 24u], lanes[to + 48u]);
    }
  }
  let row = k + own * 4u;
  keep(g, row, n + lane, sums.v0);
  keep(g, row + 1u, n + lane, sums.v1);
  keep(g, row + 2u, n + lane, sums.v2);
  keep(g, row + 3u, n + lane, sums.v3);
}

fn keep(g: u32, k: u32, n: u32, sum: Lane) {
  if (n >= params.outputs) { return; }
  if (k < params.inputs) { dw[(g * params.inputs + k) * params.outputs + n] = sum; }
  if (k == params.inputs) { dbias[g * params.outputs + n] = sum; }
}
