// Which places of a history are there: the history's own, and TARGETS places at the end; no entry points.
// Needs a Params with `places`, the number of all places.
const TARGETS: u32 = 0u;

fn present(t: u32, length: u32) -> bool {
  return t < length || t + TARGETS >= params.places;
}

// The next place that is there behind place t; past the last place when there is none.
fn next_place(t: u32, length: u32) -> u32 {
  return select(t + 1u, max(t + 1u, params.places - TARGETS), t + 1u >= length);
}

fn first_place(length: u32) -> u32 {
  return select(0u, params.places - TARGETS, length == 0u);
}
