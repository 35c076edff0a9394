// Stable radix sort of the occurrences o = f B + b of a batch by row, for processors: pairs (row, o), seven bits a pass,
// least first.
//   count    how many keys of each block have each digit
//   scan, scan_field  where the keys of each (digit, block) begin
//   scatter  moves each key there, in its block's order
// Reduce, then scan: no workgroup waits for another, so the sort ends on any device (Merrill and Grimshaw, 2011).
// Needs radix_all.wgsl, which sorts all keys together, or radix_field.wgsl, which sorts each field by itself.
// Shapes: ids [F, B]; source, pairs [F B] of (key, o); counts, places [segments, 128, blocks of a segment].
// The first pass takes its keys from ids. Occurrences of padding rows and rows past the table have the key max_key,
// which sorts last and becomes 0xffffffff in the last pass, at the end of all.
// Grid: count and scatter have a workgroup per block of 1,024 keys of a segment (a field, or all), 16 consecutive ones to
// a thread, each of which owns a column of counters: stable without atomics. A block's counts fit in half a word, so a
// word counts two neighboring digits. scan has a workgroup per digit, scan_field one per field.
// Counters are in storage, [blocks, DIGITS / 2, THREADS]: a processor has no other memory for a workgroup, and its
// compiler takes minutes over the stores that set an array of this size in workgroup memory to zero.
const KEYS: u32 = 16u;
const BLOCK: u32 = 1024u;
const THREADS: u32 = 64u;
const DIGITS: u32 = 128u;

struct Params {
  segment: u32,    // keys of a segment
  batch: u32,
  max_key: u32,    // rows of the table, or of the largest field
  blocks: u32,     // of a segment
  fields: u32,
  shift: u32,      // of the digit; 0 in the first pass
  is_last: u32,
}
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> source: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> places: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(7) var<storage, read_write> counters: array<u32>;

var<workgroup> sums: array<u32, 256>;

fn pair_at(i: u32, base: u32) -> vec2u {
  if (params.shift > 0u) { return source[i]; }
  let id = ids[i] - base;
  let counts = i % params.batch < step.rows && id < params.max_key;
  return vec2u(select(params.max_key, id, counts), i);
}

fn digit_of(key: u32) -> u32 {
  return (key >> params.shift) & (DIGITS - 1u);
}

// The first counter of a block.
fn counters_of(block: u32) -> u32 {
  return block * DIGITS / 2u * THREADS;
}

// Where a thread counts a digit: the word among those of its block, and the first bit of the half that is the digit's.
fn word_of(digit: u32, lane: u32) -> u32 {
  return digit / 2u * THREADS + lane;
}
fn half_of(digit: u32) -> u32 {
  return digit % 2u * 16u;
}

// The keys of a thread.
struct Span {
  segment: u32,
  base: u32,
  first: u32,
  end: u32,
}

fn span_of(block: u32, lane: u32) -> Span {
  let segment = block / params.blocks;
  let top = segment * params.segment;
  let first = min(block % params.blocks * BLOCK + lane * KEYS, params.segment);
  return Span(segment, base_of(segment), top + first, top + min(first + KEYS, params.segment));
}

fn counter_at(block: u32, digit: u32) -> u32 {
  return (block / params.blocks * DIGITS + digit) * params.blocks + block % params.blocks;
}

fn segments() -> u32 {
  return params.fields * params.batch / params.segment;
}

fn count_keys(span: Span, top: u32, lane: u32) {
  for (var pair = 0u; pair < DIGITS / 2u; pair++) { counters[top + pair * THREADS + lane] = 0u; }
  for (var i = span.first; i < span.end; i++) {
    let digit = digit_of(pair_at(i, span.base).x);
    counters[top + word_of(digit, lane)] += 1u << half_of(digit);
  }
}

@compute @workgroup_size(64)
fn count(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  if (block >= segments() * params.blocks) { return; }
  let top = counters_of(block);
  count_keys(span_of(block, lane), top, lane);
  storageBarrier();
  // Thread t sums digits 2 t and 2 t + 1 at once.
  var sum = 0u;
  for (var column = 0u; column < THREADS; column++) { sum += counters[top + lane * THREADS + column]; }
  counts[counter_at(block, 2u * lane)] = sum & 0xffffu;
  counts[counter_at(block, 2u * lane + 1u)] = sum >> 16u;
}

// Leaves in `sums` the sums of the numbers of the threads up to each one.
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

// Writes where the keys of `size` counters from `top` on begin, the first ones at `start`.
fn place_keys(top: u32, size: u32, start: u32, lane: u32) {
  let share = (size + 255u) / 256u;
  let first = min(lane * share, size);
  let end = min(first + share, size);
  var sum = 0u;
  for (var i = first; i < end; i++) { sum += counts[top + i]; }
  scan_sums(sum, lane);
  var place = start + sums[lane] - sum;
  for (var i = first; i < end; i++) {
    places[top + i] = place;
    place += counts[top + i];
  }
}

// Workgroup d finds where the keys of digit d begin: after all keys of smaller digits.
@compute @workgroup_size(256)
fn scan(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let top = group.x * params.blocks;
  var smaller = 0u;
  for (var i = lane; i < top; i += 256u) { smaller += counts[i]; }
  scan_sums(smaller, lane);
  let start = sums[255];
  workgroupBarrier();
  place_keys(top, params.blocks, start, lane);
}

@compute @workgroup_size(256)
fn scan_field(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  place_keys(group.x * DIGITS * params.blocks, DIGITS * params.blocks, group.x * params.segment, lane);
}

@compute @workgroup_size(64)
fn scatter(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  if (block >= segments() * params.blocks) { return; }
  let span = span_of(block, lane);
  let top = counters_of(block);
  count_keys(span, top, lane);
  storageBarrier();
  // Counts become the numbers of keys with the digit in threads before, again two digits at once.
  var before = 0u;
  for (var column = 0u; column < THREADS; column++) {
    let size = counters[top + lane * THREADS + column];
    counters[top + lane * THREADS + column] = before;
    before += size;
  }
  storageBarrier();
  for (var i = span.first; i < span.end; i++) {
    let pair = pair_at(i, span.base);
    let digit = digit_of(pair.x);
    let at = top + word_of(digit, lane);
    let place = places[counter_at(block, digit)] + ((counters[at] >> half_of(digit)) & 0xffffu);
    counters[at] += 1u << half_of(digit);
    if (params.is_last == 0u) {
      pairs[place] = pair;
    } else {
      let is_padding = pair.x == params.max_key;
      pairs[final_place(place, span.segment)] = vec2u(select(span.base + pair.x, 0xffffffffu, is_padding), pair.y);
    }
  }
}
