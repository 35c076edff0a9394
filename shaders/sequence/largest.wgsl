// Finds the last of the TOP best places of a row: the larger score is better, and the newer place among equal scores.
// Goes by bits, first of the scores' keys, then of the places, and counts in each round what is at least as good.
// PER threads share a row, and each looks only at places that it may read without a barrier: no atomics, integer sums.
// Needs THREADS, PER, and score_at(i), the i-th of all scores.
const TOP: u32 = 0u;  // places to be taken; all where a row has no more
var<workgroup> counts: array<u32, 2u * THREADS>;

// The last place that is taken.
struct Mark {
  key: u32,
  place: u32,
}

// Places of a row that a thread looks at: first, first + PER, .. below end.
struct Turn {
  row: u32,  // number of the row's first score
  first: u32,
  end: u32,
}

// Orders as scores do; 0 and -0 are equal.
fn key_of(score: f32) -> u32 {
  let bits = bitcast<u32>(score);
  let key = select(bits | 0x80000000u, ~bits, bits >= 0x80000000u);
  return select(key, 0x80000000u, score == 0.0);
}

fn is_taken(mark: Mark, score: f32, t: u32) -> bool {
  let key = key_of(score);
  return key > mark.key || (key == mark.key && t >= mark.place);
}

fn last_taken(turn: Turn, places: u32, thread: u32) -> Mark {
  var mark = Mark(0u, 0u);
  let bits = 32u - countLeadingZeros(places);
  for (var round = 0u; round < 32u + bits; round++) {
    var next = mark;
    if (round < 32u) { next.key |= 0x80000000u >> round; } else { next.place |= 1u << (31u + bits - round); }
    var count = 0u;
    for (var t = turn.first; t < turn.end; t += PER) {
      count += select(0u, 1u, is_taken(next, score_at(turn.row + t), t));
    }
    if (row_count(count, (round & 1u) * THREADS, thread) >= TOP) { mark = next; }
  }
  return mark;
}

// Sums over the threads of a row; calls that take turns at two halves of the memory need one barrier each.
fn row_count(own: u32, half: u32, thread: u32) -> u32 {
  if (PER == 1u) { return own; }
  counts[half + thread] = own;
  workgroupBarrier();
  let first = half + thread - thread % PER;
  var all = 0u;
  for (var i = 0u; i < PER; i++) { all += counts[first + i]; }
  return all;
}
