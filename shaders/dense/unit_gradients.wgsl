// Gradients of a layer of one unit z = x v + bias over x read once, for GPUs.
//   gradients  dx[m, n] = u[m] v[n] through the epilogue that computed x, and per split s of the rows
//              parts[s, n] = sum_m u[m] x[m, n], the gradient of v, and parts[s, N] = sum_m u[m], that of the bias
// The parts are added up by column_sums.wgsl. Needs epilogue_gradient.wgsl and, of the widths, epilogue4.wgsl.
// Shapes: u [M], v [N], x, dx [M, N], parts [S, N + 1], all but u by fours; f32.
// Grid: a workgroup of 16 x 16 threads per 16 fours and split; a thread takes every 16th row, four loads at a time, and 16
// threads' sums are added in order. Memory: 8 bytes per number. No atomics, fixed order of sums: bit-reproducible.
struct Params { rows: u32, fours: u32, split_rows: u32 }
@group(0) @binding(0) var<storage, read> x: array<Lanes>;
@group(0) @binding(1) var<storage, read> u: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<Lanes>;
@group(0) @binding(3) var<storage, read_write> dx: array<Lanes>;
@group(0) @binding(4) var<storage, read_write> parts: array<Lanes>;
@group(0) @binding(5) var<uniform> params: Params;

var<workgroup> partial: array<array<Lanes, 16>, 16>;

// A row's number of u, 0 past the end, and its four of x; the column past the last has ones.
struct Term { slope: f32, four: Lanes }

// Loads past the end are of the last row, so that none waits for a branch.
fn term(row: u32, column: u32, end: u32) -> Term {
  let at = min(row, end - 1u);
  let four = x[at * params.fours + min(column, params.fours - 1u)];
  return Term(select(0.0, u[at], row < end), select(Lanes(1.0), four, column < params.fours));
}

fn store(row: u32, column: u32, end: u32, taken: Term, factor: Lanes) {
  if (row >= end || column >= params.fours) { return; }
  let at = row * params.fours + column;
  dx[at] = epilogue_gradient(taken.slope * factor, taken.four, WIDTH * at);
}

@compute @workgroup_size(16, 16)
fn gradients(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let across = params.fours / 16u + 1u;
  let tile = linear_group(group, groups);
  let column = tile % across * 16u + id.x;
  let split = tile / across;
  let first = split * params.split_rows;
  let end = min(first + params.split_rows, params.rows);
  let inside = column <= params.fours && first < end;
  var sum = Lanes();
  if (inside) {
    let factor = v[min(column, params.fours - 1u)];
    for (var row = first + id.y; row < end; row += 64u) {
      let t0 = term(row, column, end);
      let t1 = term(row + 16u, column, end);
      let t2 = term(row + 32u, column, end);
      let t3 = term(row + 48u, column, end);
      let left = t0.slope * t0.four + t1.slope * t1.four;
      sum += left + (t2.slope * t2.four + t3.slope * t3.four);
      store(row, column, end, t0, factor);
      store(row + 16u, column, end, t1, factor);
      store(row + 32u, column, end, t2, factor);
      store(row + 48u, column, end, t3, factor);
    }
  }
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  if (id.y > 0u || !inside) { return; }
  for (var row = 1u; row < 16u; row++) { sum += partial[row][id.x]; }
  parts[split * (params.fours + 1u) + column] = sum;
}
