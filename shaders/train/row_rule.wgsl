// Applies the optimizer's rule to SPAN lanes of a row whose gradient is in `sum`: all lanes for rules of whole rows.
// Needs optimizer.wgsl, a state file, row_strength.wgsl or _none, and `sum`, `weights`, `params.l2`, STRIDE and SPAN.
override WIDTH: f32 = 1.0;  // D, for the mean over a row

fn apply_rule(number: u32, part: u32, scale: f32) {
  if (is_frozen(number)) { return; }
  let at = number * STRIDE + part * SPAN;
  let l2 = l2_of(number);
  for (var j = 0u; j < SPAN; j++) { sum[j] = limited(scale * (sum[j] + l2 * weights[at + j])); }
  var mean = 0.0;
  if (RULE == ROWWISE_ADAGRAD) {
    for (var j = 0u; j < SPAN; j++) { mean += total(sum[j] * sum[j]) / WIDTH; }
  }
  let row_state = raise_row_state(number, mean);
  if (RULE == LAMB && WIDTH > 1.0) {
    var squares = vec2f();
    for (var j = 0u; j < SPAN; j++) {
      let w = weights[at + j];
      let r = lamb_step(w, sum[j], load_state0(at + j, row_state), load_state1(at + j));
      squares += vec2f(total(w * w), total(r * r));
    }
    trust = trust_ratio(squares);
  }
  for (var j = 0u; j < SPAN; j++) {
    let updated = update_rule(weights[at + j], sum[j], load_state0(at + j, row_state), load_state1(at + j));
    weights[at + j] = shrink(updated.w, SHRINK);
    store_state(at + j, updated);
  }
}
