// Which places of a history attend to which; no entry points.
//   allows(i, j, length)             whether place i attends to place j
//   sees(i, j, mine, other, length)  the same of two places that are there, by their ranks
// Needs places.wgsl.
// Places count by rank: that of a target is the length of the history, so that targets do not see each other, and one
// more for each target before it where they are ORDERED; the first CONTEXT places have rank 0 and see everything but
// targets. A place sees itself and places of lower rank, or of any other one where CAUSAL is false; with a WINDOW only
// places at most so far below, unless it is one of the last FULL.
const CAUSAL: bool = true;
const ORDERED: bool = false;
const CONTEXT: u32 = 0u;
const WINDOW: u32 = 0u;  // 0: any distance
const FULL: u32 = 0u;

// Rank of the first place behind the history.
fn last_rank(length: u32) -> i32 {
  return i32(length) - max(i32(CONTEXT) - 1, 0);
}

fn rank(t: u32, length: u32) -> i32 {
  if (ORDERED && t + TARGETS >= params.places) { return last_rank(length) + i32(t + TARGETS - params.places); }
  return min(max(i32(t) - max(i32(CONTEXT) - 1, 0), 0), last_rank(length));
}

fn allows(i: u32, j: u32, length: u32) -> bool {
  if (!present(i, length) || !present(j, length)) { return false; }
  return sees(i, j, rank(i, length), rank(j, length), length);
}

fn sees(i: u32, j: u32, mine: i32, other: i32, length: u32) -> bool {
  var allowed = mine > other || (!CAUSAL && mine != other);
  if (WINDOW > 0u) {
    let near = mine - other <= i32(WINDOW);
    allowed = allowed && (near || (FULL > 0u && mine >= last_rank(length) - i32(FULL)));
  }
  allowed = allowed || (CONTEXT > 0u && mine == 0 && other < last_rank(length));
  return allowed || i == j;
}
