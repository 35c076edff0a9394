// Which codes of the places of a history equal the target's, for GPUs.
//   match_codes  bit j of matches[b, t, :] says whether code_j(x[b, t, :]) = code_j(q[b, :]); 0 for t >= lengths[b]
// Bit i of code_j(v) is 1 where v . directions[j BITS + i] > 0.
// Needs grid.wgsl and laneN.wgsl. Shapes: directions [ALL, N], q [B, N], x [B, L, N], by lanes; matches [B, L, WORDS].
// Grid: a workgroup per row of the batch and TILE places. A thread projects four places on four directions at a time,
// and SHARES threads take turns at the directions. Places pass through workgroup memory, CHUNK lanes at a time. Dot
// products in order of the lanes, and marks of codes that differ may be set in any order: bit-reproducible.
const COUNT: u32 = 1u;  // lanes of a row
const ALL: u32 = 1u;    // directions
const BITS: u32 = 1u;   // bits of a code
const CODES: u32 = 1u;
const WORDS: u32 = 1u;
const TILE: u32 = 64u;
const QUADS: u32 = 16u;  // threads that share the places of a tile
const SHARES: u32 = 8u;
const THREADS: u32 = QUADS * SHARES;
const CHUNK: u32 = min(COUNT, 8u);
const BLOCKS: u32 = (ALL + 3u) / 4u;  // of four directions

struct Params { batch: u32, places: u32, tiles: u32 }
@group(0) @binding(0) var<storage, read> directions: array<Lane>;
@group(0) @binding(1) var<storage, read> q: array<Lane>;
@group(0) @binding(2) var<storage, read> x: array<Lane>;
@group(0) @binding(3) var<storage, read> lengths: array<u32>;
@group(0) @binding(4) var<storage, read_write> matches: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

// The places of a tile, and behind them the target.
var<workgroup> tile: array<array<Lane, TILE + 1u>, CHUNK>;
// Bit j says that code j of a place differs from the target's.
var<workgroup> differing: array<array<atomic<u32>, WORDS>, TILE>;

struct Four { a: Lane, b: Lane, c: Lane, d: Lane }

// Dot products of four places and of the target, each with four directions.
struct Sums { a: Four, b: Four, c: Four, d: Four, own: Four }

// Loads lanes from `lane` on of the tile's places and the target; places past the end are the last one, lanes past it 0.
fn load_tile(b: u32, first: u32, end: u32, lane: u32, thread: u32) {
  for (var i = thread; i < (TILE + 1u) * CHUNK; i += THREADS) {
    let c = min(lane + i % CHUNK, COUNT - 1u);
    let place = i / CHUNK;
    var value = Lane();
    if (place < TILE) { value = x[min(first + place, end - 1u) * COUNT + c]; } else { value = q[b * COUNT + c]; }
    tile[i % CHUNK][place] = select(Lane(), value, lane + i % CHUNK < COUNT);
  }
}

// Past the last direction it is repeated, which marks the same codes again.
fn direction_of(block: u32, i: u32) -> u32 { return min(4u * block + i, ALL - 1u); }

fn extended(sums: Four, value: Lane, by: Four) -> Four {
  return Four(
    fma(value, by.a, sums.a),
    fma(value, by.b, sums.b),
    fma(value, by.c, sums.c),
    fma(value, by.d, sums.d),
  );
}

// Adds the products of lane `first` + c, which is lane c of the tile.
fn added(sums: Sums, c: u32, first: u32, block: u32, quad: u32) -> Sums {
  let lane = min(first + c, COUNT - 1u);
  let by = Four(
    directions[direction_of(block, 0u) * COUNT + lane],
    directions[direction_of(block, 1u) * COUNT + lane],
    directions[direction_of(block, 2u) * COUNT + lane],
    directions[direction_of(block, 3u) * COUNT + lane],
  );
  return Sums(
    extended(sums.a, tile[c][quad], by),
    extended(sums.b, tile[c][quad + QUADS], by),
    extended(sums.c, tile[c][quad + 2u * QUADS], by),
    extended(sums.d, tile[c][quad + 3u * QUADS], by),
    extended(sums.own, tile[c][TILE], by),
  );
}

fn with_chunk(before: Sums, first: u32, block: u32, quad: u32) -> Sums {
  var sums = added(before, 0u, first, block, quad);
  if (CHUNK > 1u) { sums = added(sums, 1u, first, block, quad); }
  if (CHUNK > 2u) { sums = added(sums, 2u, first, block, quad); }
  if (CHUNK > 3u) { sums = added(sums, 3u, first, block, quad); }
  if (CHUNK > 4u) { sums = added(sums, 4u, first, block, quad); }
  if (CHUNK > 5u) { sums = added(sums, 5u, first, block, quad); }
  if (CHUNK > 6u) { sums = added(sums, 6u, first, block, quad); }
  if (CHUNK > 7u) { sums = added(sums, 7u, first, block, quad); }
  return sums;
}

fn mark_of(sum: Lane, own: Lane, i: u32) -> u32 {
  return select(0u, 1u << (i / BITS % 32u), (total(sum) > 0.0) != (total(own) > 0.0));
}

// Four directions from a multiple of four on belong to codes of one word.
fn mark(place: u32, block: u32, sums: Four, own: Four) {
  let near = mark_of(sums.a, own.a, direction_of(block, 0u)) | mark_of(sums.b, own.b, direction_of(block, 1u));
  let far = mark_of(sums.c, own.c, direction_of(block, 2u)) | mark_of(sums.d, own.d, direction_of(block, 3u));
  if ((near | far) != 0u) { atomicOr(&differing[place][4u * block / BITS / 32u], near | far); }
}

fn compare_tile(b: u32, first: u32, end: u32, thread: u32) {
  let quad = thread % QUADS;
  if (COUNT <= CHUNK) { load_tile(b, first, end, 0u, thread); }
  workgroupBarrier();
  for (var turn = 0u; turn < BLOCKS; turn += SHARES) {
    let block = min(turn + thread / QUADS, BLOCKS - 1u);
    var sums = Sums();
    if (COUNT <= CHUNK) { sums = with_chunk(sums, 0u, block, quad); }
    for (var lane = 0u; COUNT > CHUNK && lane < COUNT; lane += CHUNK) {
      workgroupBarrier();
      load_tile(b, first, end, lane, thread);
      workgroupBarrier();
      sums = with_chunk(sums, lane, block, quad);
    }
    mark(quad, block, sums.a, sums.own);
    mark(quad + QUADS, block, sums.b, sums.own);
    mark(quad + 2u * QUADS, block, sums.c, sums.own);
    mark(quad + 3u * QUADS, block, sums.d, sums.own);
  }
  workgroupBarrier();
}

@compute @workgroup_size(THREADS)
fn match_codes(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let at = linear_group(group, groups);
  let b = at / params.tiles;
  if (b >= params.batch) { return; }
  let first = at % params.tiles * TILE;
  let base = b * params.places;
  let length = lengths[b];
  if (first < length) { compare_tile(b, base + first, base + min(first + TILE, length), thread); }
  for (var i = thread; i < TILE * WORDS && first + i / WORDS < params.places; i += THREADS) {
    let t = first + i / WORDS;
    let codes = 0xffffffffu >> (32u - min(CODES - i % WORDS * 32u, 32u));
    let same = codes & ~atomicLoad(&differing[i / WORDS][i % WORDS]);
    matches[(base + t) * WORDS + i % WORDS] = select(0u, same, t < length);
  }
}
