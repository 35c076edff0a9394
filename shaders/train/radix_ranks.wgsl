// Stable radix sort of the occurrences o = f B + b of a batch by row, for GPUs: pairs (row, o), least digit first.
//   count    how many keys of each block have each digit, in the first pass
//   scan     where the keys of each block begin among those with the digit, and how many those are; clears more_counts
//   scatter  moves each key behind those of smaller digits, of the blocks before, and of its block, and counts its next
//            digit in more_counts for the block that it moves to
// A key's rank in its block is told by bits: those of a chunk of 256 keys whose digit has the same low five bits, and of
// those with the same high bits, are one word for each 32 keys. No workgroup waits for another (Merrill and Grimshaw,
// 2011). Needs radix_all.wgsl, which sorts all keys together, or radix_field.wgsl, which sorts each field by itself.
// Shapes: ids [F, B]; source, pairs [F B] of (key, o); counts, more_counts [segments, DIGITS, blocks of a segment]; totals
// [segments, DIGITS].
// The first pass takes its keys from ids. Occurrences of padding rows and rows past the table have the key max_key,
// which sorts last and becomes 0xffffffff in the last pass, at the end of all.
// Grid: count and scatter have a workgroup per block of four chunks of a segment (a field, or all), a key of each chunk to
// a thread; scan has one per eight digits, 32 threads to each. Atomics only count and set bits, whose order does not matter:
// bit-reproducible. Memory: 16 bytes per key and pass.
const DIGITS: u32 = 512u;  // 8 to 512
const SHIFT: u32 = 0u;     // of the digit; 0 in the first pass
const NEXT: u32 = 9u;      // of the next pass's digit
const IS_LAST: bool = false;

const CHUNK: u32 = 256u;
const BLOCK: u32 = 1024u;

struct Params {
  segment: u32,    // keys of a segment
  batch: u32,
  max_key: u32,    // rows of the table, or of the largest field
  blocks: u32,     // of a segment
  fields: u32,
}
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read> source: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> totals: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read_write> counts: array<u32>;
@group(0) @binding(7) var<storage, read_write> cleared: array<u32>;  // more_counts, as scan sees them
@group(0) @binding(8) var<storage, read_write> more_counts: array<atomic<u32>>;

var<workgroup> lows: array<atomic<u32>, 1024>;    // [chunks, words, low bits of a digit]
var<workgroup> highs: array<atomic<u32>, 512>;    // [chunks, words, high bits of a digit]
var<workgroup> starts: array<atomic<u32>, 2048>;  // [chunks, DIGITS]
var<workgroup> sums: array<u32, 512>;             // two halves, which take turns

fn pair_at(i: u32, base: u32) -> vec2u {
  if (SHIFT > 0u) { return source[i]; }
  let id = ids[i] - base;
  let counts = i % params.batch < step.rows && id < params.max_key;
  return vec2u(select(params.max_key, id, counts), i);
}

fn digit_of(pair: vec2u) -> u32 {
  return (pair.x >> SHIFT) & (DIGITS - 1u);
}

// The keys of a thread: of each chunk the one at its place, or the segment's last one again.
struct Span {
  segment: u32,
  block: u32,  // in the segment
  base: u32,
  first: u32,
  end: u32,    // of the segment
}

fn span_of(group: u32, lane: u32) -> Span {
  let segment = group / params.blocks;
  let block = group % params.blocks;
  let top = segment * params.segment;
  return Span(segment, block, base_of(segment), top + block * BLOCK + lane, top + params.segment);
}

fn load(span: Span, chunk: u32) -> vec2u {
  return pair_at(min(span.first + chunk * CHUNK, span.end - 1u), span.base);
}

fn exists(span: Span, chunk: u32) -> bool {
  return span.first + chunk * CHUNK < span.end;
}

fn segments() -> u32 {
  return params.fields * params.batch / params.segment;
}

fn count_digit(span: Span, chunk: u32, pair: vec2u) {
  if (exists(span, chunk)) { atomicAdd(&starts[digit_of(pair)], 1u); }
}

fn counter_at(segment: u32, digit: u32, block: u32) -> u32 {
  return (segment * DIGITS + digit) * params.blocks + block;
}

