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

// The least of four rows, or of the last one again: they are loaded together, so that loads do not wait for one another.
fn least_of_four(i: u32, last: u32) -> u32 {
  let left = min(ids[min(i, last)], ids[min(i + 256u, last)]);
  return min(left, min(ids[min(i + 512u, last)], ids[min(i + 768u, last)]));
}

@compute @workgroup_size(256)
fn least(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  var row = 0xffffffffu;
  let top = group.x * params.batch;
  let last = top + step.rows - 1u;
  for (var b = lane; b < step.rows; b += 4096u) {
    let left = min(least_of_four(top + b, last), least_of_four(top + b + 1024u, last));
    row = min(row, min(left, min(least_of_four(top + b + 2048u, last), least_of_four(top + b + 3072u, last))));
  }
  sums[lane] = row;
  for (var reach = 128u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (lane < reach) { sums[lane] = min(sums[lane], sums[lane + reach]); }
  }
  if (lane == 0u) { least_rows[group.x] = sums[0]; }
}
