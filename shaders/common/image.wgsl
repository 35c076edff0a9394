// Where texels of an image lie; no entry points.

fn texel(i: u32) -> vec2u {
  return vec2u(i & 4095u, i >> 12u);
}