fn store_count(span: Span, digit: u32) {
  if (digit < DIGITS) { counts[counter_at(span.segment, digit, span.block)] = atomicLoad(&starts[digit]); }
}

@compute @workgroup_size(256)
fn count(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  if (block >= segments() * params.blocks) { return; }
  let span = span_of(block, lane);
  let p0 = load(span, 0u);
  let p1 = load(span, 1u);
  let p2 = load(span, 2u);
  let p3 = load(span, 3u);
  atomicStore(&starts[lane], 0u);
  atomicStore(&starts[lane + 256u], 0u);
  workgroupBarrier();
  count_digit(span, 0u, p0);
  count_digit(span, 1u, p1);
  count_digit(span, 2u, p2);
  count_digit(span, 3u, p3);
  workgroupBarrier();
  store_count(span, lane);
  store_count(span, lane + 256u);
}

// Adds to a thread's number that of the thread `reach` before it, of those that have `place` threads before them.
fn add_before(number: u32, reach: u32, half: u32, place: u32, lane: u32) -> u32 {
  sums[half + lane] = number;
  workgroupBarrier();
  var sum = number;
  if (place >= reach) { sum += sums[half + lane - reach]; }
  return sum;
}

// The sum of the numbers of 32 threads up to each.
fn sum_of_32(number: u32, place: u32, lane: u32) -> u32 {
  var sum = add_before(number, 1u, 0u, place, lane);
  sum = add_before(sum, 2u, 256u, place, lane);
  sum = add_before(sum, 4u, 0u, place, lane);
  sum = add_before(sum, 8u, 256u, place, lane);
  return add_before(sum, 16u, 0u, place, lane);
}

// The sum of the numbers of all threads up to each.
fn sum_of_all(number: u32, lane: u32) -> u32 {
  var sum = sum_of_32(number, lane, lane);
  sum = add_before(sum, 32u, 256u, lane, lane);
  sum = add_before(sum, 64u, 0u, lane, lane);
  return add_before(sum, 128u, 256u, lane, lane);
}

fn store_start(i: u32, last: u32, start: u32) {
  if (i > last) { return; }
  counts[i] = start;
  if (!IS_LAST) { cleared[i] = 0u; }
}

// Counters become the places where their keys begin; four neighboring ones to a thread, 128 at a time.
@compute @workgroup_size(256)
fn scan(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_group(group, groups);
  if (tile * 8u >= segments() * DIGITS) { return; }
  let row = tile * 8u + lane / 32u;
  let place = lane % 32u;
  let top = row * params.blocks;
  let last = top + params.blocks - 1u;
  var before = 0u;
  for (var first = 0u; first < params.blocks; first += 128u) {
    let i = top + first + 4u * place;
    let n0 = select(0u, counts[min(i, last)], i <= last);
    let n1 = select(0u, counts[min(i + 1u, last)], i + 1u <= last);
    let n2 = select(0u, counts[min(i + 2u, last)], i + 2u <= last);
    let n3 = select(0u, counts[min(i + 3u, last)], i + 3u <= last);
    let sum = sum_of_32(n0 + n1 + n2 + n3, place, lane);
    let start = before + sum - (n0 + n1 + n2 + n3);
    sums[256u + lane] = sum;
    workgroupBarrier();
    before += sums[256u + (lane | 31u)];
    store_start(i, last, start);
    store_start(i + 1u, last, start + n0);
    store_start(i + 2u, last, start + n0 + n1);
    store_start(i + 3u, last, start + n0 + n1 + n2);
  }
  if (place == 0u) { totals[row] = before; }
}

// Where the words of a chunk begin: those of the low bits, and half as far those of the high bits.
fn word_at(chunk: u32, word: u32) -> u32 {
  return (chunk * 8u + word) * 32u;
}

fn mark(span: Span, chunk: u32, pair: vec2u, lane: u32) {
  if (!exists(span, chunk)) { return; }
  let digit = digit_of(pair);
  let word = word_at(chunk, lane / 32u);
  let bit = 1u << (lane % 32u);
  atomicOr(&lows[word + digit % 32u], bit);
  atomicOr(&highs[word / 2u + digit / 32u], bit);
  atomicAdd(&starts[chunk * 512u + digit], 1u);
}

