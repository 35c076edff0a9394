// Activation and dropout of one number at a time; the same names as in epilogue4.wgsl, so that a kernel is written once for both widths.
// Needs activation.wgsl and random.wgsl. Indices count single numbers.
alias Lanes = f32;
const WIDTH: u32 = 1u;

fn activate_lanes(z: Lanes) -> Lanes {
  return activate(z);
}

fn slope_lanes(y: Lanes) -> Lanes {
  return activation_slope(y);
}

fn dropout_lanes(index: u32) -> Lanes {
  return dropout_scale(index);
}
