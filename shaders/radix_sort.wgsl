// Stable radix sort of the occurrences o = f B + b of a batch by row: pairs (row, o), four bits a pass, least first.
//   count    how many keys of each block have each digit
//   scan     where the keys of each (digit, block) begin
//   scatter  moves each key there, in its block's order
// Reduce, then scan: no workgroup waits for another, so the sort ends on any device (Merrill and Grimshaw, 2011).
// Shapes: ids [F, B]; source, pairs [F B] of (key, o); counts, places [16, blocks].
// The first pass takes its keys from ids. Occurrences of padding rows and rows past the table have the key row_count,
// which sorts last and becomes 0xffffffff in the last pass.
// Grid: count and scatter have a workgroup per block of 1,024 keys, 16 consecutive ones to an invocation, each of
// which owns a column of counters: stable without atomics. scan has a workgroup per digit.
const KEYS: u32 = 16u;
const BLOCK: u32 = 1024u;
const PITCH: u32 = 65u;  // of a digit's counters: 64 invocations, and one so that digits lie in different banks

struct Params {
  count: u32,      // F B
  batch: u32,
  row_count: u32,
  blocks: u32,
  shift: u32,      // of the digit; 0 in the first pass
  is_last: u32,
}
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> source: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

var<workgroup> counters: array<u32, 1040>;
var<workgroup> sums: array<u32, 256>;

fn pair_at(i: u32) -> vec2u {
  if (params.shift > 0u) { return source[i]; }
  let id = ids[i];
  let counts = i % params.batch < step.rows && id < params.row_count;
  return vec2u(select(params.row_count, id, counts), i);
}

fn digit_of(key: u32) -> u32 {
  return (key >> params.shift) & 15u;
}

fn count_keys(first: u32, lane: u32) {
  for (var digit = 0u; digit < 16u; digit++) { counters[digit * PITCH + lane] = 0u; }
  let end = min(first + KEYS, params.count);
  for (var i = first; i < end; i++) { counters[digit_of(pair_at(i).x) * PITCH + lane]++; }
}

@compute @workgroup_size(64)
fn count(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  count_keys(block * BLOCK + lane * KEYS, lane);
  workgroupBarrier();
  if (lane >= 16u || block >= params.blocks) { return; }
  var sum = 0u;
  for (var column = 0u; column < 64u; column++) { sum += counters[lane * PITCH + column]; }
  counts[lane * params.blocks + block] = sum;
}

// Returns the sum of all threads' numbers and leaves the sums of those up to each thread in `sums`.
fn scan_sums(number: u32, lane: u32) {
  sums[lane] = number;
  workgroupBarrier();
  for (var reach = 1u; reach < 256u; reach *= 2u) {
    var before = 0u;
    if (lane >= reach) { before = sums[lane - reach]; }
    workgroupBarrier();
    sums[lane] += before;
    workgroupBarrier();
  }
}

// Workgroup d finds where the keys of digit d begin: after all keys of smaller digits.
@compute @workgroup_size(256)
fn scan(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let digit_first = group.x * params.blocks;
  var smaller = 0u;
  for (var i = lane; i < digit_first; i += 256u) { smaller += counts[i]; }
  scan_sums(smaller, lane);
  let start = sums[255];
  workgroupBarrier();
  let share = (params.blocks + 255u) / 256u;
  let first = min(lane * share, params.blocks);
  let end = min(first + share, params.blocks);
  var sum = 0u;
  for (var i = first; i < end; i++) { sum += counts[digit_first + i]; }
  scan_sums(sum, lane);
  var place = start + sums[lane] - sum;
  for (var i = first; i < end; i++) {
    places[digit_first + i] = place;
    place += counts[digit_first + i];
  }
}

@compute @workgroup_size(64)
fn scatter(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  let first = block * BLOCK + lane * KEYS;
  count_keys(first, lane);
  workgroupBarrier();
  if (lane < 16u && block < params.blocks) {
    var place = places[lane * params.blocks + block];
    for (var column = 0u; column < 64u; column++) {
      let size = counters[lane * PITCH + column];
      counters[lane * PITCH + column] = place;
      place += size;
    }
  }
  workgroupBarrier();
  let end = min(first + KEYS, params.count);
  for (var i = first; i < end; i++) {
    let pair = pair_at(i);
    let at = digit_of(pair.x) * PITCH + lane;
    let place = counters[at];
    counters[at] = place + 1u;
    let is_padding = params.is_last > 0u && pair.x == params.row_count;
    pairs[place] = vec2u(select(pair.x, 0xffffffffu, is_padding), pair.y);
  }
}
