// Vector cross network (Wang et al., ADKDD 2017, equation 3): x_{l+1} = x0 (x_l . w_l) + b_l + x_l, all layers at once.
//   x_l = alpha_l x0 + beta_l;  beta_l = sum_{j<l} b_j;  p_l = x0 . w_l;  c_l = beta_l . w_l
//   alpha_0 = 1;  alpha_{l+1} = alpha_l (1 + p_l) + c_l
//   prepare   c [L], beta_L [N]
//   forward   p [B, L], y = alpha_L x0 + beta_L
// Shapes: x0, y [B, N]; w, bias [L, N]; p [B, L]; rows in lanes; f32.
// Grid: prepare one workgroup; forward SAMPLES samples an invocation, for software adapters; forward_group one
// workgroup a sample. Memory: x0 twice and y, against L times as much layer by layer. Fixed order everywhere:
// bit-reproducible.
const LAYERS: u32 = 1u;
const LANES: u32 = 1u;

struct Params { batch: u32, slice: u32, slices: u32 }
@group(0) @binding(0) var<storage, read> x0: array<Lane>;
@group(0) @binding(1) var<storage, read> w: array<Lane>;
@group(0) @binding(2) var<storage, read> bias: array<Lane>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> beta: array<Lane>;
@group(0) @binding(5) var<storage, read> shift: array<f32>;       // c, read
@group(0) @binding(6) var<storage, read> last_beta: array<Lane>;  // beta, read
@group(0) @binding(7) var<storage, read_write> p: array<f32>;
@group(0) @binding(8) var<storage, read_write> y: array<Lane>;
@group(0) @binding(9) var<uniform> params: Params;

const SAMPLES: u32 = 4u;

@compute @workgroup_size(64)
fn prepare(@builtin(local_invocation_index) lane: u32) {
  for (var n = lane; n < LANES; n += 64u) { beta[n] = Lane(); }
  for (var l = 0u; l < LAYERS; l++) {
    var sum = 0.0;
    for (var n = lane; n < LANES; n += 64u) {
      let at = l * LANES + n;
      sum += total(beta[n] * w[at]);
      beta[n] += bias[at];
    }
    let whole = folded(lane, sum);
    if (lane == 0u) { c[l] = whole; }
  }
}

@compute @workgroup_size(64)
fn forward(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (linear_group(group, groups) * 64u + lane) * SAMPLES;
  if (first >= params.batch) { return; }
  let last = params.batch - 1u;
  let b = min(vec4u(first, first + 1u, first + 2u, first + 3u), vec4u(last));
  let at = b * LANES;
  var alpha = vec4f(1.0);
  for (var l = 0u; l < LAYERS; l += 2u) {
    let next = min(l + 1u, LAYERS - 1u);
    var p0 = vec4f();
    var p1 = vec4f();
    for (var n = 0u; n < LANES; n++) {
      let xa = x0[at.x + n];
      let xb = x0[at.y + n];
      let xc = x0[at.z + n];
      let xd = x0[at.w + n];
      let wa = w[l * LANES + n];
      let wb = w[next * LANES + n];
      p0 += vec4f(total(xa * wa), total(xb * wa), total(xc * wa), total(xd * wa));
      p1 += vec4f(total(xa * wb), total(xb * wb), total(xc * wb), total(xd * wb));
    }
    save_dots(b, l, p0);
    alpha += alpha * p0 + shift[l];
    if (l + 1u < LAYERS) {
      save_dots(b, l + 1u, p1);
      alpha += alpha * p1 + shift[l + 1u];
    }
  }
  for (var n = 0u; n < LANES; n++) {
    let added = last_beta[n];
    y[at.x + n] = alpha.x * x0[at.x + n] + added;
    y[at.y + n] = alpha.y * x0[at.y + n] + added;
    y[at.z + n] = alpha.z * x0[at.z + n] + added;
    y[at.w + n] = alpha.w * x0[at.w + n] + added;
  }
}

fn save_dots(b: vec4u, l: u32, value: vec4f) {
  p[b.x * LAYERS + l] = value.x;
  p[b.y * LAYERS + l] = value.y;
  p[b.z * LAYERS + l] = value.z;
  p[b.w * LAYERS + l] = value.w;
}

@compute @workgroup_size(64)
fn forward_group(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = min(linear_group(group, groups), params.batch - 1u);
  var alpha = 1.0;
  for (var l = 0u; l < LAYERS; l++) {
    var sum = 0.0;
    for (var n = lane; n < LANES; n += 64u) { sum += total(x0[b * LANES + n] * w[l * LANES + n]); }
    let dot = folded(lane, sum);
    if (lane == 0u) { p[b * LAYERS + l] = dot; }
    alpha += alpha * dot + shift[l];
  }
  for (var n = lane; n < LANES; n += 64u) { y[b * LANES + n] = alpha * x0[b * LANES + n] + last_beta[n]; }
}
