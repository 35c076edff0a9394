// The logit of a compressed interaction network from the bilinear form of its last layer and the sums of earlier maps.
//   forward   y[b] = offset + sum_n z[b, n] x0[b, n] + sum_p pooled[b, p] top[p]
//   backward  dz[b, n] = dy[b] x0[b, n];  dx0[b, n] = dy[b] z[b, n];  dpooled[b, p] = dy[b] top[p]
// Shapes: z, x0, dz, dx0 [B, N]; pooled, dpooled [B, P]; top [P]; y, dy [B]; offset [1]; rows in lanes; f32.
// Grid: forward 16 threads per sample, adjacent ones load adjacent lanes; backward one thread per lane of z and pooled.
// Fixed order, no atomics: bit-reproducible.
const LANES: u32 = 1u;   // lanes of N
const POOLED: u32 = 1u;  // lanes of P

struct Params { batch: u32 }
@group(0) @binding(0) var<storage, read> z: array<Lane>;
@group(0) @binding(1) var<storage, read> x0: array<Lane>;
@group(0) @binding(2) var<storage, read> pooled: array<Lane>;
@group(0) @binding(3) var<storage, read> top: array<Lane>;
@group(0) @binding(4) var<storage, read> offset: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dz: array<Lane>;
@group(0) @binding(8) var<storage, read_write> dx0: array<Lane>;
@group(0) @binding(9) var<storage, read_write> dpooled: array<Lane>;
@group(0) @binding(10) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(256)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) id: u32,
) {
  let b = linear_group(group, groups) * 16u + id / 16u;
  var sum = Lane();
  if (b < params.batch) {
    for (var n = id % 16u; n < LANES; n += 16u) { sum += z[b * LANES + n] * x0[b * LANES + n]; }
    for (var p = id % 16u; p < POOLED; p += 16u) { sum += pooled[b * POOLED + p] * top[p]; }
  }
  partial[id] = total(sum);
  workgroupBarrier();
  if (id % 16u != 0u || b >= params.batch) { return; }
  var all = offset[0];
  for (var i = 0u; i < 16u; i++) { all += partial[id + i]; }
  y[b] = all;
}

@compute @workgroup_size(256)
fn backward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) id: u32,
) {
  let i = linear_group(group, groups) * 256u + id;
  let b = i / (LANES + POOLED);
  if (b >= params.batch) { return; }
  let n = i % (LANES + POOLED);
  if (n < LANES) {
    let at = b * LANES + n;
    dz[at] = dy[b] * x0[at];
    dx0[at] = dy[b] * z[at];
  } else {
    dpooled[b * POOLED + n - LANES] = dy[b] * top[n - LANES];
  }
}
