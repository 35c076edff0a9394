// The places with the largest scores, the newer one among equals.
//   places[b, g, :] = the TOP t < lengths[b] with the largest scores[b, g, t], in order of time, then ABSENT
//   taken_count[b, g] = how many there are
// Needs grid.wgsl and largest.wgsl. Shapes: scores [B, LISTS, L], f32; lengths [B]; taken_count [B, LISTS];
// places [B, LISTS, TOP], u32. A row is one list of scores.
// Grid: one workgroup per ROWS rows, in which PER threads share a row. Memory: scores are read once, and
// again from a cache for each bit. No atomics, integer sums: bit-reproducible. There is no gradient.
const ROWS: u32 = 1u;
const PER: u32 = 1u;
const LISTS: u32 = 1u;
const THREADS: u32 = ROWS * PER;
const ABSENT: u32 = 0xffffffffu;

struct Params { batch: u32, places: u32 }  // batch: B LISTS
@group(0) @binding(0) var<storage, read> scores: array<f32>;
@group(0) @binding(1) var<storage, read> lengths: array<u32>;
@group(0) @binding(2) var<storage, read_write> places: array<u32>;
@group(0) @binding(3) var<storage, read_write> taken_count: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

fn score_at(i: u32) -> f32 { return scores[i]; }

@compute @workgroup_size(THREADS)
fn choose(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let b = linear_group(group, groups) * ROWS + thread / PER;
  let live = b < params.batch;
  let own = thread % PER;
  let row = b * params.places;
  let length = select(0u, lengths[min(b, params.batch - 1u) / LISTS], live);
  let mark = last_taken(Turn(row, own, length), params.places, thread);
  // Each thread writes what is taken of a run of places, behind what the threads before it take.
  let run = (length + PER - 1u) / PER;
  let end = min((own + 1u) * run, length);
  var count = 0u;
  for (var t = own * run; t < end; t++) { count += select(0u, 1u, is_taken(mark, scores[row + t], t)); }
  workgroupBarrier();
  counts[thread] = count;
  workgroupBarrier();
  var to = 0u;
  for (var i = 0u; i < own; i++) { to += counts[thread - own + i]; }
  for (var t = own * run; t < end; t++) {
    if (is_taken(mark, scores[row + t], t)) {
      places[b * TOP + to] = t;
      to++;
    }
  }
  let all = min(length, TOP);
  for (var i = all + own; live && i < TOP; i += PER) { places[b * TOP + i] = ABSENT; }
  if (live && own == 0u) { taken_count[b] = all; }
}
