// The gradient where two logits learn from the labels as far as each is behind their mean (Tri-BCE of Li et al.,
// arXiv:2407.13349).
//   gaps      gap[0] = max(L(a) - L(y), 0), gap[1] likewise for b, with L(z) = 1/n sum_b w_b l(z_b, label_b), gap[2] = 1/n;
//             term = gap[0] L(a) + gap[1] L(b).  w is the row's weight, and 0 where the label is unknown (< 0); n = sum_b w_b
//   gradient  da = dy / 2 + gap[0] w (sigmoid(a) - label) / n, likewise db; gaps count as constants
// Needs logit_mean.wgsl. Shapes: targets [2, B], labels and then the row's weight; gap, factors [3]; term [1]; f32.
// Grid: one invocation per row; gaps one workgroup, whose threads add every 256th row and then their sums in a fixed tree:
// bit-reproducible.
@group(0) @binding(7) var<storage, read_write> gap: array<f32>;
@group(0) @binding(8) var<storage, read> factors: array<f32>;  // gap, as the gradient reads it
@group(0) @binding(9) var<storage, read> targets: array<f32>;
@group(0) @binding(10) var<storage, read_write> term: array<f32>;

var<workgroup> partial: array<vec4f, 256>;

// What a row's label counts for: nothing when it is unknown.
fn weight_of(i: u32) -> f32 {
  return select(0.0, targets[params.batch + i], targets[i] >= 0.0);
}

@compute @workgroup_size(256)
fn gaps(@builtin(local_invocation_index) lane: u32) {
  var sum = vec4f();
  for (var i = lane; i < params.batch; i += 256u) {
    let weight = weight_of(i);
    let label = targets[i];
    let whole = cross_entropy(0.5 * (a[i] + b[i]), label);
    let behind = vec2f(cross_entropy(a[i], label), cross_entropy(b[i], label)) - whole;
    if (weight > 0.0) { sum += weight * vec4f(behind, whole, 1.0); }
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane > 0u) { return; }
  let known = partial[0].w;
  let share = select(0.0, 1.0 / known, known > 0.0);
  let behind = share * partial[0].xy;
  let factor = max(behind, vec2f());
  gap[0] = factor.x;
  gap[1] = factor.y;
  gap[2] = share;
  term[0] = dot(factor, behind + share * partial[0].z);
}

@compute @workgroup_size(64)
fn gradient(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_group(group, groups) * 64u + lane;
  if (i >= params.batch) { return; }
  let weight = weight_of(i);
  let share = factors[2] * weight;
  let slopes = share * (vec2f(sigmoid(a[i]), sigmoid(b[i])) - targets[i]);
  let own = select(vec2f(), vec2f(factors[0], factors[1]) * slopes, weight > 0.0);
  da[i] = 0.5 * dy[i] + own.x;
  db[i] = 0.5 * dy[i] + own.y;
}
