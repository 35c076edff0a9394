// Replaces a share of the occurrences by the rows that stand for values which training does not have, so that these rows
// learn. A row of the batch is chosen with probability CHOSEN / 2^32; each of its fields is then replaced with a
// probability drawn for the row, uniform in [0, 1): any number of unseen values at once occurs.
// Needs random.wgsl. Integers only, so that the host draws the same.
override CHOSEN: u32 = 0u;

const KEPT: u32 = 0xffffffffu;  // in place of a row: the field's occurrences are not replaced

// Two rows for each field, which take turns at random.
@group(0) @binding(8) var<storage, read> substitutes: array<vec2u>;

fn substitute(id: u32, f: u32, b: u32, batch: u32) -> u32 {
  let chance = random_u32(b);
  if (chance >= CHOSEN) { return id; }
  let draw = random_u32((f + 1u) * batch + b);
  if (draw >= pcg(chance)) { return id; }
  let rows = substitutes[f];
  let row = select(rows.x, rows.y, (pcg(draw) & 1u) == 1u);
  return select(row, id, row == KEPT);
}
