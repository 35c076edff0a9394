// Second half of segment_reduce.wgsl: sums of the runs that cross chunks, from their pieces in `carry`.
//   finish  adds up the pieces of a run, four chunks at a time, in the chunk where the run starts; those of a table beside
//           (segment_beside.wgsl) in the same order.
//   finish_group  the same for GPUs, without a table beside: a workgroup takes GROUP_CHUNKS chunks, and all its threads
//           together the one run that starts there and goes on past them, in a tree that depends on the run's length alone.
// Grid: finish has one invocation per (chunk, SPAN lanes). Fixed order, no atomics.
const GROUP_CHUNKS: u32 = 16u;  // chunks of a workgroup of finish_group

// Whether chunk `chunk` starts with an occurrence of `row`.
fn starts_with(chunk: u32, row: u32, count: u32) -> bool {
  return chunk * CHUNK < count && pairs[min(chunk * CHUNK, count - 1u)].x == row;
}

// Last chunk that starts with `row`, given that `chunk` does: steps are doubled, then halved, for on a GPU the time is that
// of the loads that wait for one another.
fn last_chunk(chunk: u32, row: u32, count: u32) -> u32 {
  var last = chunk;
  var stride = 1u;
  while (starts_with(last + stride, row, count)) {
    last += stride;
    stride *= 2u;
  }
  while (stride > 1u) {
    stride /= 2u;
    if (starts_with(last + stride, row, count)) { last += stride; }
  }
  return last;
}

// A run that crosses the end of the chunk in which it starts.
struct Run {
  row: u32,   // of the shard
  head: u32,  // first position
  last: u32,  // last chunk; the chunk where the run starts if there is no such run
}

// Returns the run that starts in a chunk and crosses its end.
fn crossing_run(chunk: u32) -> Run {
  let none = Run(0u, 0u, chunk);
  let start = chunk * CHUNK;
  let count = step.rows * FIELDS;
  if (start + CHUNK >= count) { return none; }
  // All loaded before any is looked at.
  let row = pairs[start + CHUNK].x;
  let last = pairs[start + CHUNK - 1u].x;
  let before = pairs[max(start, 1u) - 1u].x;
  let number = row - params.first;
  if (number >= params.rows || last != row || (start > 0u && before == row)) { return none; }
  var head = start + CHUNK - 1u;
  while (head > start && pairs[head - 1u].x == row) { head--; }
  return Run(number, head, last_chunk(chunk + 1u, row, count));
}

// Adds the pieces of the chunks first, first + stride, ... up to last, four at a time.
fn add_pieces(first: u32, stride: u32, last: u32, part: u32) {
  let lanes = 2u * CARRY * stride;
  var at = first;
  for (; at + 3u * stride <= last; at += 4u * stride) {
    let piece = carry_at(at, 0u, part);
    for (var j = 0u; j < SPAN; j++) {
      let left = carry[piece + j] + carry[piece + lanes + j];
      sum[j] += left + (carry[piece + 2u * lanes + j] + carry[piece + 3u * lanes + j]);
    }
    if (BESIDE > 0u) {
      let left = carry[piece + SPAN] + carry[piece + lanes + SPAN];
      beside += leading(left + (carry[piece + 2u * lanes + SPAN] + carry[piece + 3u * lanes + SPAN]));
    }
  }
  for (; at <= last; at += stride) {
    let piece = carry_at(at, 0u, part);
    for (var j = 0u; j < SPAN; j++) { sum[j] += carry[piece + j]; }
    if (BESIDE > 0u) { beside += leading(carry[piece + SPAN]); }
  }
}

fn add_opening(chunk: u32, part: u32) {
  let opening = carry_at(chunk, 1u, part);
  for (var j = 0u; j < SPAN; j++) { sum[j] += carry[opening + j]; }
  if (BESIDE > 0u) { beside += leading(carry[opening + SPAN]); }
}

@compute @workgroup_size(64)
fn finish(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let worker = linear_group(group, groups) * 64u + lane;
  let part = worker % (LANES / SPAN);
  let chunk = worker / (LANES / SPAN);
  let run = crossing_run(chunk);
  if (run.last == chunk) { return; }
  clear();
  add_opening(chunk, part);
  add_pieces(chunk + 1u, 1u, run.last, part);
  finish_run(run.row, run.head, part);
}

const THREADS: u32 = 256u;
var<workgroup> tree: array<Lane, THREADS>;
var<workgroup> long_run: vec4u;  // row, head, last chunk and chunk where it starts, if row is one of the shard

@compute @workgroup_size(THREADS)
fn finish_group(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let parts = LANES / SPAN;
  let workers = THREADS / parts;
  let part = thread % parts;
  let worker = thread / parts;
  let first = linear_group(group, groups) * GROUP_CHUNKS;
  if (thread == 0u) { long_run = vec4u(0xffffffffu); }
  workgroupBarrier();
  for (var chunk = first + worker; chunk < first + GROUP_CHUNKS && worker < workers; chunk += workers) {
    let run = crossing_run(chunk);
    if (run.last >= first + GROUP_CHUNKS) {
      if (part == 0u) { long_run = vec4u(run.row, run.head, run.last, chunk); }
    } else if (run.last != chunk) {
      clear();
      add_opening(chunk, part);
      add_pieces(chunk + 1u, 1u, run.last, part);
      finish_run(run.row, run.head, part);
    }
  }
  let run = workgroupUniformLoad(&long_run);
  if (run.x >= params.rows) { return; }
  clear();
  if (worker < workers) { add_pieces(run.w + 1u + worker, workers, run.z, part); }
  for (var j = 0u; j < SPAN; j++) {
    workgroupBarrier();
    tree[thread] = sum[j];
    for (var size = workers; size > 1u;) {
      let half = (size + 1u) / 2u;
      workgroupBarrier();
      if (worker + half < size) { tree[thread] += tree[thread + half * parts]; }
      size = half;
    }
    sum[j] = tree[thread];
  }
  if (worker > 0u) { return; }
  add_opening(run.w, part);
  finish_run(run.x, run.y, part);
}
