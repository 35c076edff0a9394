// A store of matmul.wgsl in a matrix cross layer, where a holds x [M, N] and b is square:
//   z = sum + bias;  y = x0 z + x
// The product z is kept where the gradient needs it.
override KEEPS_PRODUCT: bool = true;
@group(0) @binding(3) var<storage, read> bias: array<Lanes>;
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(5) var<storage, read> x0: array<Lanes>;
@group(0) @binding(6) var<storage, read_write> product_out: array<Lanes>;

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  let z = sum + bias[column];
  if (KEEPS_PRODUCT) { product_out[at] = z; }
  y[at] = x0[at] * z + a[at];
}
