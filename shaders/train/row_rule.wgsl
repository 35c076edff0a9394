// Applies the optimizer's rule to SPAN lanes of a row whose gradient is in `sum`.
// Needs optimizer.wgsl, a state file, row_strength.wgsl or _none, and `sum`, `weights`, `params.l2`, STRIDE and SPAN.
override WIDTH: f32 = 1.0;  // D, for the mean over a row

fn apply_rule(number: u32, part: u32, scale: f32) {
  if (is_frozen(number)) { return; }
  let at = number * STRIDE + part * SPAN;
  let l2 = l2_of(number);
  for (var j = 0u; j < SPAN; j++) { sum[j] = scale * (sum[j] + l2 * weights[at + j]); }
  var mean = 0.0;
  if (RULE == ROWWISE_ADAGRAD) {
    for (var j = 0u; j < SPAN; j++) { mean += total(sum[j] * sum[j]) / WIDTH; }
  }
  let row_state = raise_row_state(number, mean);
  for (var j = 0u; j < SPAN; j++) {
    let updated = update_rule(weights[at + j], sum[j], load_state0(at + j, row_state), load_state1(at + j));
    weights[at + j] = updated.w;
    store_state(at + j, updated);
  }
}
