// Activation and dropout of four numbers at a time; the same names as in epilogue1.wgsl, so that a kernel is written once for both widths.
// Needs activation.wgsl and random.wgsl. Indices count single numbers.
alias Lanes = vec4f;
const WIDTH: u32 = 4u;

fn activate_lanes(z: Lanes) -> Lanes {
  return Lanes(activate(z.x), activate(z.y), activate(z.z), activate(z.w));
}

fn slope_lanes(y: Lanes) -> Lanes {
  return Lanes(activation_slope(y.x), activation_slope(y.y), activation_slope(y.z), activation_slope(y.w));
}

fn dropout_lanes(index: u32) -> Lanes {
  if (DROPOUT == 0.0) { return Lanes(1.0); }
  return Lanes(
    dropout_scale(index),
    dropout_scale(index + 1u),
    dropout_scale(index + 2u),
    dropout_scale(index + 3u),
  );
}
