// Sums over splits of rows, by column, of what term(row, column, end) tells of each.
//   sum  parts[s, n] = sum_m term(m, n) over the rows m of split s
// Needs grid.wgsl, lane*.wgsl, a Params with lanes, rows and split_rows, and term, which is 0 from row `end` on.
// Grid: a workgroup of 16 x 16 threads per 16 lanes and split; a thread adds every 16th row, four terms at a time, and 16
// threads' sums are added in order.
var<workgroup> partial: array<array<Lane, 16>, 16>;

@compute @workgroup_size(16, 16)
fn sum(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
) {
  let tile = linear_group(group, groups);
  let across = (params.lanes + 15u) / 16u;
  let column = tile % across * 16u + id.x;
  let split = tile / across;
  let first = split * params.split_rows;
  let end = min(first + params.split_rows, params.rows);
  let inside = column < params.lanes && first < end;
  var sum = Lane();
  if (inside) {
    for (var row = first + id.y; row < end; row += 64u) {
      let left = term(row, column, end) + term(row + 16u, column, end);
      sum += left + (term(row + 32u, column, end) + term(row + 48u, column, end));
    }
  }
  partial[id.y][id.x] = sum;
  workgroupBarrier();
  if (id.y > 0u || !inside) { return; }
  for (var row = 1u; row < 16u; row++) { sum += partial[row][id.x]; }
  parts[split * params.lanes + column] = sum;
}
