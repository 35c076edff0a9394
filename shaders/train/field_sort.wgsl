// Stable sort of the occurrences o = f B + b of a batch by row, each field by itself in workgroup memory: pairs (row, o).
// The rows of a field lie together and those of field f before those of field f + 1, so that sorted fields one after the
// other are the sorted batch. A key is (row - least row of the field in the batch, b) in one word; no two are equal, so
// that a network of any shape gives the stable order (bitonic sort, Batcher 1968).
// Shapes: ids [F, B]; pairs [F B]: `rows` valid ones of each field, then the padding of a partial batch under 0xffffffff.
// Grid: one workgroup per field; a thread orders two vectors of four keys at a time. Keys that are less than four apart
// are ordered in registers. Memory: 4 bytes read and 8 written per occurrence. No atomics.
const VECTORS: u32 = 1024u;   // four keys each: B rounded up to a power of two
const INDEX_BITS: u32 = 12u;  // bits of b in a key
const THREADS: u32 = 256u;    // VECTORS / 2 at most
const FIELDS: u32 = 1u;

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> ids: array<u32>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(2) var<uniform> params: Params;

const PADDING: u32 = 0xffffffffu;

var<workgroup> keys: array<vec4u, VECTORS>;

// Returns the least row of the field; the keys are not in use yet and hold the least row of each thread.
fn least_row(first: u32, thread: u32) -> u32 {
  var least = PADDING;
  for (var b = thread; b < step.rows; b += THREADS) { least = min(least, ids[first + b]); }
  keys[thread].x = least;
  for (var reach = THREADS / 2u; reach > 0u; reach /= 2u) {
    workgroupBarrier();
    if (thread < reach) { keys[thread].x = min(keys[thread].x, keys[thread + reach].x); }
  }
  workgroupBarrier();
  let row = keys[0].x;
  workgroupBarrier();
  return row;
}

fn key_at(first: u32, base: u32, b: u32) -> u32 {
  if (b >= step.rows) { return PADDING; }
  return ((ids[first + b] - base) << INDEX_BITS) | b;
}

// Orders neighbours, x with y and z with w.
fn order_neighbours(v: vec4u) -> vec4u {
  let low = min(v.xz, v.yw);
  let high = max(v.xz, v.yw);
  return vec4u(low.x, high.x, low.y, high.y);
}

// Sorts four keys.
fn sorted(v: vec4u) -> vec4u {
  let twos = order_neighbours(v);
  let low = min(twos.xy, twos.wz);
  let high = max(twos.xy, twos.wz);
  return order_neighbours(vec4u(low, high.yx));
}

// Ends a merge within four keys.
fn merged(v: vec4u) -> vec4u {
  return order_neighbours(vec4u(min(v.xy, v.zw), max(v.xy, v.zw)));
}

// Begins the merge of two sorted halves of a block: its first key is paired with its last, and so on inwards.
fn fold(size: u32, thread: u32) {
  for (var i = thread; i < VECTORS / 2u; i += THREADS) {
    let within = i % (size / 2u);
    let top = (i - within) * 2u;
    let a = keys[top + within];
    let b = keys[top + size - 1u - within].wzyx;
    let low = min(a, b);
    let high = max(a, b).wzyx;
    let ends = size == 2u;
    keys[top + within] = select(low, merged(low), ends);
    keys[top + size - 1u - within] = select(high, merged(high), ends);
  }
}

// Goes on with a merge: keys that are `reach` vectors apart.
fn exchange(reach: u32, thread: u32) {
  for (var i = thread; i < VECTORS / 2u; i += THREADS) {
    let at = 2u * i - i % reach;
    let low = min(keys[at], keys[at + reach]);
    let high = max(keys[at], keys[at + reach]);
    let ends = reach == 1u;
    keys[at] = select(low, merged(low), ends);
    keys[at + reach] = select(high, merged(high), ends);
  }
}

@compute @workgroup_size(THREADS)
fn sort(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let field = group.x;
  let first = field * params.batch;
  let base = least_row(first, thread);
  for (var v = thread; v < VECTORS; v += THREADS) {
    let b = 4u * v;
    let four = vec4u(
      key_at(first, base, b),
      key_at(first, base, b + 1u),
      key_at(first, base, b + 2u),
      key_at(first, base, b + 3u),
    );
    keys[v] = sorted(four);
  }
  for (var size = 2u; size <= VECTORS; size *= 2u) {
    workgroupBarrier();
    fold(size, thread);
    for (var reach = size / 4u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      exchange(reach, thread);
    }
  }
  workgroupBarrier();
  let padding = params.batch - step.rows;
  for (var i = thread; i < params.batch; i += THREADS) {
    if (i < step.rows) {
      let key = keys[i / 4u][i % 4u];
      pairs[field * step.rows + i] = vec2u(base + (key >> INDEX_BITS), first + (key & ((1u << INDEX_BITS) - 1u)));
    } else {
      pairs[FIELDS * step.rows + field * padding + i - step.rows] = vec2u(PADDING, first + i);
    }
  }
}
