// Weighted sums over places: the sum over places.x <= t < places.y of factor_of(b, h, t) value_of(b, h, t, c).
// ROW_THREADS threads share a row of the batch. Each lane c of each head h has PARTS of them, which take turns at the
// places; their sums are added in order. Rows that are not `live` are padding of the workgroup.
// Needs laneN.wgsl, THREADS, ROW_THREADS, HEADS, COUNT (lanes of a head), factor_of, value_of, and keep(b, h, c, sum).
const COLUMNS: u32 = HEADS * COUNT;
const SPAN: u32 = min(COLUMNS, ROW_THREADS);
const PARTS: u32 = ROW_THREADS / SPAN;
var<workgroup> sums: array<Lane, THREADS>;

fn pool_columns(b: u32, live: bool, places: vec2u, thread: u32) {
  let part = thread % ROW_THREADS / SPAN;
  for (var base = 0u; base < COLUMNS; base += SPAN) {
    let column = base + thread % ROW_THREADS % SPAN;
    let h = column / COUNT;
    let c = column % COUNT;
    let busy = live && part < PARTS && column < COLUMNS;
    var sum = Lane();
    if (busy) {
      for (var t = places.x + part; t < places.y; t += PARTS) {
        let factor = factor_of(b, h, t);
        if (factor != 0.0) { sum = fma(Lane(factor), value_of(b, h, t, c), sum); }
      }
    }
    if (PARTS > 1u) {
      sums[thread] = sum;
      workgroupBarrier();
      if (busy && part == 0u) { for (var i = 1u; i < PARTS; i++) { sum += sums[thread + i * SPAN]; } }
      workgroupBarrier();
    }
    if (busy && part == 0u) { keep(b, h, c, sum); }
  }
}
