// Up to four matrices side by side, and a matrix taken apart, in one pass.
//   join   y[r, to + n] = (x0 | x1 | x2 | x3)[r, n]
//   apartN (y0 | .. | yN-1)[r, n] = x[r, start + n]
// Columns of the parts follow each other: part p has columns end(p - 1) .. end(p) - 1 of those that are moved.
// Shapes: x [rows, width], y [rows, width], parts [rows, end(p) - end(p - 1)]; f32, columns counted in lanes.
// Grid: one invocation per lane moved. Memory: 8 bytes per number. No sums: bit-reproducible.
struct Params {
  rows: u32,
  width: u32,  // columns of the matrix whose columns the parts are
  first: u32,  // its first column that is moved
  end0: u32, end1: u32, end2: u32, end3: u32,
}
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> x1: array<Lane>;
@group(0) @binding(2) var<storage, read> x2: array<Lane>;
@group(0) @binding(3) var<storage, read> x3: array<Lane>;
@group(0) @binding(4) var<storage, read_write> y: array<Lane>;
@group(0) @binding(5) var<storage, read> x: array<Lane>;
@group(0) @binding(6) var<storage, read_write> y0: array<Lane>;
@group(0) @binding(7) var<storage, read_write> y1: array<Lane>;
@group(0) @binding(8) var<storage, read_write> y2: array<Lane>;
@group(0) @binding(9) var<storage, read_write> y3: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

// What an invocation moves: a part, the place in it, and the place in the matrix; part 4 is none.
struct Move {
  part: u32,
  at: u32,
  whole: u32,
}

fn move_of(i: u32) -> Move {
  let row = i / params.end3;
  let n = i % params.end3;
  var part = 3u;
  var start = params.end2;
  var end = params.end3;
  if (n < params.end0) {
    part = 0u;
    start = 0u;
    end = params.end0;
  } else if (n < params.end1) {
    part = 1u;
    start = params.end0;
    end = params.end1;
  } else if (n < params.end2) {
    part = 2u;
    start = params.end1;
    end = params.end2;
  }
  let inside = row < params.rows;
  return Move(select(4u, part, inside), row * (end - start) + n - start, row * params.width + params.first + n);
}

@compute @workgroup_size(256)
fn join(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let moved = move_of(linear_group(group, groups) * 256u + lane);
  switch moved.part {
    case 0u: { y[moved.whole] = x0[moved.at]; }
    case 1u: { y[moved.whole] = x1[moved.at]; }
    case 2u: { y[moved.whole] = x2[moved.at]; }
    case 3u: { y[moved.whole] = x3[moved.at]; }
    default: {}
  }
}

@compute @workgroup_size(256)
fn apart1(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let moved = move_of(linear_group(group, groups) * 256u + lane);
  if (moved.part == 0u) { y0[moved.at] = x[moved.whole]; }
}

@compute @workgroup_size(256)
fn apart2(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let moved = move_of(linear_group(group, groups) * 256u + lane);
  switch moved.part {
    case 0u: { y0[moved.at] = x[moved.whole]; }
    case 1u: { y1[moved.at] = x[moved.whole]; }
    default: {}
  }
}

@compute @workgroup_size(256)
fn apart3(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let moved = move_of(linear_group(group, groups) * 256u + lane);
  switch moved.part {
    case 0u: { y0[moved.at] = x[moved.whole]; }
    case 1u: { y1[moved.at] = x[moved.whole]; }
    case 2u: { y2[moved.at] = x[moved.whole]; }
    default: {}
  }
}

@compute @workgroup_size(256)
fn apart4(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let moved = move_of(linear_group(group, groups) * 256u + lane);
  switch moved.part {
    case 0u: { y0[moved.at] = x[moved.whole]; }
    case 1u: { y1[moved.at] = x[moved.whole]; }
    case 2u: { y2[moved.at] = x[moved.whole]; }
    case 3u: { y3[moved.at] = x[moved.whole]; }
    default: {}
  }
}
