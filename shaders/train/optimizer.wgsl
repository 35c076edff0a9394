// Update rules, lane by lane; no bindings. Needs step.wgsl and one of lane1.wgsl, lane2.wgsl, lane4.wgsl.
//   sgd       s0 = MOMENTUM s0 + g; w -= lr (NESTEROV ? g + MOMENTUM s0 : s0), or w -= lr g without momentum
//   adagrad   s0 += g^2; w -= lr g / (sqrt(s0) + EPS)
//   row-wise  s0 has been raised by the mean of g^2 over the row; w -= lr g / (sqrt(s0) + EPS)  (Mudigere et al. 2022)
//   adam      s0 = BETA1 s0 + RATE1 g; s1 = BETA2 s1 + RATE2 g^2; w -= lr c1 s0 / (sqrt(c2 s1) + EPS)  (Kingma, Ba 2015)
//             with DECAY first w -= lr DECAY w  (Loshchilov, Hutter 2019)
//   lazy adam the same moments, of touched rows only; w -= lr c1 / sqrt(c2) s0 / (sqrt(s1) + EPS)
//   ftrl      s1 += lr / LR g - (sqrt(s0 + g^2) - sqrt(s0)) / LR w; s0 += g^2; nothing changes where lr is 0
//             w = |s1| <= L1 ? 0 : -(s1 - sign(s1) L1) / ((BETA + sqrt(s0)) / LR + L2)  (McMahan et al. 2013)
//   lion      w -= lr (sign(BETA1 s0 + RATE1 g) + DECAY w); s0 = BETA2 s0 + RATE2 g  (Chen et al. 2023)
//   rmsprop   s0 = BETA2 s0 + RATE2 g^2; w -= lr g / (sqrt(s0) + EPS)
//   lamb      the moments of adam; r = c1 s0 / (sqrt(c2 s1) + EPS) + DECAY w; w -= lr trust r, with trust the ratio
//             max(|w|, MIN_NORM) / |r| of a row or of a parameter, or 1  (You et al. 2020)
// Before the rule, numbers of the gradient are limited to CLIP_VALUE; after it, L1 draws weights to 0:
//   shrink    w = sign(w) max(|w| - lr l1, 0)
// with c1 = 1 / (1 - BETA1^t), c2 = 1 / (1 - BETA2^t) from the host, RATE1 = 1 - BETA1, RATE2 = 1 - BETA2.
override RULE: u32 = 0u;
override PLACE: u32 = 0u;  // place of the rule's rate and corrections in the step: its own, or one of `others`
override MOMENTUM: f32 = 0.0;
override NESTEROV: bool = false;
override BETA1: f32 = 0.9;
override BETA2: f32 = 0.999;
override RATE1: f32 = 0.1;
override RATE2: f32 = 0.001;
override EPS: f32 = 1e-8;
override DECAY: f32 = 0.0;
override LR: f32 = 1.0;  // rate that the sums of FTRL are kept for; lr is the step's
override BETA: f32 = 1.0;
override L1: f32 = 0.0;
override L2: f32 = 0.0;
override MIN_NORM: f32 = 0.0;    // least norm of weights in LAMB's ratio
override CLIP_VALUE: f32 = 0.0;  // largest number of a gradient, 0 for none
override SHRINK: f32 = 0.0;      // strength of L1 over a table

const SGD: u32 = 0u;
const ADAGRAD: u32 = 1u;
const ROWWISE_ADAGRAD: u32 = 2u;
const ADAM: u32 = 3u;
const LAZY_ADAM: u32 = 4u;
const FTRL: u32 = 5u;
const LION: u32 = 6u;
const RMSPROP: u32 = 7u;
const LAMB: u32 = 8u;

struct Updated { w: Lane, s0: Lane, s1: Lane }

// Rate, c1 and c2 of the rule.
fn rates() -> vec3f {
  if (PLACE == 0u) { return vec3f(step.lr, step.correction1, step.correction2); }
  return step.others[max(PLACE, 1u) - 1u].xyz;
}

// LAMB's ratio of the row or parameter that is updated.
var<private> trust: f32 = 1.0;

// The step that LAMB scales.
fn lamb_step(w: Lane, g: Lane, s0: Lane, s1: Lane) -> Lane {
  let rate = rates();
  let m = BETA1 * s0 + RATE1 * g;
  let v = BETA2 * s1 + RATE2 * g * g;
  return rate.y * m / (sqrt(rate.z * v) + EPS) + DECAY * w;
}

// Returns the ratio of norms from the sums of squares of weights and step.
fn trust_ratio(squares: vec2f) -> f32 {
  let norms = vec2f(max(sqrt(squares.x), MIN_NORM), sqrt(squares.y));
  return select(1.0, norms.x / norms.y, norms.x > 0.0 && norms.y > 0.0);
}

fn limited(g: Lane) -> Lane {
  if (CLIP_VALUE == 0.0) { return g; }
  return clamp(g, Lane() - CLIP_VALUE, Lane() + CLIP_VALUE);
}

fn shrink(w: Lane, l1: f32) -> Lane {
  if (l1 == 0.0) { return w; }
  return sign(w) * max(abs(w) - rates().x * l1, Lane());
}

fn update_rule(w: Lane, g: Lane, s0: Lane, s1: Lane) -> Updated {
  let rate = rates();
  let lr = rate.x;
  if (RULE == ADAGRAD) {
    let sum = s0 + g * g;
    return Updated(w - lr * g / (sqrt(sum) + EPS), sum, s1);
  }
  if (RULE == ROWWISE_ADAGRAD) { return Updated(w - lr * g / (sqrt(s0) + EPS), s0, s1); }
  if (RULE == ADAM || RULE == LAZY_ADAM) {
    let m = BETA1 * s0 + RATE1 * g;
    let v = BETA2 * s1 + RATE2 * g * g;
    let kept = select(w, w - lr * DECAY * w, DECAY > 0.0);
    if (RULE == ADAM) { return Updated(kept - lr * rate.y * m / (sqrt(rate.z * v) + EPS), m, v); }
    return Updated(kept - lr * rate.y / sqrt(rate.z) * m / (sqrt(v) + EPS), m, v);
  }
  if (RULE == LAMB) {
    let moved = w - lr * trust * lamb_step(w, g, s0, s1);
    return Updated(moved, BETA1 * s0 + RATE1 * g, BETA2 * s1 + RATE2 * g * g);
  }
  if (RULE == FTRL) {
    if (lr == 0.0) { return Updated(w, s0, s1); }
    let n = s0 + g * g;
    let z = s1 + lr / LR * g - (sqrt(n) - sqrt(s0)) / LR * w;
    let moved = -(z - sign(z) * L1) / ((BETA + sqrt(n)) / LR + L2);
    return Updated(select(moved, Lane(), abs(z) <= Lane() + L1), n, z);
  }
  if (RULE == LION) {
    let direction = sign(BETA1 * s0 + RATE1 * g);
    return Updated(w - lr * (direction + DECAY * w), BETA2 * s0 + RATE2 * g, s1);
  }
  if (RULE == RMSPROP) {
    let mean = BETA2 * s0 + RATE2 * g * g;
    return Updated(w - lr * g / (sqrt(mean) + EPS), mean, s1);
  }
  if (MOMENTUM == 0.0) { return Updated(w - lr * g, s0, s1); }
  let velocity = MOMENTUM * s0 + g;
  return Updated(w - lr * select(velocity, g + MOMENTUM * velocity, NESTEROV), velocity, s1);
}
