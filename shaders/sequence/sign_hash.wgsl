// Codes of rows by the signs of their projections: bit i of code g is 1 where row . directions[g BITS + i] > 0.
// Needs laneN.wgsl, THREADS and COUNT (lanes of a row); `row` holds the row that is hashed.
// Shapes: directions [ALL, N], by lanes. Integers, and dot products in order of the lanes: bit-reproducible.
const ALL: u32 = 1u;    // directions
const BITS: u32 = 1u;   // bits of a code, at most 32; the last code may have fewer
const CODES: u32 = 1u;
@group(0) @binding(0) var<storage, read> directions: array<Lane>;

var<private> row: array<Lane, COUNT>;
var<workgroup> target_bits: array<u32, ALL>;
var<workgroup> target_codes: array<u32, CODES>;

fn bit_of(i: u32) -> u32 {
  var sum = Lane();
  for (var c = 0u; c < COUNT; c++) { sum = fma(row[c], directions[i * COUNT + c], sum); }
  return select(0u, 1u, total(sum) > 0.0);
}

fn code_of(g: u32) -> u32 {
  var code = 0u;
  for (var i = g * BITS; i < min((g + 1u) * BITS, ALL); i++) { code |= bit_of(i) << (i - g * BITS); }
  return code;
}

// Hashes the row that every thread of the workgroup has loaded.
fn hash_target(thread: u32) {
  for (var i = thread; i < ALL; i += THREADS) { target_bits[i] = bit_of(i); }
  workgroupBarrier();
  for (var g = thread; g < CODES; g += THREADS) {
    var code = 0u;
    for (var i = g * BITS; i < min((g + 1u) * BITS, ALL); i++) { code |= target_bits[i] << (i - g * BITS); }
    target_codes[g] = code;
  }
  workgroupBarrier();
}
