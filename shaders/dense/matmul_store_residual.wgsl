// A store of matmul.wgsl: y = residual + (sum + bias). Needs matmul_bias or matmul_bias_none.
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;
@group(0) @binding(5) var<storage, read> residual: array<Lanes>;

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  y[at] = residual[at] + (sum + bias_of(column));
}
