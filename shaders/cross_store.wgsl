// What becomes of a sum of matmul.wgsl in a matrix cross layer, where a holds x [M, N] and b is square:
//   z = sum + bias;  y = x0 z + x
// The product z is kept where the gradient needs it.
override KEEPS_PRODUCT: bool = true;

@group(0) @binding(5) var<storage, read> x0: array<f32>;
@group(0) @binding(6) var<storage, read_write> product_out: array<f32>;

fn store(slice: u32, m: u32, n: u32, sum: f32) {
  if (m >= params.m || n >= params.n) { return; }
  let z = sum + bias[n];
  let at = m * params.y_stride + n;
  if (KEEPS_PRODUCT) { product_out[at] = z; }
  y[at] = x0[at] * z + a[at];
}
