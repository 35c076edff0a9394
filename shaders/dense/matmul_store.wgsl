// A store of matmul.wgsl: y = dropout(act(sum + bias)). Needs matmul_bias or matmul_bias_none.
@group(0) @binding(4) var<storage, read_write> y: array<Lanes>;

fn store_lanes(split: u32, at: u32, column: u32, sum: Lanes) {
  y[at] = activate_lanes(sum + bias_of(column)) * dropout_lanes(WIDTH * at);
}
