// Stores of matmul.wgsl where a row does not divide into fours: one number at a time. Needs epilogue1.wgsl and a part that
// declares store_lanes.
fn store(split: u32, m: u32, n: u32, sum: vec4f) {
  let at = m * params.n + n;
  store_lanes(split, at, n, sum.x);
  if (n + 1u < params.n) { store_lanes(split, at + 1u, n + 1u, sum.y); }
  if (n + 2u < params.n) { store_lanes(split, at + 2u, n + 2u, sum.z); }
  if (n + 3u < params.n) { store_lanes(split, at + 3u, n + 3u, sum.w); }
}
