// Long short-term memory over the valid places of histories, forwards or, REVERSE, from the latest place to the oldest
// (Hochreiter and Schmidhuber, 1997, with the forget gate of Gers et al., 2000):
//   i, f, o = sigmoid(x_i + h U_i), ..;  g = tanh(x_g + h U_g);  c' = f c + i g;  h' = o tanh(c')
// From h = c = 0. States past the end of a history are 0, and so are gradients.
//   forward   states h'; where it KEEPS them for backward also h before each place, c' and the gates
//   backward  gradients of x, which are those of h U as well, from those of the states
// Needs grid.wgsl. Shapes: x, gates, dx [B, L, 4 H], gates in the order i, f, g, o; states, previous, cells, dy [B, L, H];
// U [H, 4 H]; lengths [B]; f32.
// Grid: one workgroup per ROWS rows of the batch, whose places they walk one after the other; a thread computes one unit.
// Memory: 4 (4 + 1) H bytes a place for forward, 4 (8 + 2) H for backward, and U once per workgroup and place.
const UNITS: u32 = 1u;     // H
const ROWS: u32 = 64u;     // rows of a workgroup
const THREADS: u32 = 64u;  // ROWS UNITS at least
const REVERSE: bool = false;
const KEEPS: bool = true;

struct Params { batch: u32, places: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> lengths: array<u32>;
@group(0) @binding(3) var<storage, read_write> states: array<f32>;
@group(0) @binding(4) var<storage, read_write> previous: array<f32>;
@group(0) @binding(5) var<storage, read_write> cells: array<f32>;
@group(0) @binding(6) var<storage, read_write> gates: array<f32>;
@group(0) @binding(7) var<storage, read> kept_cells: array<f32>;
@group(0) @binding(8) var<storage, read> kept_gates: array<f32>;
@group(0) @binding(9) var<storage, read> dy: array<f32>;
@group(0) @binding(10) var<storage, read_write> dx: array<f32>;
@group(0) @binding(11) var<uniform> params: Params;

var<workgroup> hidden: array<f32, THREADS>;
var<workgroup> slopes: array<vec4f, THREADS>;

// A unit of a row.
struct Work {
  row: u32,
  unit: u32,
  first: u32,   // thread of the row's first unit
  live: bool,
  length: u32,  // 0 where there is no such row
}

fn work(group: u32, lane: u32) -> Work {
  let own = min(lane / UNITS, ROWS - 1u);
  let row = group * ROWS + own;
  let live = lane < ROWS * UNITS && row < params.batch;
  return Work(row, lane % UNITS, own * UNITS, live, select(0u, lengths[min(row, params.batch - 1u)], live));
}

// Place that a step reads; a step past the end of a history has the place of its number.
fn place_of(at: Work, step: u32) -> u32 {
  return at.row * params.places + select(step, at.length - 1u - step, REVERSE && step < at.length);
}

fn sigmoid(v: f32) -> f32 {
  return 1.0 / (1.0 + exp(-v));
}

// Drivers that divide exponentials get NaN from large arguments.
fn bounded_tanh(v: f32) -> f32 {
  return tanh(clamp(v, -15.0, 15.0));
}

fn weights_at(row: u32, column: u32) -> vec4f {
  let at = row * 4u * UNITS + column;
  return vec4f(u[at], u[at + UNITS], u[at + 2u * UNITS], u[at + 3u * UNITS]);
}

@compute @workgroup_size(THREADS)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups), lane);
  var h = 0.0;
  var c = 0.0;
  hidden[lane] = 0.0;
  for (var step = 0u; step < params.places; step++) {
    let valid = step < at.length;
    let place = place_of(at, step) * UNITS + at.unit;
    let column = place_of(at, step) * 4u * UNITS + at.unit;
    var sums = vec4f(0.0);
    workgroupBarrier();
    if (valid) {
      sums = vec4f(x[column], x[column + UNITS], x[column + 2u * UNITS], x[column + 3u * UNITS]);
      for (var k = 0u; k < UNITS; k++) { sums += hidden[at.first + k] * weights_at(k, at.unit); }
    }
    workgroupBarrier();
    if (at.live && KEEPS) { previous[place] = select(0.0, h, valid); }
    if (valid) {
      let gate = vec4f(sigmoid(sums.x), sigmoid(sums.y), bounded_tanh(sums.z), sigmoid(sums.w));
      c = gate.y * c + gate.x * gate.z;
      h = gate.w * bounded_tanh(c);
      hidden[lane] = h;
      if (KEEPS) {
        cells[place] = c;
        for (var i = 0u; i < 4u; i++) { gates[column + i * UNITS] = gate[i]; }
      }
    }
    if (at.live) { states[place] = select(0.0, h, valid); }
  }
}

@compute @workgroup_size(THREADS)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = work(linear_group(group, groups), lane);
  var dh = 0.0;
  var dc = 0.0;
  for (var step = params.places; step > 0u; step--) {
    let valid = step - 1u < at.length;
    let place = place_of(at, step - 1u) * UNITS + at.unit;
    let column = place_of(at, step - 1u) * 4u * UNITS + at.unit;
    var slope = vec4f(0.0);
    if (valid) {
      let gate = vec4f(
        kept_gates[column],
        kept_gates[column + UNITS],
        kept_gates[column + 2u * UNITS],
        kept_gates[column + 3u * UNITS],
      );
      let bent = bounded_tanh(kept_cells[place]);
      var before = 0.0;
      if (step > 1u) { before = kept_cells[place_of(at, step - 2u) * UNITS + at.unit]; }
      let of_state = dy[place] + dh;
      dc += of_state * gate.w * (1.0 - bent * bent);
      slope = vec4f(dc * gate.z, dc * before, dc * gate.x, of_state * bent);
      slope *= vec4f(gate.x * (1.0 - gate.x), gate.y * (1.0 - gate.y), 1.0 - gate.z * gate.z, gate.w * (1.0 - gate.w));
      dc *= gate.y;
    }
    for (var i = 0u; at.live && i < 4u; i++) { dx[column + i * UNITS] = slope[i]; }
    workgroupBarrier();
    slopes[lane] = slope;
    workgroupBarrier();
    dh = 0.0;
    if (valid) { for (var k = 0u; k < UNITS; k++) { dh += dot(slopes[at.first + k], weights_at(at.unit, k)); } }
  }
}
