// A matrix product for each sample, y[b] = op(a[b]) op(b[b]), for GPUs: workgroups hold both factors of a few samples.
// Shapes: y [B, M, N]; a [B, M, K] or [B, K, M]; b [B, K, N] or [B, N, K]; f32.
// Grid: 64 threads per SAMPLES samples, each of which takes tiles of 4 x 4 of y. Rows of a tile are DOWN apart and columns
// ACROSS, so that neighboring threads read and write neighboring numbers. Memory: 16 KiB; rows there have an odd pitch,
// so that they begin in different banks. Fixed order, no atomics.
const SAMPLES: u32 = 1u;
const M: u32 = 1u;
const N: u32 = 1u;
const K: u32 = 1u;
const A_TURNED: bool = false;  // whether a is [B, K, M]
const B_TURNED: bool = false;  // whether b is [B, N, K]

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

const DOWN: u32 = (M + 3u) / 4u;
const ACROSS: u32 = (N + 3u) / 4u;
const A_WIDTH: u32 = select(K, M, A_TURNED);
const B_WIDTH: u32 = select(N, K, B_TURNED);
const A_PITCH: u32 = A_WIDTH | 1u;
const B_PITCH: u32 = B_WIDTH | 1u;
const A_ROW: u32 = select(A_PITCH, 1u, A_TURNED);
const A_INNER: u32 = select(1u, A_PITCH, A_TURNED);
const B_COLUMN: u32 = select(1u, B_PITCH, B_TURNED);
const B_INNER: u32 = select(B_PITCH, 1u, B_TURNED);
const A_SIZE: u32 = M * K / A_WIDTH * A_PITCH;
const B_SIZE: u32 = K * N / B_WIDTH * B_PITCH;
const B_FIRST: u32 = SAMPLES * A_SIZE;

var<workgroup> held: array<f32, 4096>;

fn hold_a(i: u32, count: u32, number: f32) {
  if (i < count) { held[i / A_WIDTH * A_PITCH + i % A_WIDTH] = number; }
}

fn hold_b(i: u32, count: u32, number: f32) {
  if (i < count) { held[B_FIRST + i / B_WIDTH * B_PITCH + i % B_WIDTH] = number; }
}

// Four loads at a time, so that they do not wait for one another.
fn load(first: u32, samples: u32, lane: u32) {
  let a_count = samples * M * K;
  for (var i = lane; i < a_count; i += 256u) {
    let at = first * M * K + i;
    let last = first * M * K + a_count - 1u;
    let x0 = a[at];
    let x1 = a[min(at + 64u, last)];
    let x2 = a[min(at + 128u, last)];
    let x3 = a[min(at + 192u, last)];
    hold_a(i, a_count, x0);
    hold_a(i + 64u, a_count, x1);
    hold_a(i + 128u, a_count, x2);
    hold_a(i + 192u, a_count, x3);
  }
  let b_count = samples * K * N;
  for (var i = lane; i < b_count; i += 256u) {
    let at = first * K * N + i;
    let last = first * K * N + b_count - 1u;
    let x0 = b[at];
    let x1 = b[min(at + 64u, last)];
    let x2 = b[min(at + 128u, last)];
    let x3 = b[min(at + 192u, last)];
    hold_b(i, b_count, x0);
    hold_b(i + 64u, b_count, x1);
    hold_b(i + 128u, b_count, x2);
    hold_b(i + 192u, b_count, x3);
  }
}

fn put(sample: u32, row: u32, column: u32, sum: f32) {
  if (row < M && column < N) { y[(sample * M + row) * N + column] = sum; }
}

fn put_row(sample: u32, row: u32, column: u32, sums: vec4f) {
  put(sample, row, column, sums.x);
  put(sample, row, column + ACROSS, sums.y);
  put(sample, row, column + 2u * ACROSS, sums.z);
  put(sample, row, column + 3u * ACROSS, sums.w);
}

@compute @workgroup_size(64)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = linear_group(group, groups) * SAMPLES;
  let samples = min(SAMPLES, max(params.batch, first) - first);
  load(first, samples, lane);
  workgroupBarrier();
  for (var t = lane; t < samples * DOWN * ACROSS; t += 64u) {
    let sample = t / (DOWN * ACROSS);
    let row = t / ACROSS % DOWN;
    let column = t % ACROSS;
    // Rows and columns past the last are read as the last, and not stored.
    let left = sample * A_SIZE + min(vec4u(row, row + DOWN, row + 2u * DOWN, row + 3u * DOWN), vec4u(M - 1u)) * A_ROW;
    let columns = vec4u(column, column + ACROSS, column + 2u * ACROSS, column + 3u * ACROSS);
    let right = B_FIRST + sample * B_SIZE + min(columns, vec4u(N - 1u)) * B_COLUMN;
    var sum0 = vec4f();
    var sum1 = vec4f();
    var sum2 = vec4f();
    var sum3 = vec4f();
    for (var k = 0u; k < K; k++) {
      let at = right + k * B_INNER;
      let factor = vec4f(held[at.x], held[at.y], held[at.z], held[at.w]);
      let begin = left + k * A_INNER;
      sum0 += held[begin.x] * factor;
      sum1 += held[begin.y] * factor;
      sum2 += held[begin.z] * factor;
      sum3 += held[begin.w] * factor;
    }
    put_row(first + sample, row, column, sum0);
    put_row(first + sample, row + DOWN, column, sum1);
    put_row(first + sample, row + 2u * DOWN, column, sum2);
    put_row(first + sample, row + 3u * DOWN, column, sum3);
  }
}
