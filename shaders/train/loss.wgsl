// Sigmoid and binary cross-entropy, fused with its gradient, and scores.
//   whole    loss = 1/n sum_b l_b,  l_b = max(z,0) - z y + ln(1 + e),  e = exp(-|z|),  n = step.rows
//            dLogits[b] = (sigmoid(z) - y) / n, and 0 for padding rows
//   partial  the same gradient, and the sums of blocks of BLOCK rows; finish adds them up
//   score    scores[step.first + b] = sigmoid(z)
// Shapes: logits, d_logits [B, 1]; labels [B]; sums [ceil(B / BLOCK)]; loss [1]; f32.
// Grid: one workgroup per BLOCK rows. Each lane adds every 256th row, then a tree: bit-reproducible.
// Memory: 12 bytes per row.
struct Params {
  batch: u32,
  blocks: u32,  // ceil(B / BLOCK)
  slots: u32,   // length of the ring of losses, 0 for none
}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<storage, read_write> ring: array<f32>;
@group(0) @binding(6) var<storage, read_write> scores: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const BLOCK: u32 = 4096u;
var<workgroup> tree: array<f32, 256>;

// Leaves the sum over all lanes in tree[0].
fn sum_lanes(value: f32, lane: u32) {
  tree[lane] = value;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
}

// ln(1 + e) for e in [0, 1]; the series keeps the digits that 1 + e rounds away.
fn log1p_unit(e: f32) -> f32 {
  return select(log(1.0 + e), e - 0.5 * e * e, e < 1e-3);
}

// Returns the logit and the label of a row, or of the last one past the end.
fn row_at(b: u32, end: u32) -> vec2f {
  let at = min(b, end - 1u);
  return vec2f(logits[at], labels[at]);
}

// Writes the gradient of a row and returns its loss; 0 for padding rows.
fn row_loss(b: u32, end: u32, row: vec2f, scale: f32) -> f32 {
  if (b >= end) { return 0.0; }
  let z = row.x;
  let y = row.y;
  let e = exp(-abs(z));
  let tail = e / (1.0 + e);
  let gradient = select(tail - y, (1.0 - y) - tail, z >= 0.0) * scale;
  let counts = b < step.rows;
  d_logits[b] = select(0.0, gradient, counts);
  return select(0.0, max(z, 0.0) - z * y + log1p_unit(e), counts);
}

// Writes the gradients of a block's rows and returns the lane's share of their loss. Four rows are loaded before the first
// of them is worked on, so that loads do not wait for one another.
fn lane_loss(block: u32, lane: u32) -> f32 {
  let scale = 1.0 / f32(max(step.rows, 1u));
  let end = min(block * BLOCK + BLOCK, params.batch);
  var sum = 0.0;
  for (var b = block * BLOCK + lane; b < end; b += 1024u) {
    let first = row_at(b, end);
    let second = row_at(b + 256u, end);
    let third = row_at(b + 512u, end);
    let fourth = row_at(b + 768u, end);
    sum += row_loss(b, end, first, scale);
    sum += row_loss(b + 256u, end, second, scale);
    sum += row_loss(b + 512u, end, third, scale);
    sum += row_loss(b + 768u, end, fourth, scale);
  }
  return sum;
}

fn store_loss(sum: f32) {
  let mean = sum / f32(max(step.rows, 1u));
  loss[0] = mean;
  if (step.slot < params.slots) { ring[step.slot] = mean; }
}

@compute @workgroup_size(256)
fn whole(@builtin(local_invocation_index) lane: u32) {
  sum_lanes(lane_loss(0u, lane), lane);
  if (lane == 0u) { store_loss(tree[0]); }
}

@compute @workgroup_size(256)
fn partial(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  sum_lanes(lane_loss(group.x, lane), lane);
  if (lane == 0u) { sums[group.x] = tree[0]; }
}

@compute @workgroup_size(256)
fn finish(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var block = lane; block < params.blocks; block += 256u) { sum += sums[block]; }
  sum_lanes(sum, lane);
  if (lane == 0u) { store_loss(tree[0]); }
}

@compute @workgroup_size(256)
fn score(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_group(group, groups) * 256u + lane;
  if (b >= min(step.rows, params.batch)) { return; }
  let z = logits[b];
  let e = exp(-abs(z));
  scores[step.first + b] = select(e, 1.0, z >= 0.0) / (1.0 + e);
}
