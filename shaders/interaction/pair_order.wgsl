// The order of pairs of fields: (0, 1), (0, 2), ..., (0, F - 1), (1, 2), ... No entry points; needs params.fields.
fn pair_of(i: u32, j: u32) -> u32 {
  return i * (2u * params.fields - i - 1u) / 2u + j - i - 1u;
}

fn pair_count() -> u32 {
  return params.fields * (params.fields - 1u) / 2u;
}

// The pair's fields; the square root may be off by one, so it is only a guess.
fn fields_of(pair: u32) -> vec2u {
  let n = 2u * params.fields - 1u;
  let root = sqrt(max(f32(n * n) - 8.0 * f32(pair), 0.0));
  var i = min(u32(max(f32(n) - root, 0.0) * 0.5), params.fields - 2u);
  while (i > 0u && pair_of(i, i + 1u) > pair) { i--; }
  while (i + 2u < params.fields && pair_of(i + 1u, i + 2u) <= pair) { i++; }
  return vec2u(i, pair - pair_of(i, i + 1u) + i + 1u);
}
