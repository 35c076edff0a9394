// A history cut into slices, for GPUs: a workgroup takes ACROSS lanes of the places of one slice; no entry points.
// Neighboring threads have neighboring lanes of a place, and PARTS threads that share a lane take turns at the places.
// Needs grid.wgsl, laneN.wgsl, slice_join.wgsl, and a Params with `batch`. Grid: a workgroup per row of the batch, slice and ACROSS lanes.
const COUNT: u32 = 1u;   // lanes of a place
const ACROSS: u32 = 1u;  // of them in a workgroup
const PARTS: u32 = 1u;   // a power of two
const SLICE: u32 = 1u;   // places
const SLICES: u32 = 1u;
const BLOCKS: u32 = (COUNT + ACROSS - 1u) / ACROSS;
const THREADS: u32 = ACROSS * PARTS;

var<workgroup> tree: array<Lane, THREADS>;

// What a workgroup works at; the same for all its threads.
struct Slice { b: u32, number: u32, block: u32 }

fn slice_of(group: u32) -> Slice {
  return Slice(group / BLOCKS / SLICES, group / BLOCKS % SLICES, group % BLOCKS);
}

// The lane of a thread, which is none where it is COUNT or more.
fn lane_of(at: Slice, thread: u32) -> u32 { return at.block * ACROSS + thread % ACROSS; }

// The first place of a thread; the others follow PARTS apart.
fn place_of(at: Slice, thread: u32) -> u32 { return at.number * SLICE + thread / ACROSS; }

// Where the result of a slice goes.
fn part_of(at: Slice, c: u32) -> u32 { return (at.b * SLICES + at.number) * COUNT + c; }

// Joins what the threads of a lane have in a tree; the first of them has the result. All threads of the workgroup take part.
fn fold(thread: u32, own: Lane) -> Lane {
  var result = own;
  tree[thread] = result;
  for (var half = PARTS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half * ACROSS) {
      result = join(result, tree[thread + half * ACROSS]);
      tree[thread] = result;
    }
  }
  return result;
}
