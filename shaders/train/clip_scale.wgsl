// Factor that brings the norm of all gradients below its limit.
@group(0) @binding(12) var<storage, read> clip: array<f32>;

fn clip_scale() -> f32 {
  return clip[0];
}
