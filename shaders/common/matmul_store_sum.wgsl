// A store of matmul.wgsl: the sum itself, in splits.
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  let rows = params.m + select(0u, 1u, HAS_COLUMN_SUMS);
  y[split * (rows * params.n / WIDTH) + at] = sum;
}
