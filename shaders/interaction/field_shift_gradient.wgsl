// Gradient by the weights of a convolution over the field axis, for GPUs.
//   parts[s, i J + j, h] = sum x[b, i, m + j - before, d] dz[b, h, m, d]  over the columns (b, m, d) of split s
// where rows of x past its ends are 0. Shapes: x [B, I, N, D], dz [B, H, M, D], D by fours; parts [S, K, H]; f32.
// Grid: 256 threads that share a split; TILES of 4 terms by 8 rows of dz to a workgroup, and 256 / TILES threads to a tile,
// which take columns side by side and are summed by halves. Fixed order, no atomics: bit-reproducible.
const TILES: u32 = 8u;      // tiles of a workgroup, a power of 2
const KERNEL: u32 = 1u;     // J
const OUTS: u32 = 1u;       // H
const TERMS: u32 = 1u;      // K
const STEP: u32 = 1u;       // fours of d
const IN_LANES: u32 = 1u;   // fours of (n, d)
const OUT_LANES: u32 = 1u;  // fours of (m, d)

struct Params { columns: u32, slice: u32, before: u32 }
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dz: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> parts: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const SHARES: u32 = 256u / TILES;        // threads that share a tile
const ACROSS: u32 = (OUTS + 7u) / 8u;    // tiles of the same terms
const DOWN: u32 = (TERMS + 3u) / 4u;
const GROUPS: u32 = (ACROSS * DOWN + TILES - 1u) / TILES;  // workgroups of a split
const CHANNELS: u32 = TERMS / KERNEL;

var<workgroup> shares: array<vec4f, 256>;

// Four rows; named, since registers cannot be indexed in a loop.
struct Four { a: vec4f, b: vec4f, c: vec4f, d: vec4f }

// A term: where its channel begins in a sample of x, and the fours that it is ahead, modulo 2^32.
struct Term { channel: u32, ahead: u32 }

fn term_of(k: u32) -> Term {
  let own = min(k, TERMS - 1u);
  return Term(own / KERNEL * IN_LANES, (own % KERNEL - params.before) * STEP);
}

fn operand(term: Term, sample: u32, lane: u32) -> vec4f {
  let at = lane + term.ahead;
  return select(vec4f(), x[sample * CHANNELS * IN_LANES + term.channel + min(at, IN_LANES - 1u)], at < IN_LANES);
}

fn row_of_dz(place: u32, h: u32) -> vec4f {
  return dz[place + min(h, OUTS - 1u) * OUT_LANES];
}

fn rows_of_dz(place: u32, h: u32) -> Four {
  return Four(row_of_dz(place, h), row_of_dz(place, h + 1u), row_of_dz(place, h + 2u), row_of_dz(place, h + 3u));
}

fn add_dot(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.x, b.x, fma(a.y, b.y, fma(a.z, b.z, fma(a.w, b.w, sum))));
}

fn add_dots(sums: vec4f, p: vec4f, d: Four) -> vec4f {
  return vec4f(
    add_dot(p, d.a, sums.x),
    add_dot(p, d.b, sums.y),
    add_dot(p, d.c, sums.z),
    add_dot(p, d.d, sums.w),
  );
}

// The sum over the threads that share a tile, to the first of them.
fn shared_sum(lane: u32, value: vec4f) -> vec4f {
  workgroupBarrier();
  shares[lane] = value;
  workgroupBarrier();
  for (var half = SHARES / 2u; half > 0u; half /= 2u) {
    if (lane % SHARES < half) { shares[lane] += shares[lane + half]; }
    workgroupBarrier();
  }
  return shares[lane];
}

fn keep(at: u32, h: u32, sum: f32) {
  if (h < OUTS) { parts[at + h] = sum; }
}

fn keep_term(split: u32, k: u32, h: u32, sums: vec4f) {
  if (k >= TERMS) { return; }
  let at = (split * TERMS + k) * OUTS;
  keep(at, h, sums.x);
  keep(at, h + 1u, sums.y);
  keep(at, h + 2u, sums.z);
  keep(at, h + 3u, sums.w);
}

@compute @workgroup_size(256)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let number = linear_group(group, groups);
  let split = number / GROUPS;
  let tile = number % GROUPS * TILES + lane / SHARES;
  let h = tile % ACROSS * 8u;
  let k = tile / ACROSS * 4u;
  let t0 = term_of(k);
  let t1 = term_of(k + 1u);
  let t2 = term_of(k + 2u);
  let t3 = term_of(k + 3u);
  var low0 = vec4f();
  var low1 = vec4f();
  var low2 = vec4f();
  var low3 = vec4f();
  var high0 = vec4f();
  var high1 = vec4f();
  var high2 = vec4f();
  var high3 = vec4f();
  let end = select(0u, min((split + 1u) * params.slice, params.columns), k < TERMS);
  for (var n = split * params.slice + lane % SHARES; n < end; n += SHARES) {
    let sample = n / OUT_LANES;
    let place = n % OUT_LANES;
    let first = sample * OUTS * OUT_LANES + place;
    let p0 = operand(t0, sample, place);
    let p1 = operand(t1, sample, place);
    let p2 = operand(t2, sample, place);
    let p3 = operand(t3, sample, place);
    let low = rows_of_dz(first, h);
    low0 = add_dots(low0, p0, low);
    low1 = add_dots(low1, p1, low);
    low2 = add_dots(low2, p2, low);
    low3 = add_dots(low3, p3, low);
    if (OUTS > 4u) {
      let high = rows_of_dz(first, h + 4u);
      high0 = add_dots(high0, p0, high);
      high1 = add_dots(high1, p1, high);
      high2 = add_dots(high2, p2, high);
      high3 = add_dots(high3, p3, high);
    }
  }
  low0 = shared_sum(lane, low0);
  low1 = shared_sum(lane, low1);
  low2 = shared_sum(lane, low2);
  low3 = shared_sum(lane, low3);
  if (OUTS > 4u) {
    high0 = shared_sum(lane, high0);
    high1 = shared_sum(lane, high1);
    high2 = shared_sum(lane, high2);
    high3 = shared_sum(lane, high3);
  }
  if (lane % SHARES > 0u) { return; }
  keep_term(split, k, h, low0);
  keep_term(split, k + 1u, h, low1);
  keep_term(split, k + 2u, h, low2);
  keep_term(split, k + 3u, h, low3);
  keep_term(split, k, h + 4u, high0);
  keep_term(split, k + 1u, h + 4u, high1);
  keep_term(split, k + 2u, h + 4u, high2);
  keep_term(split, k + 3u, h + 4u, high3);
}