// The keys of a word that have the digit and come before the thread's own.
fn before_in(chunk: u32, word: u32, digit: u32, lane: u32) -> u32 {
  let at = word_at(chunk, word);
  let same = atomicLoad(&lows[at + digit % 32u]) & atomicLoad(&highs[at / 2u + digit / 32u]);
  let own = lane / 32u;
  let earlier = select(0u, 0xffffffffu, word < own);
  return countOneBits(same & select(earlier, (1u << (lane % 32u)) - 1u, word == own));
}

fn move_key(span: Span, chunk: u32, pair: vec2u, lane: u32) {
  if (!exists(span, chunk)) { return; }
  let digit = digit_of(pair);
  var place = atomicLoad(&starts[chunk * 512u + digit]);
  place += before_in(chunk, 0u, digit, lane) + before_in(chunk, 1u, digit, lane);
  place += before_in(chunk, 2u, digit, lane) + before_in(chunk, 3u, digit, lane);
  place += before_in(chunk, 4u, digit, lane) + before_in(chunk, 5u, digit, lane);
  place += before_in(chunk, 6u, digit, lane) + before_in(chunk, 7u, digit, lane);
  if (IS_LAST) {
    let is_padding = pair.x == params.max_key;
    pairs[final_place(place, span.segment)] = vec2u(select(span.base + pair.x, 0xffffffffu, is_padding), pair.y);
  } else {
    pairs[place] = pair;
    let block = (place - span.segment * params.segment) / BLOCK;
    atomicAdd(&more_counts[counter_at(span.segment, (pair.x >> NEXT) & (DIGITS - 1u), block)], 1u);
  }
}

// Turns a digit's counters of the chunks into places, the first of which is given.
fn place_chunks(digit: u32, first: u32) {
  let n0 = atomicLoad(&starts[digit]);
  let n1 = atomicLoad(&starts[512u + digit]);
  let n2 = atomicLoad(&starts[1024u + digit]);
  atomicStore(&starts[digit], first);
  atomicStore(&starts[512u + digit], first + n0);
  atomicStore(&starts[1024u + digit], first + n0 + n1);
  atomicStore(&starts[1536u + digit], first + n0 + n1 + n2);
}

fn clear(lane: u32) {
  atomicStore(&lows[lane], 0u);
  atomicStore(&lows[lane + 256u], 0u);
  atomicStore(&lows[lane + 512u], 0u);
  atomicStore(&lows[lane + 768u], 0u);
  atomicStore(&highs[lane], 0u);
  atomicStore(&highs[lane + 256u], 0u);
  for (var i = lane; i < 2048u; i += 256u) { atomicStore(&starts[i], 0u); }
}

@compute @workgroup_size(256)
fn scatter(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = linear_group(group, groups);
  if (block >= segments() * params.blocks) { return; }
  let span = span_of(block, lane);
  let p0 = load(span, 0u);
  let p1 = load(span, 1u);
  let p2 = load(span, 2u);
  let p3 = load(span, 3u);
  // Two neighboring digits are the thread's: where their keys of this block begin among all.
  let digit = 2u * lane;
  let row = span.segment * DIGITS + min(digit, DIGITS - 2u);
  let left = select(0u, totals[row], digit < DIGITS);
  let right = select(0u, totals[row + 1u], digit < DIGITS);
  let first = counts[row * params.blocks + span.block];
  let second = counts[(row + 1u) * params.blocks + span.block];
  clear(lane);
  let smaller = span.segment * params.segment + sum_of_all(left + right, lane) - left - right;
  mark(span, 0u, p0, lane);
  mark(span, 1u, p1, lane);
  mark(span, 2u, p2, lane);
  mark(span, 3u, p3, lane);
  workgroupBarrier();
  if (digit < DIGITS) {
    place_chunks(digit, smaller + first);
    place_chunks(digit + 1u, smaller + left + second);
  }
  workgroupBarrier();
  move_key(span, 0u, p0, lane);
  move_key(span, 1u, p1, lane);
  move_key(span, 2u, p2, lane);
  move_key(span, 3u, p3, lane);
}
