// Loss of the labels of T tasks, fused with its gradient, and scores.
//   whole    loss = sum_t term_t(L_t),  L_t = 1/n_t sum_b w_bt l(z_bt, y_bt),  n_t = sum_b w_bt,
//            y = KEPT label + ADDED;  w is the row's weight, and 0 where the label is unknown (< 0)
//            dLogits[b, t] = task_weight_t w_bt dl/dz / n_t
//            With BY_ROWS, n_t is the weight of all rows instead, whether their label is known or not.
//   weigh    n_t; partial: the same gradient, and the sums of blocks of BLOCK rows; finish adds them up
//   score    scores[T step.first + i] = sigmoid(z_i), or z_i where labels are numbers
//   score_and_keep  the same, and z_i at the same place of kept_logits
// Needs label_cross_entropy.wgsl, label_balanced.wgsl, label_focal.wgsl, label_squared.wgsl or label_given.wgsl, which
// say what l is, task_none.wgsl, task_scaled.wgsl, task_fixed.wgsl or task_learned.wgsl, which say how the tasks are
// weighted, and terms_none.wgsl or terms_one.wgsl, which say what the loss has besides.
// Shapes: logits, d_logits [B, T]; targets [T + 1, B] or more, labels and then the row's weight; sums [T, ceil(B / BLOCK)];
// weights [T]; loss [1]; f32.
// Grid: one workgroup (whole, finish), one per task (weigh), or one per BLOCK rows and task (partial). Each lane adds every
// 256th row, then a tree: bit-reproducible.
// Memory: 20 bytes per row and task.
struct Params {
  batch: u32,
  tasks: u32,   // T
  blocks: u32,  // ceil(B / BLOCK)
  slots: u32,   // length of the ring of losses, 0 for none
}
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<f32>;
@group(0) @binding(2) var<storage, read_write> d_logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> loss: array<f32>;
@group(0) @binding(6) var<storage, read_write> ring: array<f32>;
@group(0) @binding(7) var<storage, read_write> scores: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;
@group(0) @binding(12) var<storage, read_write> kept_logits: array<f32>;

const BLOCK: u32 = 4096u;
// Whether rows differ in weight, or labels can be unknown; without it all labels of valid rows count 1.
const WEIGHTED: bool = true;
// Whether the weights of all rows are a task's divisor, or those of its known labels.
const BY_ROWS: bool = false;
// Whether labels are any numbers, all of them known, and scores are the logits themselves.
const REAL: bool = false;
// What becomes of a label: KEPT of it, and ADDED.
const KEPT: f32 = 1.0;
const ADDED: f32 = 0.0;
var<workgroup> tree: array<f32, 256>;

// Returns the sum over all lanes.
fn sum_lanes(value: f32, lane: u32) -> f32 {
  tree[lane] = value;
  for (var half = 128u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { tree[lane] += tree[lane + half]; }
  }
  workgroupBarrier();
  let sum = tree[0];
  workgroupBarrier();
  return sum;
}

// ln(1 + e) for e in [0, 1]; the series keeps the digits that 1 + e rounds away.
fn log1p_unit(e: f32) -> f32 {
  return select(log(1.0 + e), e - 0.5 * e * e, e < 1e-3);
}

// What a row's label counts for: nothing when it is unknown.
fn label_weight(label: f32, b: u32) -> f32 {
  return select(0.0, targets[params.tasks * params.batch + b], REAL || label >= 0.0);
}

// The weight that a task's sum is divided by.
fn known_weight(task: u32, lane: u32) -> f32 {
  if (!WEIGHTED) { return f32(step.rows); }
  var sum = 0.0;
  for (var b = lane; b < params.batch; b += 256u) {
    sum += label_weight(select(targets[task * params.batch + b], 0.0, BY_ROWS), b);
  }
  return sum_lanes(sum, lane);
}

