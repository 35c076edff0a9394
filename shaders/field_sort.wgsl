// Stable sort of the occurrences o = f B + b of a batch by row, each field by itself in workgroup memory: pairs (row, o).
// The rows of a field lie together and those of field f before those of field f + 1, so that sorted fields one after the
// other are the sorted batch. A key is (row - least row of the field in the batch, b) in one word; no two are equal, so
// that a network of any shape gives the stable order (bitonic sort, Batcher 1968).
// Shapes: ids [F, B]; pairs [F B]: `rows` valid ones of each field, then the padding of a partial batch under 0xffffffff.
// Grid: one workgroup per field. Memory: 4 bytes read and 8 written per occurrence.
const SIZE: u32 = 4096u;      // keys sorted: B rounded up to a power of two
const INDEX_BITS: u32 = 12u;  // bits of b in a key
const THREADS: u32 = 256u;
const FIELDS: u32 = 1u;

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(2) var<uniform> params: Params;

const PADDING: u32 = 0xffffffffu;

var<workgroup> keys: array<u32, SIZE>;

// Returns the least row of the field; the keys are not in use yet and hold the least row of each thread.
fn least_row(first: u32, thread: u32) -> u32 {
  var least = PADDING;
  for (var b = thread; b < step.rows; b += THREADS) { least = min(least, ids[first + b]); }
  keys[thread] = least;
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (thread < reach) { keys[thread] = min(keys[thread], keys[thread + reach]); }
  }
  workgroupBarrier();
  let row = keys[0];
  workgroupBarrier();
  return row;
}

// Puts two keys in order.
fn order(low: u32, high: u32) {
  let a = keys[low];
  let b = keys[high];
  if (a > b) {
    keys[low] = b;
    keys[high] = a;
  }
}

@compute @workgroup_size(THREADS)
fn sort(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let field = group.x;
  let first = field * params.batch;
  let base = least_row(first, thread);
  for (var b = thread; b < SIZE; b += THREADS) {
    var key = PADDING;
    if (b < step.rows) { key = ((ids[first + b] - base) << INDEX_BITS) | b; }
    keys[b] = key;
  }
  for (var size = 2u; size <= SIZE; size *= 2u) {
    workgroupBarrier();
    for (var i = thread; i < SIZE / 2u; i += THREADS) {
      // The two halves of a block are sorted: its first key is paired with its last, and so on inwards.
      let low = 2u * i - (i & (size / 2u - 1u));
      order(low, low ^ (size - 1u));
    }
    for (var reach = size / 4u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      for (var i = thread; i < SIZE / 2u; i += THREADS) {
        let low = 2u * i - (i & (reach - 1u));
        order(low, low + reach);
      }
    }
  }
  workgroupBarrier();
  let padding = params.batch - step.rows;
  for (var i = thread; i < params.batch; i += THREADS) {
    if (i < step.rows) {
      let key = keys[i];
      pairs[field * step.rows + i] = vec2u(base + (key >> INDEX_BITS), first + (key & ((1u << INDEX_BITS) - 1u)));
    } else {
      pairs[FIELDS * step.rows + field * padding + i - step.rows] = vec2u(PADDING, first + i);
    }
  }
}
