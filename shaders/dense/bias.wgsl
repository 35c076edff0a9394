// A bias per column, and the sum over rows that is its gradient.
//   add_bias     y[b,n] = x[b,n] + b[n]
//   column_sum   y[n]   = sum_b x[b,n]  over valid rows, `each` of a sample
// Shapes: x, y [B each, N]; b [N]; f32.
// Grid: add_bias one thread per element; column_sum one workgroup per column, whose threads add every 256th row, four
// loads at a time, and then their sums in a fixed tree: bit-reproducible.
struct Params { size: u32, width: u32, batch: u32, each: u32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn add_bias(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= params.size) { return; }
  y[i] = x[i] + b[i % params.width];
}

// The number of a row, or 0 past the valid ones: loads past them are of the last one, so that none waits for a branch.
fn term(row: u32, column: u32, rows: u32) -> f32 {
  return select(0.0, x[min(row, rows - 1u) * params.width + column], row < rows);
}

@compute @workgroup_size(256)
fn column_sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let column = linear_group(group, groups);
  let rows = min(step.rows, params.batch) * params.each;
  var sum = 0.0;
  if (column < params.width) {
    for (var row = lane; row < rows; row += 1024u) {
      let left = term(row, column, rows) + term(row + 256u, column, rows);
      sum += left + (term(row + 512u, column, rows) + term(row + 768u, column, rows));
    }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane == 0u && column < params.width) { y[column] = partial[0]; }
}
