// What threads that share a sample of a normalization have in common, for GPUs.
const THREADS: u32 = 4u;  // of a sample; a power of two, and at least a quarter of its lanes

var<workgroup> shares: array<vec2f, 256>;

// Adds up numbers over the threads of a sample.
fn shared_sum(number: vec2f, lane: u32) -> vec2f {
  shares[lane] = number;
  workgroupBarrier();
  let top = lane / THREADS * THREADS;
  var sum = vec2f();
  for (var i = 0u; i < THREADS; i++) { sum += shares[top + i]; }
  workgroupBarrier();
  return sum;
}

// The lanes of a thread: up to four, of which those from `width` on do not count.
struct Own { sample: u32, first: u32, n: u32, width: u32 }

fn own_of(tile: u32, lane: u32, samples: u32, width: u32) -> Own {
  let sample = min(tile * (256u / THREADS) + lane / THREADS, samples - 1u);
  return Own(sample, sample * width, lane % THREADS, width);
}

fn column_of(own: Own, i: u32) -> u32 {
  return min(own.n + i * THREADS, own.width - 1u);
}

fn counts(own: Own, i: u32) -> bool {
  return own.n + i * THREADS < own.width;
}

struct Four { v0: Lane, v1: Lane, v2: Lane, v3: Lane }

fn total_of(four: Four) -> f32 {
  return total(four.v0 + four.v1 + (four.v2 + four.v3));
}
