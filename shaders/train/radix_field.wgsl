// A sort of each field by itself by radix_ranks.wgsl or radix_sort.wgsl, where the rows of a field lie before those of the
// next one: a key is the row less the field's least one in the batch, which has fewer digits.
//   least  finds those rows: a workgroup per field
@group(0) @binding(6) var<storage, read_write> least_rows: array<u32>;

fn base_of(segment: u32) -> u32 { return least_rows[segment]; }

// Where a key ends up whose place in its field is found: fields follow one another, and their padding comes after all.
fn final_place(place: u32, segment: u32) -> u32 {
  let within = place - segment * params.batch;
  if (within < step.rows) { return segment * step.rows + within; }
  return params.fields * step.rows + segment * (params.batch - step.rows) + within - step.rows;
}

@compute @workgroup_size(256)
fn least(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var row = 0xffffffffu;
  // Four rows, or the last one again, are loaded at a time, so that loads do not wait for one another.
  let top = group.x * params.batch;
  for (var b = lane; b < step.rows; b += 1024u) {
    let last = step.rows - 1u;
    let left = min(ids[top + b], ids[top + min(b + 256u, last)]);
    row = min(row, min(left, min(ids[top + min(b + 512u, last)], ids[top + min(b + 768u, last)])));
  }
  sums[lane] = row;
  for (var reach = 128u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] = min(sums[lane], sums[lane + reach]); }
  }
  if (lane == 0u) { least_rows[group.x] = sums[0]; }
}
