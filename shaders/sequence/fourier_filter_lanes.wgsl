// Filters of the places of histories for GPUs: variants of forward, gradient and partial in fourier_filter.wgsl, which this
// part follows, in lanes.
// Grid: lane_forward and lane_gradient one workgroup per history, whose threads take four neighboring places of a lane, so
// that a number of x and a turn each meet four others; lane_partial one workgroup of 256 threads per list and slice of the
// batch, whose threads share its places and add their sums in order. No atomics.
@group(0) @binding(8) var<storage, read> x_lanes: array<Lane>;
@group(0) @binding(9) var<storage, read> weight_lanes: array<Lane>;
@group(0) @binding(10) var<storage, read> turned_lanes: array<Lane>;
@group(0) @binding(11) var<storage, read> dy_lanes: array<Lane>;
@group(0) @binding(12) var<storage, read_write> y_lanes: array<Lane>;
@group(0) @binding(13) var<storage, read_write> z_lanes: array<Lane>;

var<workgroup> shares_x: array<Lane, 256>;
var<workgroup> shares_z: array<Lane, 256>;

// z of four places so far, the turns by which the next x counts for them, and the place of the first of these.
struct Turned { z0: Lane, z1: Lane, z2: Lane, z3: Lane, turns: vec4f, place: u32 }

fn turn_on(s: Turned, number: Lane, count: u32) -> Turned {
  let place = select(s.place, count, s.place == 0u) - 1u;
  return Turned(
    s.z0 + s.turns.x * number,
    s.z1 + s.turns.y * number,
    s.z2 + s.turns.z * number,
    s.z3 + s.turns.w * number,
    vec4f(turns[place], s.turns.xyz),
    place,
  );
}

// A number of a history in lanes, or 0 past its end.
fn number_at(first: u32, s: u32, count: u32, width: u32) -> Lane {
  return select(Lane(), x_lanes[first + min(s, count - 1u) * width], s < count);
}

fn turned_of(first: u32, t: u32, count: u32, width: u32) -> Turned {
  let places = (vec4u(t) + vec4u(0u, 1u, 2u, 3u)) % count;
  var s = Turned();
  s.turns = vec4f(turns[places.x], turns[places.y], turns[places.z], turns[places.w]);
  s.place = places.x;
  for (var i = 0u; i < count; i += 4u) {
    let x0 = number_at(first, i, count, width);
    let x1 = number_at(first, i + 1u, count, width);
    let x2 = number_at(first, i + 2u, count, width);
    let x3 = number_at(first, i + 3u, count, width);
    s = turn_on(turn_on(turn_on(turn_on(s, x0, count), x1, count), x2, count), x3, count);
  }
  return s;
}

// Four places of a lane: the first of them, z, where they are, and by what they are multiplied.
struct Item { t: u32, first: u32, width: u32, count: u32, a: Lane, b: Lane, s: Turned }

fn item_of(at: List, i: u32) -> Item {
  let width = params.width / LANE_WIDTH;
  let n = i % width;
  let t = i / width * 4u;
  let first = at.first / LANE_WIDTH + n;
  let weight = at.weights / LANE_WIDTH + n;
  var s = Turned();
  if (t < at.count) { s = turned_of(first, t, at.count, width); }
  return Item(t, first, width, at.count, weight_lanes[weight], weight_lanes[weight + width], s);
}

fn items() -> u32 {
  return (PLACES + 3u) / 4u * (params.width / LANE_WIDTH);
}

fn put_place(item: Item, k: u32, turned_b: Lane) {
  let t = item.t + k;
  if (t >= PLACES) { return; }
  let at = item.first + t * item.width;
  y_lanes[at] = select(Lane(), item.a * x_lanes[at] + turned_b, t < item.count);
}

fn put_turned(item: Item, k: u32, z: Lane) {
  let t = item.t + k;
  if (t < PLACES) { z_lanes[item.first + t * item.width] = select(Lane(), z, t < item.count); }
}

@compute @workgroup_size(THREADS)
fn lane_forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = list_of(linear_group(group, groups), thread);
  for (var i = thread; at.live && i < items(); i += THREADS) {
    let item = item_of(at, i);
    put_place(item, 0u, item.b * item.s.z0);
    put_place(item, 1u, item.b * item.s.z1);
    put_place(item, 2u, item.b * item.s.z2);
    put_place(item, 3u, item.b * item.s.z3);
    if (WRITES_TURNED) {
      put_turned(item, 0u, item.s.z0);
      put_turned(item, 1u, item.s.z1);
      put_turned(item, 2u, item.s.z2);
      put_turned(item, 3u, item.s.z3);
    }
  }
}

@compute @workgroup_size(THREADS)
fn lane_gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = list_of(linear_group(group, groups), thread);
  for (var i = thread; at.live && i < items(); i += THREADS) {
    let item = item_of(at, i);
    put_place(item, 0u, -item.b * item.s.z0);
    put_place(item, 1u, -item.b * item.s.z1);
    put_place(item, 2u, -item.b * item.s.z2);
    put_place(item, 3u, -item.b * item.s.z3);
  }
}

@compute @workgroup_size(256)
fn lane_partial(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = linear_group(group, groups);
  let list = at % params.lists;
  let slice = at / params.lists;
  let width = params.width / LANE_WIDTH;
  let apart = 256u / width;
  let n = thread % width;
  var of_x = Lane();
  var of_z = Lane();
  for (var b = slice * params.slice; b < min((slice + 1u) * params.slice, params.batch); b++) {
    let history = b * params.lists + list;
    let count = select(0u, lengths[history], thread < apart * width);
    for (var t = thread / width; t < count; t += apart) {
      let place = (history * PLACES + t) * width + n;
      of_x += dy_lanes[place] * x_lanes[place];
      of_z += dy_lanes[place] * turned_lanes[place];
    }
  }
  shares_x[thread] = of_x;
  shares_z[thread] = of_z;
  workgroupBarrier();
  if (thread >= width || slice >= params.slices) { return; }
  for (var i = 1u; i < apart; i++) {
    of_x += shares_x[i * width + thread];
    of_z += shares_z[i * width + thread];
  }
  let to = (slice * params.lists + list) * 2u * width + thread;
  y_lanes[to] = of_x;
  y_lanes[to + width] = of_z;
}
