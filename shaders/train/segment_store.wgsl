// Finishes a run by keeping its sum: by row of the table, or at the position where the run starts.
@group(0) @binding(11) var<storage, read_write> reduced: array<Lane>;
const BY_ROW: bool = true;

fn finish_run(number: u32, head: u32, part: u32) {
  add_row_l2(number, part);
  var at = head * LANES + part * SPAN;
  if (BY_ROW) { at = number * STRIDE + part * SPAN; }
  for (var j = 0u; j < SPAN; j++) { reduced[at + j] = sum[j]; }
}