// Returns logit, label and weight of a row, or of the last one past the end.
fn row_at(b: u32, end: u32, task: u32) -> vec3f {
  let at = min(b, end - 1u);
  let label = targets[task * params.batch + at];
  return vec3f(logits[at * params.tasks + task], KEPT * label + ADDED, label_weight(label, at));
}

// Writes the gradient of a row and returns its weighted loss; 0 for rows that count for nothing.
fn row_loss(b: u32, end: u32, task: u32, row: vec3f, scale: f32) -> f32 {
  if (b >= end) { return 0.0; }
  let loss = label_loss(row.x, row.y, exp(-abs(row.x)));
  let counts = row.z > 0.0;
  d_logits[b * params.tasks + task] = select(0.0, loss.y * scale * row.z, counts);
  return select(0.0, loss.x * row.z, counts);
}

// Writes the gradients of a block's rows and returns the lane's share of their loss. Four rows are loaded before the first
// of them is worked on, so that loads do not wait for one another.
fn lane_loss(block: u32, lane: u32, task: u32, known: f32) -> f32 {
  let scale = select(0.0, 1.0 / known, known > 0.0) * task_weight(task);
  let end = min(block * BLOCK + BLOCK, params.batch);
  var sum = 0.0;
  for (var b = block * BLOCK + lane; b < end; b += 1024u) {
    let first = row_at(b, end, task);
    let second = row_at(b + 256u, end, task);
    let third = row_at(b + 512u, end, task);
    let fourth = row_at(b + 768u, end, task);
    sum += row_loss(b, end, task, first, scale);
    sum += row_loss(b + 256u, end, task, second, scale);
    sum += row_loss(b + 512u, end, task, third, scale);
    sum += row_loss(b + 768u, end, task, fourth, scale);
  }
  return sum;
}

fn store_loss(of_labels: f32) {
  let value = of_labels + added_terms();
  loss[0] = value;
  if (step.slot < params.slots) { ring[step.slot] = value; }
}

@compute @workgroup_size(256)
fn whole(@builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var task = 0u; task < params.tasks; task++) {
    let known = known_weight(task, lane);
    let sum = sum_lanes(lane_loss(0u, lane, task, known), lane);
    if (lane == 0u) { total += task_term(task, sum, known); }
  }
  if (lane == 0u) { store_loss(total); }
}

@compute @workgroup_size(256)
fn weigh(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let known = known_weight(group.x, lane);
  if (lane == 0u) { weights[group.x] = known; }
}

@compute @workgroup_size(256)
fn partial(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let sum = sum_lanes(lane_loss(group.x, lane, group.y, weights[group.y]), lane);
  if (lane == 0u) { sums[group.y * params.blocks + group.x] = sum; }
}

@compute @workgroup_size(256)
fn finish(@builtin(local_invocation_index) lane: u32) {
  var total = 0.0;
  for (var task = 0u; task < params.tasks; task++) {
    var part = 0.0;
    for (var block = lane; block < params.blocks; block += 256u) { part += sums[task * params.blocks + block]; }
    let sum = sum_lanes(part, lane);
    if (lane == 0u) { total += task_term(task, sum, weights[task]); }
  }
  if (lane == 0u) { store_loss(total); }
}

// A logit that is no finite number has the probability 2, by which the reader knows it: of NaN drivers make what they like.
fn probability(z: f32) -> f32 {
  if (REAL) { return z; }
  if (!(abs(z) <= 0x1.fffffep+127f)) { return 2.0; }
  let e = exp(-abs(z));
  return select(e, 1.0, z >= 0.0) / (1.0 + e);
}

@compute @workgroup_size(256)
fn score(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= min(step.rows, params.batch) * params.tasks) { return; }
  scores[step.first * params.tasks + i] = probability(logits[i]);
}

@compute @workgroup_size(256)
fn score_and_keep(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 256u + lane;
  if (i >= min(step.rows, params.batch) * params.tasks) { return; }
  scores[step.first * params.tasks + i] = probability(logits[i]);
  kept_logits[step.first * params.tasks + i] = logits[i];
}
